//! Looking for addresses in files, and cutting their rows out.

use crate::error::{AppError, Result};
use crate::tenant::recipients::import::settings::Reading;
use crate::tenant::recipients::import::source::{Row, Source};
use crate::tenant::recipients::import::value;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

/// Whose rows go: salted hashes of addresses.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    salt: String,
    hashes: BTreeSet<String>,
}

impl Wanted {
    pub(super) fn new(addresses: &[String]) -> Self {
        let salt = crate::secrets::random_hex(16);
        let hashes = addresses.iter().map(|one| hash(&salt, one)).collect();
        Self { salt, hashes }
    }

    /// Whether a cell is one of the addresses, or has one in it as in `Anna <anna@example.org>` or JSON.
    fn is_in(&self, cell: &str) -> bool {
        cell.contains('@')
            && (self.is(cell)
                || cell
                    .split(|c: char| c.is_whitespace() || "<>()[]{}\"',;:|".contains(c))
                    .any(|part| part.contains('@') && self.is(part)))
    }

    fn is(&self, text: &str) -> bool {
        self.hashes.contains(&hash(&self.salt, text))
    }

    /// Whether an upload names one. What cannot be read is taken to: it is of no use to anybody.
    pub(super) fn stands_in(&self, upload: &Path, reading: &Reading) -> bool {
        let look = || -> std::result::Result<bool, ()> {
            let source = Source::look(upload, reading).map_err(|_| ())?;
            let named = |cells: &[String]| cells.iter().any(|cell| self.is_in(cell));
            if named(&source.columns) {
                return Ok(true);
            }
            let mut rows = source.rows(upload).map_err(|_| ())?;
            let mut row = Row::default();
            while rows.next(&mut row).map_err(|_| ())? {
                if named(&row.cells) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        look().unwrap_or(true)
    }

    /// Cuts the rows out of an error file, which is replaced at once or not at all; answers their lines in
    /// the file that was imported. An error file without rows is removed.
    pub(super) fn cut_from(&self, path: &Path) -> Result<Vec<i64>> {
        let failed = |error: std::io::Error| AppError::internal(format!("error file: {error}"));
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let rows = rows(&text).map_err(|error| failed(error.into()))?;
        let gone: Vec<&ErrorRow<'_>> = rows
            .iter()
            .skip(1)
            .filter(|row| row.cells.iter().any(|cell| self.is_in(cell)))
            .collect();
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let lines = gone.iter().filter_map(|row| row.line()).collect();
        if gone.len() + 1 == rows.len() {
            remove(path)?;
            return Ok(lines);
        }
        let starts: BTreeSet<usize> = gone.iter().map(|row| row.start).collect();
        let kept = rows
            .iter()
            .filter(|row| !starts.contains(&row.start))
            .map(|row| row.raw);
        replace(path, kept).map_err(failed)?;
        Ok(lines)
    }
}

/// A row of an error file: its bytes, and its cells.
struct ErrorRow<'t> {
    start: usize,
    raw: &'t [u8],
    cells: csv::StringRecord,
}

impl ErrorRow<'_> {
    /// An error file's last column but one is the line.
    fn line(&self) -> Option<i64> {
        self.cells
            .get(self.cells.len().checked_sub(2)?)?
            .parse()
            .ok()
    }
}

/// The rows, by the separator with which the line stands where it must.
fn rows(text: &[u8]) -> csv::Result<Vec<ErrorRow<'_>>> {
    let mut last = Vec::new();
    for separator in [b';', b',', b'\t', b'|'] {
        last = rows_by(text, separator)?;
        if last.get(1).is_some_and(|row| row.line().is_some()) {
            break;
        }
    }
    Ok(last)
}

fn rows_by(text: &[u8], separator: u8) -> csv::Result<Vec<ErrorRow<'_>>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text);
    let (mut rows, mut record, mut start) = (Vec::new(), csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record)? {
        let end = reader.position().byte() as usize;
        rows.push(ErrorRow {
            start,
            raw: &text[start..end],
            cells: csv::StringRecord::from_byte_record_lossy(record.clone()),
        });
        start = end;
    }
    Ok(rows)
}

/// Writes beside the file and puts that in its place. Its age stays: a row cut out makes it no younger.
fn replace<'t>(path: &Path, rows: impl Iterator<Item = &'t [u8]>) -> std::io::Result<()> {
    let modified = fs::metadata(path)?.modified()?;
    let beside = path.with_extension("csv.new");
    let mut out = BufWriter::new(fs::File::create(&beside)?);
    for row in rows {
        out.write_all(row)?;
    }
    let file = out.into_inner().map_err(|error| error.into_error())?;
    file.set_modified(modified)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Removes a file; one that is gone is no error.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(AppError::internal(format!("a file stays: {error}")))
        }
        _ => Ok(()),
    }
}

fn hash(salt: &str, text: &str) -> String {
    let plain = text.trim().trim_start_matches('\'');
    let address = value::email(plain).unwrap_or_else(|_| plain.to_lowercase());
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(address)
        .finalize();
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rows_of_the_address_go_and_the_rest_stays_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import-1.csv");
        let (kept, gone) = (
            "\u{feff}mail;note;Line;Reason\nb@x.example;\"a\nb;\";3;\"so, so\"\n",
            "\" Anna@X.example\";x;4;\"bad\"\nAnna <anna@x.example>;x;7;\"bad\"\n",
        );
        fs::write(&path, format!("{kept}{gone}")).unwrap();
        let wanted = Wanted::new(&["anna@x.example".to_owned()]);
        assert_eq!(wanted.cut_from(&path).unwrap(), [4, 7]);
        assert_eq!(fs::read_to_string(&path).unwrap(), kept);
        let rest = Wanted::new(&["b@x.example".to_owned()]);
        assert_eq!(rest.cut_from(&path).unwrap(), [3]);
        assert!(!path.exists());
        assert!(!serde_json::json!(wanted).to_string().contains("anna"));
    }
}
