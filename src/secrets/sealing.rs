//! Texts that only this installation can read: AES-256-GCM with a key from the installation's secret. What
//! is sealed for one purpose cannot be opened for another.

use super::fill;
use aes_gcm::aead::{Aead, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const NONCE: usize = 12;

/// A key of its own for a purpose.
pub fn key_for(secret: &SecretString, purpose: &str) -> [u8; 32] {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).unwrap();
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

fn cipher(secret: &SecretString, purpose: &str) -> Aes256Gcm {
    Aes256Gcm::new(&key_for(secret, &format!("seal:{purpose}")).into())
}

/// Seals a text. Twice the same text looks different.
///
/// # Panics
/// When the operating system has no randomness to give; nothing safe can be done then.
pub fn seal(secret: &SecretString, purpose: &str, text: &str) -> Vec<u8> {
    let mut nonce = [0u8; NONCE];
    fill(&mut nonce);
    let payload = Payload {
        msg: text.as_bytes(),
        aad: purpose.as_bytes(),
    };
    let sealed = cipher(secret, purpose).encrypt(Nonce::from_slice(&nonce), payload);
    let sealed = sealed.expect("a text in memory is not too long to be encrypted");
    [&nonce[..], &sealed].concat()
}

/// The text that was sealed; none where it was sealed elsewhere, for something else, or changed since.
pub fn open(secret: &SecretString, purpose: &str, sealed: &[u8]) -> Option<String> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let payload = Payload {
        msg: sealed,
        aad: purpose.as_bytes(),
    };
    let opened = cipher(secret, purpose).decrypt(Nonce::from_slice(nonce), payload);
    String::from_utf8(opened.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_installation_opens_it_for_the_same_purpose() {
        let (one, other) = (SecretString::from("one"), SecretString::from("other"));
        let sealed = seal(&one, "mail:1", "Grüße");
        assert_eq!(open(&one, "mail:1", &sealed).as_deref(), Some("Grüße"));
        assert_eq!(open(&other, "mail:1", &sealed), None);
        assert_eq!(open(&one, "mail:2", &sealed), None);
        let mut changed = sealed.clone();
        changed[15] ^= 1;
        assert_eq!(open(&one, "mail:1", &changed), None);
        assert_eq!(open(&one, "mail:1", &sealed[..5]), None);
        assert_ne!(seal(&one, "mail:1", "Grüße"), sealed);
    }
}
