//! Randomness, and the only place that asks for it; what is sealed with the installation's secret.

pub mod sealing;
pub mod signed;

/// `bytes` random bytes as hexadecimal digits.
///
/// # Panics
/// When the operating system has no randomness to give; nothing safe can be done then.
pub fn random_hex(bytes: usize) -> String {
    use std::fmt::Write;
    let mut buffer = vec![0u8; bytes];
    fill(&mut buffer);
    buffer.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A random number.
///
/// # Panics
/// As `random_hex`.
pub fn random_u32() -> u32 {
    let mut buffer = [0u8; 4];
    fill(&mut buffer);
    u32::from_ne_bytes(buffer)
}

fn fill(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}
