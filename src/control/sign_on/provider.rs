//! Talking with a provider: discovery, the way to its log-in, and what its answer says about who logged in. All
//! of it waits for the network: callers run these on a thread that may wait.

use super::SignOn;
use super::outgoing::{Fault, Outgoing};
use crate::clock;
use crate::error::{AppError, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType,
    CoreClient, CoreClientAuthMethod, CoreGenderClaim, CoreGrantType, CoreIdToken,
    CoreIdTokenClaims, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AdditionalProviderMetadata, AuthType,
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, LoginHint, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope, SubjectIdentifier,
    TokenResponse, UserInfoClaims,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;

/// How far a provider's clock may be off, in seconds.
const SKEW: i64 = 60;
/// What id tokens may be signed with: keys of which only the provider has the secret half. `none` and keys that
/// this installation shares are not among them.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a discovery document says beside the core of the standard.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Further {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<Url>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// All claims of an answer, whatever they are.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct AnyClaims {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}
impl AdditionalClaims for AnyClaims {}

/// A provider as its discovery document describes it.
pub struct Provider<'o> {
    outgoing: &'o Outgoing,
    metadata: Metadata,
}

/// What goes to the provider and is remembered until it answers.
#[derive(Debug)]
pub struct Secrets {
    /// Names the log-in.
    pub state: String,
    /// Comes back within the id token.
    pub nonce: String,
    /// Of PKCE: shows at the end that it is who began.
    pub verifier: String,
}

/// Who logged in, as the provider says.
#[derive(Debug)]
pub struct Identity {
    /// By whom.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// All that it says of him.
    pub claims: Map<String, Value>,
    /// The id token itself, which log-out names.
    pub token: String,
    /// When he showed the provider who he is, if it says so.
    pub proved_at: Option<i64>,
    /// Where log-out goes, if the provider offers that.
    pub end: Option<Url>,
}

impl Identity {
    /// His address, if the provider names one, and whether it says that it is his. Silence about that is no yes.
    pub fn email(&self) -> Option<(String, bool)> {
        let email = self.claims.get("email")?.as_str()?;
        let said = self.claims.get("email_verified");
        let verified =
            matches!(said, Some(Value::Bool(true))) || said.and_then(Value::as_str) == Some("true");
        let email = crate::control::users::normalise_email(email).ok()?;
        Some((email, verified))
    }

    /// Whether the provider says outright that the address is not his.
    pub fn email_is_denied(&self) -> bool {
        let said = self.claims.get("email_verified");
        matches!(said, Some(Value::Bool(false))) || said.and_then(Value::as_str) == Some("false")
    }

    /// What he is called: his name, else its parts, else his address.
    pub fn name(&self) -> String {
        let claim = |name: &str| self.claims.get(name).and_then(Value::as_str).unwrap_or("");
        let whole = claim("name").trim().to_owned();
        let parts = format!("{} {}", claim("given_name"), claim("family_name"));
        let email = self.email().map(|(email, _)| email).unwrap_or_default();
        [whole, parts.trim().to_owned(), email]
            .into_iter()
            .map(|name| name.chars().filter(|c| !c.is_control()).take(100).collect())
            .find(|name: &String| !name.trim().is_empty())
            .unwrap_or_default()
    }
}

fn trouble(key: &'static str, what: &dyn ToString) -> AppError {
    let what = what.to_string();
    tracing::warn!(key, what, "a provider of single sign-on");
    AppError::Invalid {
        key,
        params: vec![("what", what.chars().take(300).collect())],
    }
}

fn from_discovery(error: DiscoveryError<Fault>) -> AppError {
    match error {
        DiscoveryError::Request(fault) => trouble("sign-on-unreachable", &fault),
        DiscoveryError::Response(status, _, what) => {
            trouble("sign-on-answer", &format!("{what} ({status})"))
        }
        DiscoveryError::Parse(error) => trouble("sign-on-answer", &error),
        DiscoveryError::Validation(what) => trouble("sign-on-issuer-differs", &what),
        other => trouble("sign-on-answer", &other),
    }
}

