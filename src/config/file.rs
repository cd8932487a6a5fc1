//! The configuration file: TOML, each value with its line, unknown keys refused.

use super::settings::{self, SETTINGS, Setting};
use figment::value::Value;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file.
#[derive(Debug)]
pub struct Entry {
    /// Which setting.
    pub setting: &'static Setting,
    /// What the file says.
    pub value: Value,
    /// On which line.
    pub line: usize,
}

/// The entries of the file's text.
///
/// # Errors
/// One message a line for whatever is not TOML, unknown or of no use as a setting.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, String> {
    let table = DeTable::parse(text).map_err(|error| {
        format!(
            "{}:{}: {}",
            path.display(),
            error.span().map_or(1, |span| line(text, span.start)),
            error.message()
        )
    })?;
    let mut reader = Reader {
        path,
        text,
        entries: Vec::new(),
        faults: Vec::new(),
    };
    reader.table("", table.get_ref());
    if reader.faults.is_empty() {
        Ok(reader.entries)
    } else {
        Err(reader.faults.join("\n"))
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    entries: Vec<Entry>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let line = line(self.text, name.span().start);
            match (settings::find(&key), value.get_ref()) {
                (Some(setting), value) => self.entry(setting, value, line),
                (None, DeValue::Table(inner)) if sections().contains(key.as_str()) => {
                    self.table(&format!("{key}."), inner);
                }
                (None, value) => self.unknown(&key, matches!(value, DeValue::Table(_)), line),
            }
        }
    }

    fn entry(&mut self, setting: &'static Setting, value: &DeValue<'_>, line: usize) {
        match plain(value) {
            Some(value) => self.entries.push(Entry {
                setting,
                value,
                line,
            }),
            None => self.fault(
                line,
                &format!("{} cannot be a value of this kind", setting.key),
            ),
        }
    }

    fn unknown(&mut self, key: &str, is_table: bool, line: usize) {
        let near = if is_table {
            settings::nearest(key, sections())
        } else {
            settings::nearest(key, SETTINGS.iter().map(|setting| setting.key))
        };
        let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        self.fault(line, &format!("there is no setting {key}{hint}"));
    }

    fn fault(&mut self, line: usize, what: &str) {
        self.faults
            .push(format!("{}:{line}: {what}", self.path.display()));
    }
}

fn sections() -> BTreeSet<&'static str> {
    SETTINGS
        .iter()
        .filter_map(|setting| setting.key.split_once('.'))
        .map(|(section, _)| section)
        .collect()
}

fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// The value without its place; none for what no setting is: tables, dates, numbers beyond 64 bits.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().map(Value::from),
        DeValue::Boolean(truth) => Some(Value::from(*truth)),
        DeValue::Array(items) => items
            .iter()
            .map(Spanned::get_ref)
            .map(plain)
            .collect::<Option<Vec<_>>>()
            .map(Value::from),
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Result<Vec<(&'static str, usize)>, String> {
        parse(Path::new("m.toml"), text).map(|entries| {
            entries
                .into_iter()
                .map(|entry| (entry.setting.key, entry.line))
                .collect()
        })
    }

    #[test]
    fn each_value_keeps_its_line_however_it_is_written() {
        let text = "logs.filter = 'debug'\n\n[server]\nlisten = '[::1]:1'\n";
        let mut found = keys(text).unwrap();
        found.sort_unstable();
        assert_eq!(found, [("logs.filter", 1), ("server.listen", 4)]);
        assert_eq!(
            keys("limits = { upload_mib = 5 }").unwrap(),
            [("limits.upload_mib", 1)]
        );
    }

    #[test]
    fn unknown_keys_are_refused_all_at_once_with_the_nearest_name() {
        let error = keys("[databse]\nurl = 'x'\n[server]\nlisten_ = 'y'\ncolour = 1").unwrap_err();
        let lines: Vec<_> = error.lines().collect();
        assert!(
            lines.contains(&"m.toml:1: there is no setting databse; did you mean database?"),
            "{error}"
        );
        assert!(
            lines.contains(
                &"m.toml:4: there is no setting server.listen_; did you mean server.listen?"
            ),
            "{error}"
        );
        assert_eq!(lines.len(), 3, "{error}");
    }

    #[test]
    fn what_is_not_toml_is_told_with_its_line() {
        assert!(
            keys("[server]\nlisten = \n")
                .unwrap_err()
                .starts_with("m.toml:2: ")
        );
    }
}
