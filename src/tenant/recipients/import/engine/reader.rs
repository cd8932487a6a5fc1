//! The file half of an import: rows are read, judged and put into batches.

use super::batch::{Batch, escape};
use super::file_error;
use super::plan::{Plan, Target};
use crate::db::ids::FieldId;
use crate::error::Result;
use crate::tenant::recipients::import::settings::{Duplicates, Settings};
use crate::tenant::recipients::import::source::{FileFault, Row, Rows, Source};
use crate::tenant::recipients::import::stage::Problem;
use crate::tenant::recipients::import::value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// Rows of a batch.
pub(super) const BATCH_ROWS: usize = 50_000;

/// Bytes of a batch, so that long rows do not fill the memory.
pub(super) const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The file half of an import: turns rows into batches.
pub(super) struct Reader<'r> {
    rows: Rows,
    targets: Vec<Target>,
    key: usize,
    settings: &'r Settings,
    seen: HashMap<KeyHash, u32>,
    /// Only for `Duplicates::Last`: the last line of each key.
    last: HashMap<KeyHash, u32>,
    row: Row,
}

/// A row's values in the order of the columns.
#[derive(Default)]
pub(super) struct ReadRow {
    values: Vec<Option<String>>,
    /// Those that were left out, with the reason.
    left_out: Vec<(usize, value::Fault)>,
    /// Those whose cells are missing: they keep what they have, also where empty cells empty fields.
    missing: Vec<usize>,
}

impl ReadRow {
    fn key(&self, index: usize) -> &str {
        self.values[index].as_deref().unwrap_or_default()
    }
}

impl<'r> Reader<'r> {
    pub(super) fn open(
        source: &Source,
        path: &Path,
        plan: &mut Plan,
        settings: &'r Settings,
    ) -> Result<Self> {
        let rows = || source.rows(path).map_err(|fault| file_error(&fault));
        let mut reader = Self {
            rows: rows()?,
            targets: std::mem::take(&mut plan.targets),
            key: plan.key,
            settings,
            seen: HashMap::new(),
            last: HashMap::new(),
            row: Row::default(),
        };
        if settings.duplicates == Duplicates::Last {
            reader.find_last().map_err(|fault| file_error(&fault))?;
            reader.rows = rows()?;
        }
        Ok(reader)
    }

    fn find_last(&mut self) -> std::result::Result<(), FileFault> {
        while self.rows.next(&mut self.row)? {
            if let Ok(read) = self.read_row() {
                let key = hash(read.key(self.key));
                self.last.insert(key, self.row.line as u32);
            }
        }
        Ok(())
    }

    /// The current row's values, and those left out of it; or why the row is refused. The same judgement
    /// for rows that are taken, passed over after a crash, and looked at ahead.
    fn read_row(&self) -> std::result::Result<ReadRow, (&'static str, Option<FieldId>)> {
        if let Some(fault) = self.row.fault {
            return Err((fault, None));
        }
        let mut row = ReadRow::default();
        for (index, target) in self.targets.iter().enumerate() {
            let read = value::parse(
                &target.kind,
                &target.cell.of(&self.row.cells),
                &self.settings.formats,
            );
            let must_be_good =
                index == self.key || self.settings.refuse_bad_values || target.column == "email";
            match read {
                Ok(None) if index == self.key => return Err(("key-missing", Some(target.field))),
                Ok(value) => row.values.push(value),
                Err(fault) if must_be_good => return Err((fault, Some(target.field))),
                Err(fault) => {
                    row.values.push(None);
                    row.left_out.push((index, fault));
                }
            }
            if self.row.short && !target.cell.is_in(&self.row.cells) {
                row.missing.push(index);
            }
        }
        Ok(row)
    }

