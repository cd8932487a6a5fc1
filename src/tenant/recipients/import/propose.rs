//! What a column could be as a new field: key, label and type, by its name and by what stands in it.

use super::source::Source;
use super::value::{self, Formats};
use crate::tenant::fields::define::FieldInput;
use crate::tenant::fields::kind::Kind;

/// Longest key that is proposed.
const KEY: usize = 40;
/// Names of what looks like a number and is none: it may begin with a nought.
const CODES: &[&str] = &["plz", "postleitzahl", "zip", "postcode", "postal"];
/// Names of telephone numbers.
const PHONES: &[&str] = &["tel", "phone", "mobil", "handy", "fax"];

/// The column as a new field. `taken` are keys that there are already.
pub fn field(source: &Source, index: usize, formats: &Formats, taken: &[String]) -> FieldInput {
    let column = &source.columns[index];
    let inside = source.find(column).is_some_and(|cell| !cell.is_whole());
    let name = match column.rsplit_once('.') {
        Some((_, key)) if inside => key,
        _ => column,
    };
    let cells: Vec<&str> = source
        .rows_seen()
        .filter_map(|row| row.get(index))
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .collect();
    let kind = kind(name, &cells, formats);
    let longest = cells.iter().map(|cell| cell.chars().count()).max();
    let mut input = FieldInput {
        key: free(&key(name), taken),
        kind: kind.to_owned(),
        label_en: column.trim().chars().take(100).collect(),
        historised: true,
        ..FieldInput::default()
    };
    match kind {
        "text" => input.max = Some(roomy(longest.unwrap_or(0))),
        "decimal" => {
            let scale = places(&cells, formats).clamp(2, 10);
            (input.precision, input.scale) = (Some(15 + scale), Some(scale));
        }
        _ => {}
    }
    input
}

/// Room for longer ones than those seen.
fn roomy(longest: usize) -> u32 {
    match longest {
        0..=100 => 200,
        101..=500 => 1_000,
        _ => 10_000,
    }
}

/// The type that the cells fit. Real files have a few that fit nothing (`00.00.0000`, `n/a`), which the dry
/// run tells; but numbers must all be some, because what is left out of a code is lost.
fn kind(name: &str, cells: &[&str], formats: &Formats) -> &'static str {
    let named = |words: &[&str]| {
        let name = name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    let fits = |kind: &Kind| {
        let read = |cell: &&&str| value::parse(kind, cell, formats).is_ok();
        cells.iter().filter(read).count()
    };
    let (all, most) = (cells.len(), (cells.len() * 9).div_ceil(10));
    let decimal = Kind::Decimal {
        precision: 38,
        scale: 10,
    };
    let digits = |cell: &&str| cell.bytes().all(|b| b.is_ascii_digit());
    let code = |cell: &&str| {
        cell.starts_with('+') || (cell.len() > 1 && cell.starts_with('0') && digits(cell))
    };
    let broken = || cells.iter().any(|cell| cell.contains([',', '.']));
    let plus = || cells.iter().all(|cell| cell.starts_with('+'));
    let web = || cells.iter().all(|cell| cell.starts_with("http"));
    let may_count = !cells.iter().any(code);
    if cells.is_empty() || named(CODES) {
        "text"
    } else if (named(PHONES) || plus()) && fits(&Kind::Phone) >= most {
        "phone"
    } else if !cells.iter().all(digits) && fits(&Kind::Boolean) >= most {
        "boolean"
    } else if fits(&Kind::Date) >= most {
        "date"
    } else if fits(&Kind::DateTime) >= most {
        "datetime"
    } else if may_count && fits(&Kind::Integer) == all {
        "integer"
    } else if may_count && broken() && fits(&decimal) >= most {
        "decimal"
    } else if fits(&Kind::Email) >= most {
        "email"
    } else if web() && fits(&Kind::Url) >= most {
        "url"
    } else {
        "text"
    }
}

/// Most digits behind the decimal sign.
fn places(cells: &[&str], formats: &Formats) -> u8 {
    let kind = Kind::Decimal {
        precision: 38,
        scale: 10,
    };
    let behind = |cell: &&str| {
        let read = value::parse(&kind, cell, formats).ok()??;
        Some(read.split_once('.')?.1.len() as u8)
    };
    cells.iter().filter_map(behind).max().unwrap_or(0)
}

/// A name as a key: `Umsatz 2026 (€)` becomes `umsatz_2026`.
fn key(name: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => key.push_str("ae"),
            'ö' => key.push_str("oe"),
            'ü' => key.push_str("ue"),
            'ß' => key.push_str("ss"),
            c if c.is_ascii_alphanumeric() => key.push(c),
            _ if key.is_empty() || key.ends_with('_') => {}
            _ => key.push('_'),
        }
    }
    key.truncate(KEY);
    let key = key.trim_end_matches('_');
    if key.starts_with(|c: char| c.is_ascii_lowercase()) {
        key.to_owned()
    } else {
        format!("field_{key}").trim_end_matches('_').to_owned()
    }
}

/// The key, or the first with a number behind it that is free; `id` is no field's.
fn free(key: &str, taken: &[String]) -> String {
    let is_free = |key: &String| key != "id" && !taken.contains(key);
    let numbered = (2..).map(|n| format!("{key}_{n}"));
    std::iter::once(key.to_owned())
        .chain(numbered)
        .find(is_free)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(name: &str, cells: &[&str]) -> &'static str {
        let formats = Formats {
            decimal_comma: true,
            ..Formats::default()
        };
        kind(name, cells, &formats)
    }

    #[test]
    fn a_columns_type_is_what_all_its_cells_fit() {
        assert_eq!(guessed("Kundennr", &["10", "2044"]), "integer");
        assert_eq!(guessed("Kundennr", &["10", "0044"]), "text");
        assert_eq!(guessed("PLZ", &["10115", "20095"]), "text");
        assert_eq!(guessed("Umsatz", &["1.234,50", "0,99", "7"]), "decimal");
        assert_eq!(guessed("Aktiv", &["ja", "nein"]), "boolean");
        assert_eq!(guessed("Aktiv", &["1", "0"]), "integer");
        assert_eq!(guessed("Geburtstag", &["24.12.99", "1.1.1970"]), "date");
        assert_eq!(
            guessed("Letzter Kauf", &["24.12.1999 08:15", "1.1.1970 00:00"]),
            "datetime"
        );
        assert_eq!(guessed("Telefon", &["030 123456", "0171/5555"]), "phone");
        assert_eq!(guessed("Kontakt", &["+49 30 123456"]), "phone");
        assert_eq!(guessed("Shop", &["https://example.org"]), "url");
        assert_eq!(guessed("Ort", &["Köln", "1"]), "text");
        assert_eq!(guessed("Leer", &[]), "text");
        let mut days = vec!["24.12.1999"; 9];
        days.push("00.00.0000");
        assert_eq!(guessed("Geburtsdatum", &days), "date");
        let mut houses = vec!["12"; 20];
        houses.push("12a");
        assert_eq!(guessed("Hausnummer", &houses), "text");
    }

    #[test]
    fn a_key_follows_from_the_name() {
        assert_eq!(key("Umsatz 2026 (€)"), "umsatz_2026");
        assert_eq!(key("Größe"), "groesse");
        assert_eq!(key("2. Vorname"), "field_2_vorname");
        assert_eq!(key("✓"), "field");
        let taken = ["city".to_owned(), "city_2".to_owned()];
        assert_eq!(free("city", &taken), "city_3");
        assert_eq!(free("id", &[]), "id_2");
    }
}
