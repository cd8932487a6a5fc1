//! A passkey in software: what a browser and the device behind it would answer, with the ways of lying that a test
//! needs.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One passkey, for one user of one site.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// How many signatures it says it has made.
    pub counter: u32,
    /// Where it says the page is from.
    pub origin: String,
    /// The host that it says it signs for.
    pub host: String,
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// A new one, before pages from here.
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        Self {
            key,
            id,
            counter: 0,
            origin: origin.to_owned(),
            host: "localhost".to_owned(),
        }
    }

    fn client_data(&self, kind: &str, wanted: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind,
            "challenge": wanted["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    /// Hash of the host, flags (present and verified, and `more`), and the counter, which goes on.
    fn data(&mut self, more: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(0b101 | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What `navigator.credentials.create` answers.
    pub fn create(&mut self, wanted: &Value) -> String {
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // An EC2 key for ES256 on P-256, as COSE has it.
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..]);
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        let answer = json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(&self.client_data("webauthn.create", wanted)),
                "attestationObject": text(&object),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        });
        answer.to_string()
    }

    /// What `navigator.credentials.get` answers.
    pub fn get(&mut self, wanted: &Value) -> String {
        let data = self.data(0);
        let client = self.client_data("webauthn.get", wanted);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let answer = json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&data),
                "signature": text(signature.as_ref()),
                "userHandle": null,
            },
            "clientExtensionResults": {},
        });
        answer.to_string()
    }
}
