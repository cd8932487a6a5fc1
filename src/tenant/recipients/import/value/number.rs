//! Whole numbers and decimals, with the separators of either language.

use super::{Fault, Formats};

/// Digits with an optional sign and thousands separators.
pub(super) fn integer(text: &str, formats: &Formats) -> Result<String, Fault> {
    let plain = number(text, formats).ok_or("integer")?;
    let whole = match plain.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|b| b == b'0') => whole,
        Some(_) => return Err("integer"),
        None => &plain,
    };
    whole
        .parse::<i64>()
        .map(|n| n.to_string())
        .map_err(|_| "integer")
}

pub(super) fn decimal(
    text: &str,
    precision: u8,
    scale: u8,
    formats: &Formats,
) -> Result<String, Fault> {
    let plain = number(text, formats).ok_or("decimal")?;
    let (sign, unsigned) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, rest) = (whole.trim_start_matches('0'), rest.trim_end_matches('0'));
    if rest.len() > usize::from(scale) {
        return Err("too-precise");
    }
    if whole.len() > usize::from(precision.saturating_sub(scale)) {
        return Err("too-large");
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    })
}

/// A number as digits with a point; none where it is none.
pub(super) fn number(text: &str, formats: &Formats) -> Option<String> {
    let (thousands, point) = if formats.decimal_comma {
        ('.', ',')
    } else {
        (',', '.')
    };
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '€' | '$' | '£' | '%'))
        .collect();
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = unsigned.split_once(point).unwrap_or((unsigned, ""));
    let groups: Vec<&str> = whole
        .split([thousands, ' ', '\u{a0}', '\u{202f}', '\'', '’'])
        .collect();
    let grouped = groups.len() == 1
        || groups.iter().skip(1).all(|group| group.len() == 3) && !groups[0].is_empty();
    let digits = groups.concat();
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !grouped || digits.len() + rest.len() == 0 || !is_digits(&digits) || !is_digits(rest) {
        return None;
    }
    let digits = if digits.is_empty() { "0" } else { &digits };
    Some(if rest.is_empty() {
        format!("{sign}{digits}")
    } else {
        format!("{sign}{digits}.{rest}")
    })
}