impl<'o> Provider<'o> {
    /// Fetches the discovery document of an issuer, and its keys. The document must be the issuer's own, to the
    /// letter, and all it points to must be such as may be asked.
    ///
    /// # Errors
    /// `Invalid` with what is wrong, in words for who set it up.
    pub fn discover(outgoing: &'o Outgoing, issuer: &str) -> Result<Self> {
        let url = Url::parse(issuer).map_err(|error| trouble("sign-on-issuer-invalid", &error))?;
        outgoing.demand(&url)?;
        let issuer = IssuerUrl::new(issuer.to_owned())
            .map_err(|error| trouble("sign-on-issuer-invalid", &error))?;
        let send = |request| outgoing.send(request);
        let metadata = Metadata::discover(&issuer, &send).map_err(from_discovery)?;
        let found = Self { outgoing, metadata };
        for url in found.urls() {
            outgoing.demand(url)?;
        }
        if !metadata_allows_code(&found.metadata) {
            return Err(trouble(
                "sign-on-answer",
                &"response_types_supported: no code",
            ));
        }
        Ok(found)
    }

    fn urls(&self) -> impl Iterator<Item = &Url> {
        let m = &self.metadata;
        [m.authorization_endpoint().url(), m.jwks_uri().url()]
            .into_iter()
            .chain(m.token_endpoint().map(|at| at.url()))
            .chain(m.userinfo_endpoint().map(|at| at.url()))
            .chain(m.additional_metadata().end_session_endpoint.as_ref())
    }

    /// Whether its answers must name it (RFC 9207).
    pub fn names_itself(&self) -> bool {
        let further = self.metadata.additional_metadata();
        further.authorization_response_iss_parameter_supported
    }

