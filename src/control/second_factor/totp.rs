//! Codes that change every half minute (TOTP, RFC 6238: SHA-1, six digits), as authenticator apps make them.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds for which a code is shown.
pub const STEP: i64 = 30;
/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET: usize = 20;
/// How many steps a clock may be off, either way.
const SKEW: i64 = 1;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, among those that count at `now` (seconds since 1970) and come after `last`.
pub fn step_of(secret: &[u8], sent: &str, now: i64, last: i64) -> Option<i64> {
    let present = now / STEP;
    // Every one is compared, so that the time tells nothing.
    (present - SKEW..=present + SKEW)
        .filter(|step| bool::from(code(secret, *step).as_bytes().ct_eq(sent.as_bytes())))
        .filter(|step| *step > last)
        .max()
}

/// Base 32 as RFC 4648 has it, without padding; the length in bytes is a multiple of five.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let number = five
            .iter()
            .fold(0u64, |all, byte| (all << 8) | u64::from(*byte));
        for place in (0..8).rev() {
            text.push(char::from(LETTERS[(number >> (5 * place)) as usize & 31]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (at, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, at / STEP), expected);
        }
    }

    #[test]
    fn a_code_counts_for_its_time_and_once() {
        let secret = b"12345678901234567890";
        let now = 1_111_111_111;
        let step = now / STEP;
        for near in [step - 1, step, step + 1] {
            assert_eq!(step_of(secret, &code(secret, near), now, 0), Some(near));
            assert_eq!(step_of(secret, &code(secret, near), now, near), None);
        }
        for far in [step - 2, step + 2] {
            assert_eq!(step_of(secret, &code(secret, far), now, 0), None);
        }
        assert_eq!(step_of(secret, "", now, 0), None);
    }

    #[test]
    fn base_32_is_that_of_the_standard() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(&[0, 0, 0, 0, 0]), "AAAAAAAA");
        assert_eq!(base32(&[255; 20]).len(), 32);
    }
}
