//! How a text file is written: encoding, separator, header.

use super::{FileFault, SAMPLE};
use crate::tenant::recipients::import::settings::{Quote, Reading};
use encoding_rs::Encoding;

pub(super) fn text_reading(head: &[u8], wanted: &Reading) -> Result<Reading, FileFault> {
    let encoding = match &wanted.encoding {
        Some(label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| FileFault::whole("encoding"))?
        }
        None => detect_encoding(head)?,
    };
    let (text, _, _) = encoding.decode(head);
    if text.contains('\0') {
        return Err(FileFault::whole("binary"));
    }
    if is_garbled(&text) {
        return Err(FileFault::whole("garbled"));
    }
    let separator = wanted
        .separator
        .unwrap_or_else(|| detect_separator(&text, wanted.quote));
    Ok(Reading {
        encoding: Some(encoding.name().to_owned()),
        separator: Some(separator),
        header: wanted.header,
        sheet: None,
        quote: wanted.quote,
    })
}

/// More than one character in a hundred is none, or one that no text has. The last may be cut in two.
fn is_garbled(text: &str) -> bool {
    let none = |c: &char| {
        *c == char::REPLACEMENT_CHARACTER || (c.is_control() && !matches!(c, '\t' | '\r' | '\n'))
    };
    let count = text.chars().filter(none).count();
    count > 1 && count * 100 > text.chars().count()
}

pub(super) fn detect_encoding(head: &[u8]) -> Result<&'static Encoding, FileFault> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(encoding);
    }
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let half = head.len() / 2;
    if half > 8 && zeros(1) * 10 > half * 4 && zeros(0) * 20 < half {
        return Ok(encoding_rs::UTF_16LE);
    }
    if half > 8 && zeros(0) * 10 > half * 4 && zeros(1) * 20 < half {
        return Ok(encoding_rs::UTF_16BE);
    }
    if head.contains(&0) {
        return Err(FileFault::whole("binary"));
    }
    // A sample may end in the middle of a character.
    match std::str::from_utf8(head) {
        Ok(_) => return Ok(encoding_rs::UTF_8),
        Err(error) if head.len() == SAMPLE && head.len() - error.valid_up_to() < 4 => {
            return Ok(encoding_rs::UTF_8);
        }
        Err(_) => {}
    }
    let control = head
        .iter()
        .filter(|byte| **byte < 32 && !matches!(byte, b'\t' | b'\r' | b'\n'))
        .count();
    if control * 50 > head.len() {
        return Err(FileFault::whole("binary"));
    }
    // 0xA4 is the euro sign in ISO-8859-15 and hardly used in Windows-1252, where 0x80 is; the bytes 0x80 to
    // 0x9F are letters and signs in Windows-1252 only.
    let has = |range: std::ops::RangeInclusive<u8>| head.iter().any(|byte| range.contains(byte));
    if has(0xA4..=0xA4) && !has(0x80..=0x9F) {
        return Ok(encoding_rs::ISO_8859_15);
    }
    Ok(encoding_rs::WINDOWS_1252)
}

/// The separator with which most rows have the same, largest number of cells.
pub(super) fn detect_separator(text: &str, quote: Quote) -> char {
    let score = |separator: char| {
        let mut reader = quote
            .reader()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator as u8)
            .from_reader(text.as_bytes());
        let widths: Vec<usize> = reader
            .records()
            .take(100)
            .filter_map(Result::ok)
            .map(|record| record.len())
            .collect();
        let width = widths.first().copied().unwrap_or_default();
        let same = widths.iter().filter(|other| **other == width).count();
        if width < 2 {
            (0, 0)
        } else {
            (same * 100 / widths.len().max(1), width)
        }
    };
    [';', ',', '\t', '|']
        .into_iter()
        .max_by_key(|separator| score(*separator))
        .filter(|separator| score(*separator).1 > 1)
        .unwrap_or(',')
}

/// A header has text in every cell but few, no address, and differs from what stands below it.
pub(super) fn looks_like_header(rows: &[Vec<String>]) -> bool {
    let Some(first) = rows.first() else {
        return false;
    };
    let plain = first
        .iter()
        .all(|cell| !cell.contains('@') && cell.parse::<f64>().is_err());
    let named = first.iter().filter(|cell| !cell.trim().is_empty()).count();
    plain && named * 2 > first.len()
}
