//! Random tokens with a signature: what this installation did not make for the purpose is told without asking
//! the database, and of what it made the database keeps a hash only.

use super::random_hex;
use super::sealing::key_for;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// Digits of the random part.
const RANDOM: usize = 64;
/// Digits of the signature.
const SIGNATURE: usize = 32;

fn signature(secret: &SecretString, purpose: &str, random: &str) -> Hmac<Sha256> {
    let key = key_for(secret, &format!("sign:{purpose}"));
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(random.as_bytes());
    mac
}

/// A new token for a purpose.
///
/// # Panics
/// When the operating system has no randomness to give; nothing safe can be done then.
pub fn make(secret: &SecretString, purpose: &str) -> String {
    let random = random_hex(RANDOM / 2);
    sign(secret, purpose, random)
}

fn sign(secret: &SecretString, purpose: &str, random: String) -> String {
    let mac = signature(secret, purpose, &random).finalize().into_bytes();
    let digits = mac.iter().take(SIGNATURE / 2);
    digits.fold(random, |all, byte| all + &format!("{byte:02x}"))
}

/// Whether this installation made the token for this purpose.
pub fn is_signed(secret: &SecretString, purpose: &str, token: &str) -> bool {
    let Some((random, sent)) = token.split_at_checked(RANDOM) else {
        return false;
    };
    let bytes: Option<Vec<u8>> = (0..sent.len() / 2)
        .map(|at| u8::from_str_radix(sent.get(2 * at..2 * at + 2)?, 16).ok())
        .collect();
    sent.len() == SIGNATURE
        && bytes.is_some_and(|bytes| {
            let mac = signature(secret, purpose, random);
            mac.verify_truncated_left(&bytes).is_ok()
        })
}

/// What is kept of a token.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_signed_for_one_purpose_and_by_one_installation() {
        let secret = SecretString::from("one");
        let token = make(&secret, "reset");
        assert!(is_signed(&secret, "reset", &token));
        assert!(!is_signed(&secret, "invitation", &token));
        assert!(!is_signed(&SecretString::from("two"), "reset", &token));
        assert!(!is_signed(&secret, "reset", &token[..94]));
        assert!(!is_signed(&secret, "reset", &token[..64]));
        assert!(!is_signed(&secret, "reset", ""));
        assert!(!is_signed(&secret, "reset", &"ä".repeat(48)));
        assert_ne!(make(&secret, "reset"), token);
    }
}
