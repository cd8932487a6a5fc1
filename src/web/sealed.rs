//! Ids in URLs, sealed: a recipient's number would tell an inner tenant how many recipients exist outside
//! its fence. A keyed permutation of 64 bits, written in 13 letters; the same id always looks the same.

use crate::db::ids::{RecipientId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Letters that cannot be confused, five bits each.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
const ROUNDS: u8 = 6;

/// Seals and opens the ids of one tenant's URLs; another tenant's look different.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// The seal of a tenant.
    pub fn new(secret: &SecretString, tenant: TenantId) -> Self {
        let mut mac = keyed(secret.expose_secret().as_bytes());
        mac.update(b"seal");
        mac.update(&tenant.0.to_be_bytes());
        Self(keyed(&mac.finalize().into_bytes()))
    }

    /// A recipient's id as URLs show it.
    pub fn recipient(&self, id: RecipientId) -> String {
        let mut number = self.permute(id.0 as u64, false);
        let mut text = [0u8; 13];
        for letter in text.iter_mut().rev() {
            *letter = LETTERS[(number % 32) as usize];
            number /= 32;
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The id behind what a URL shows; none for what this seal never made.
    pub fn open(&self, text: &str) -> Option<RecipientId> {
        if text.len() != 13 {
            return None;
        }
        let mut number = 0u64;
        for byte in text.bytes() {
            let digit = LETTERS.iter().position(|letter| *letter == byte)? as u64;
            number = number.checked_mul(32)?.checked_add(digit)?;
        }
        let id = self.permute(number, true) as i64;
        (id > 0).then_some(RecipientId(id))
    }

    /// A Feistel network over two halves of 32 bits.
    fn permute(&self, number: u64, back: bool) -> u64 {
        let (mut left, mut right) = ((number >> 32) as u32, number as u32);
        if back {
            for round in (0..ROUNDS).rev() {
                (left, right) = (right ^ self.round(round, left), left);
            }
        } else {
            for round in 0..ROUNDS {
                (left, right) = (right, left ^ self.round(round, right));
            }
        }
        (u64::from(left) << 32) | u64::from(right)
    }

    fn round(&self, round: u8, half: u32) -> u32 {
        let mut mac = self.0.clone();
        mac.update(&[round]);
        mac.update(&half.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_sealed_can_be_opened(id in 1i64..) {
            let seal = Seal::new(&SecretString::from("secret"), TenantId(1));
            let other = Seal::new(&SecretString::from("secret"), TenantId(2));
            let sealed = seal.recipient(RecipientId(id));
            prop_assert_eq!(seal.open(&sealed), Some(RecipientId(id)));
            prop_assert_ne!(other.open(&sealed), Some(RecipientId(id)));
        }

        #[test]
        fn anything_else_opens_nothing_or_some_id(text in "\\PC{0,20}") {
            let seal = Seal::new(&SecretString::from("secret"), TenantId(1));
            let _ = seal.open(&text);
        }
    }
}
