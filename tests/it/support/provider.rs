//! A provider of OpenID Connect that says what a test wants it to say, also what no honest one would. It answers
//! on a port of its own; the browser's way through its log-in is `grant`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use url::Url;

/// What it calls the installation, and the secret it gave.
pub const CLIENT: (&str, &str) = ("mandant", "s3cret: ä&%");

/// How an id token is made.
#[derive(Clone, Debug)]
pub enum How {
    /// As it should be.
    Well,
    /// With these claims instead of its own.
    With(Value),
    /// Without a signature, which it says.
    Unsigned,
    /// Signed with the client's secret, or anything else that others know.
    Shared(Vec<u8>),
    /// Signed with a key that is not the provider's.
    ByAnother,
    /// Well, but changed after it was signed.
    Changed,
}

struct Grant {
    query: HashMap<String, String>,
    claims: Value,
    how: How,
}

#[derive(Default)]
struct Inner {
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Value>,
    /// Whether its answers name it.
    names_itself: bool,
    /// Another issuer in the discovery document.
    calls_itself: Option<String>,
    /// Where browsers log in, if elsewhere.
    authorize: Option<String>,
}

/// The provider.
#[derive(Clone)]
pub struct Fake {
    /// Its issuer.
    pub url: String,
    key: Arc<EcdsaKeyPair>,
    other: Arc<EcdsaKeyPair>,
    inner: Arc<Mutex<Inner>>,
}

fn new_key() -> Arc<EcdsaKeyPair> {
    let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    Arc::new(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
}

impl Fake {
    /// Listening.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            key: new_key(),
            other: new_key(),
            inner: Arc::default(),
        };
        let served = fake.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let served = served.clone();
                thread::spawn(move || served.answer(&stream.unwrap()));
            }
        });
        fake
    }

    /// From now on its answers name it.
    pub fn name_itself(&self) {
        self.inner.lock().unwrap().names_itself = true;
    }

    /// From now on its document says that it is another.
    pub fn call_itself(&self, issuer: &str) {
        self.inner.lock().unwrap().calls_itself = Some(issuer.into());
    }

    /// From now on its document sends browsers there.
    pub fn send_browsers(&self, url: &str) {
        self.inner.lock().unwrap().authorize = Some(url.into());
    }

    /// Somebody logs in where `location` sent his browser: where it is sent back to, on this site.
    pub fn grant(&self, location: &str, claims: &Value) -> String {
        self.grant_as(location, claims, How::Well)
    }

    /// The same with an id token made like this.
    pub fn grant_as(&self, location: &str, claims: &Value, how: How) -> String {
        let url = Url::parse(location).unwrap();
        assert!(
            location.starts_with(&format!("{}/authorize?", self.url)),
            "{location}"
        );
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT.0);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let back = Url::parse(&query["redirect_uri"]).unwrap();
        let code = format!("code-{}", query["state"]);
        let state = query["state"].clone();
        let mut inner = self.inner.lock().unwrap();
        let claims = claims.clone();
        inner
            .codes
            .insert(code.clone(), Grant { query, claims, how });
        let iss = if inner.names_itself {
            format!("&iss={}", self.url)
        } else {
            String::new()
        };
        format!("{}?code={code}&state={state}{iss}", back.path())
    }

    fn answer(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => authorization = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let (status, answer) = match path.as_str() {
            "/.well-known/openid-configuration" => (200, self.document()),
            "/jwks" => (200, self.keys()),
            "/token" => self.token(&authorization, &body),
            "/userinfo" => self.userinfo(&authorization),
            _ => (404, json!({})),
        };
        let text = answer.to_string();
        let mut stream = stream;
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
            text.len()
        );
    }

    fn document(&self) -> Value {
        let (at, inner) = (&self.url, self.inner.lock().unwrap());
        json!({
            "issuer": inner.calls_itself.as_ref().unwrap_or(at),
            "authorization_endpoint": inner.authorize.clone().unwrap_or_else(|| format!("{at}/authorize")),
            "token_endpoint": format!("{at}/token"), "userinfo_endpoint": format!("{at}/userinfo"),
            "jwks_uri": format!("{at}/jwks"), "end_session_endpoint": format!("{at}/end"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": inner.names_itself,
        })
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one",
            "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..65]),
        }] })
    }

    /// The public key as everybody can have it.
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public_key().as_ref().to_vec()
    }

    fn token(&self, authorization: &str, body: &[u8]) -> (u16, Value) {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        let escape =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = base64::prelude::BASE64_STANDARD.encode(format!(
            "{}:{}",
            escape(CLIENT.0),
            escape(CLIENT.1)
        ));
        if authorization != format!("Basic {basic}") {
            return (401, json!({ "error": "invalid_client" }));
        }
        let Some(grant) = self.inner.lock().unwrap().codes.remove(&form["code"]) else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        let challenge = B64.encode(Sha256::digest(form["code_verifier"].as_bytes()));
        if challenge != grant.query["code_challenge"]
            || form["redirect_uri"] != grant.query["redirect_uri"]
        {
            return (400, json!({ "error": "invalid_grant" }));
        }
        let now = mandant::clock::now().timestamp();
        let mut claims = json!({
            "iss": self.url, "aud": CLIENT.0, "nonce": grant.query["nonce"], "iat": now, "exp": now + 300,
            "auth_time": now, "sub": grant.claims["sub"],
        });
        if let How::With(Value::Object(others)) = &grant.how {
            for (name, value) in others {
                claims[name] = value.clone();
            }
        }
        let access = format!("access-{}", grant.query["state"]);
        self.inner
            .lock()
            .unwrap()
            .tokens
            .insert(access.clone(), grant.claims);
        let token = self.sign(&claims, &grant.how);
        (
            200,
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token }),
        )
    }

    fn sign(&self, claims: &Value, how: &How) -> String {
        let algorithm = match how {
            How::Unsigned => "none",
            How::Shared(_) => "HS256",
            _ => "ES256",
        };
        let part = |value: &Value| B64.encode(value.to_string());
        let header = json!({ "alg": algorithm, "kid": "one", "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(claims));
        let by = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            B64.encode(signature.as_ref())
        };
        match how {
            How::Unsigned => format!("{signed}."),
            How::Shared(secret) => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
                format!(
                    "{signed}.{}",
                    B64.encode(ring::hmac::sign(&key, signed.as_bytes()))
                )
            }
            How::ByAnother => format!("{signed}.{}", by(&self.other)),
            How::Changed => {
                let mut other = claims.clone();
                other["sub"] = json!("somebody-else");
                format!("{}.{}.{}", part(&header), part(&other), by(&self.key))
            }
            How::Well | How::With(_) => format!("{signed}.{}", by(&self.key)),
        }
    }

    fn userinfo(&self, authorization: &str) -> (u16, Value) {
        let token = authorization.trim_start_matches("Bearer ");
        match self.inner.lock().unwrap().tokens.get(token) {
            Some(claims) => (200, claims.clone()),
            None => (401, json!({ "error": "invalid_token" })),
        }
    }
}