    /// The next rows behind `done_line`; none at the end.
    pub(super) fn batch(
        &mut self,
        done_line: u64,
    ) -> std::result::Result<Option<Batch>, FileFault> {
        let mut batch = Batch::default();
        while batch.rows < BATCH_ROWS as i64 && batch.text.len() < BATCH_BYTES {
            if !self.rows.next(&mut self.row)? {
                break;
            }
            if self.row.fault.is_none() && self.row.cells.iter().all(|cell| cell.trim().is_empty())
            {
                // An empty line is no row.
                continue;
            }
            if self.row.line <= done_line {
                if let Ok(read) = self.read_row() {
                    let key = hash(read.key(self.key));
                    self.seen.entry(key).or_insert(self.row.line as u32);
                }
                continue;
            }
            batch.rows += 1;
            batch.last_line = self.row.line;
            self.take(&mut batch);
        }
        Ok((batch.rows > 0).then_some(batch))
    }

    /// Puts the current row into the batch, or says why not.
    fn take(&mut self, batch: &mut Batch) {
        let line = self.row.line;
        let refuse = |batch: &mut Batch, code: &str, field, of_line| {
            batch.counts.refused += 1;
            batch.problems.push(Problem {
                line,
                refused: true,
                code: code.to_owned(),
                field,
                of_line,
            });
        };
        let read = match self.read_row() {
            Ok(read) => read,
            Err((fault, field)) => return refuse(batch, fault, field, None),
        };
        if let Some(first) = self.is_repeated(read.key(self.key), line) {
            if self.settings.duplicates == Duplicates::Refuse {
                return refuse(batch, "duplicate", None, Some(first));
            }
            batch.counts.unchanged += 1;
            remark(batch, line, "duplicate", None, Some(first));
            return;
        }
        if self.row.short {
            remark(batch, line, "too-few-cells", None, None);
        }
        for (index, fault) in &read.left_out {
            let field = Some(self.targets[*index].field);
            remark(batch, line, fault, field, None);
        }
        let left_out = read.left_out.iter().map(|(index, _)| *index);
        let kept: Vec<usize> = left_out.chain(read.missing).collect();
        self.write(batch, line, &read.values, &kept);
    }

    /// The line that the current one repeats, by the rule for duplicates.
    fn is_repeated(&mut self, key: &str, line: u64) -> Option<u64> {
        let key = hash(key);
        if self.settings.duplicates == Duplicates::Last {
            return self
                .last
                .get(&key)
                .map(|last| u64::from(*last))
                .filter(|last| *last != line);
        }
        match self.seen.entry(key) {
            std::collections::hash_map::Entry::Occupied(first) => Some(u64::from(*first.get())),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(line as u32);
                None
            }
        }
    }

    /// One line of PostgreSQL's COPY text.
    fn write(&self, batch: &mut Batch, line: u64, values: &[Option<String>], kept: &[usize]) {
        let out = &mut batch.text;
        out.extend_from_slice(line.to_string().as_bytes());
        out.push(b'\t');
        if kept.is_empty() {
            out.extend_from_slice(b"\\N");
        } else {
            let names: Vec<&str> = kept
                .iter()
                .map(|index| self.targets[*index].column.as_str())
                .collect();
            out.extend_from_slice(format!("{{{}}}", names.join(",")).as_bytes());
        }
        for value in values {
            out.push(b'\t');
            match value {
                None => out.extend_from_slice(b"\\N"),
                Some(value) => escape(out, value),
            }
        }
        out.push(b'\n');
        batch.staged += 1;
    }
}

/// Notes something about a row that is not refused.
fn remark(batch: &mut Batch, line: u64, code: &str, field: Option<FieldId>, of_line: Option<u64>) {
    batch.noted += 1;
    batch.problems.push(Problem {
        line,
        refused: false,
        code: code.to_owned(),
        field,
        of_line,
    });
}

/// Sixteen bytes tell keys apart; no file is large enough for two to meet by chance. Bytes, because a number
/// of that size is aligned to sixteen, which makes an entry with its line 32 bytes instead of 20.
pub(super) type KeyHash = [u8; 16];

pub(super) fn hash(key: &str) -> KeyHash {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}