    /// What the document says, in names and values, for who set it up.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let m = &self.metadata;
        let url = |url: Option<&Url>| url.map(ToString::to_string).unwrap_or_default();
        let algorithms: Vec<String> = m
            .id_token_signing_alg_values_supported()
            .iter()
            .filter(|one| SIGNED_BY.contains(one))
            .filter_map(|one| serde_json::to_value(one).ok()?.as_str().map(str::to_owned))
            .collect();
        let scopes = m.scopes_supported().into_iter().flatten();
        let scopes: Vec<&str> = scopes.map(|scope| scope.as_str()).collect();
        vec![
            ("issuer", m.issuer().to_string()),
            (
                "authorization_endpoint",
                m.authorization_endpoint().to_string(),
            ),
            ("token_endpoint", url(m.token_endpoint().map(|at| at.url()))),
            (
                "userinfo_endpoint",
                url(m.userinfo_endpoint().map(|at| at.url())),
            ),
            (
                "end_session_endpoint",
                url(m.additional_metadata().end_session_endpoint.as_ref()),
            ),
            ("jwks", m.jwks().keys().len().to_string()),
            (
                "id_token_signing_alg_values_supported",
                algorithms.join(", "),
            ),
            ("scopes_supported", scopes.join(", ")),
        ]
    }

    fn client(&self, row: &SignOn, secret: Option<&SecretString>, back: &str) -> Result<Client> {
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let back = RedirectUrl::new(back.to_owned())
            .map_err(|error| AppError::internal(format!("callback: {error}")))?;
        let id = ClientId::new(row.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), id, secret);
        let known = self.metadata.token_endpoint_auth_methods_supported();
        // Without a word about it the standard means `client_secret_basic`.
        let takes = |one| known.is_none_or(|known| known.contains(one));
        let how = if takes(&CoreClientAuthMethod::ClientSecretBasic) {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        Ok(client.set_redirect_uri(back).set_auth_type(how))
    }

    /// The way to its log-in, and what is to be remembered. `again`: he shall show who he is, also if the
    /// provider knows him.
    ///
    /// # Errors
    /// Where `back` is no URL.
    pub fn begin(
        &self,
        row: &SignOn,
        back: &str,
        again: bool,
        hint: &str,
    ) -> Result<(Url, Secrets)> {
        let client = self.client(row, None, back)?;
        let random = || crate::secrets::random_hex(32);
        let (state, nonce, verifier) = (random(), random(), random());
        let pkce = PkceCodeVerifier::new(verifier.clone());
        let (sent, known) = (state.clone(), nonce.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(sent),
                || Nonce::new(known),
            )
            .add_scopes(scopes(row))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pkce));
        if again {
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(std::time::Duration::ZERO);
        }
        if !hint.is_empty() {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        let (url, ..) = request.url();
        Ok((
            url,
            Secrets {
                state,
                nonce,
                verifier,
            },
        ))
    }

    /// Exchanges a code for who logged in: the id token must be signed by the provider, for this client, in this
    /// log-in, now; what its userinfo adds must be about the same person.
    ///
    /// # Errors
    /// `Invalid("sign-on-refused")`; why goes to the log.
    pub fn finish(
        &self,
        row: &SignOn,
        (secret, back): (Option<&SecretString>, &str),
        code: &str,
        (nonce, verifier): (&str, String),
    ) -> Result<Identity> {
        let client = self.client(row, secret, back)?;
        let send = |request| self.outgoing.send(request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| refused(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request(&send)
            .map_err(|error| refused(&in_full(&error)))?;
        let token = tokens.id_token().ok_or_else(|| refused(&"no id token"))?;
        let claims = verified(&client, token, tokens.access_token(), nonce)?;
        let mut all = payload(token).ok_or_else(|| refused(&"the id token cannot be read"))?;
        for (name, value) in self.userinfo(&client, tokens.access_token(), claims.subject())? {
            // What is signed counts.
            all.entry(name).or_insert(value);
        }
        let further = self.metadata.additional_metadata();
        Ok(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            // Nobody has shown yet who he is in the future.
            proved_at: claims
                .auth_time()
                .map(|at| at.timestamp().min(clock::now().timestamp())),
            token: token.to_string(),
            claims: all,
            end: further.end_session_endpoint.clone(),
        })
    }

    /// What the provider says beside the id token about the same person, if it has a place for that.
    fn userinfo(
        &self,
        client: &Client,
        token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Map<String, Value>> {
        if self.metadata.userinfo_endpoint().is_none() {
            return Ok(Map::new());
        }
        let send = |request| self.outgoing.send(request);
        let asked = client
            .user_info(token.clone(), Some(subject.clone()))
            .map_err(|error| refused(&error))?;
        let more: UserInfoClaims<AnyClaims, CoreGenderClaim> = asked
            .request(&send)
            .map_err(|error| refused(&in_full(&error)))?;
        match serde_json::to_value(more) {
            Ok(Value::Object(more)) => Ok(more),
            _ => Err(refused(&"userinfo is no object")),
        }
    }
}

fn refused(what: &dyn ToString) -> AppError {
    tracing::warn!(what = what.to_string(), "a log-in by a provider is refused");
    AppError::invalid("sign-on-refused")
}

/// The claims of an id token that counts.
fn verified<'t>(
    client: &Client,
    token: &'t CoreIdToken,
    access: &AccessToken,
    nonce: &str,
) -> Result<&'t CoreIdTokenClaims> {
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(SIGNED_BY)
        .set_time_fn(|| clock::now() - chrono::Duration::seconds(SKEW))
        .set_issue_time_verifier_fn(|at| {
            let ahead = at - clock::now();
            if ahead.num_seconds() > SKEW {
                return Err("issued in the future".into());
            }
            Ok(())
        });
    let claims = token
        .claims(&verifier, &Nonce::new(nonce.to_owned()))
        .map_err(|error| refused(&in_full(&error)))?;
    let known_for = claims.authorized_party();
    if known_for.is_some_and(|party| party != client.client_id()) {
        return Err(refused(&"azp names another client"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|error| refused(&error))?;
        let key = token
            .signing_key(&verifier)
            .map_err(|error| refused(&error))?;
        let actual = AccessTokenHash::from_token(access, algorithm, key);
        if actual.map_err(|error| refused(&error))? != *expected {
            return Err(refused(&"at_hash is another token's"));
        }
    }
    Ok(claims)
}

fn metadata_allows_code(metadata: &Metadata) -> bool {
    let kinds = metadata.response_types_supported();
    kinds
        .iter()
        .any(|one| matches!(one.as_slice(), [CoreResponseType::Code]))
}

fn scopes(row: &SignOn) -> Vec<Scope> {
    let names = row.scopes.split_whitespace();
    let names = names.filter(|scope| *scope != "openid");
    names.map(|scope| Scope::new(scope.to_owned())).collect()
}

/// An error with all that caused it.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// The claims of a token that has been verified.
fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let middle = text.split('.').nth(1)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(middle).ok()?;
    serde_json::from_slice(&bytes).ok()
}
