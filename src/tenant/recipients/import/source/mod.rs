//! Reading a file by what is in it, never by its name: separated text in any usual encoding, or a workbook.
//! Text is read row by row in constant memory; a workbook is held whole and therefore limited.

mod book;
mod columns;
mod detect;
mod rows;

pub use columns::CellRef;
pub use rows::{Row, Rows};

use super::settings::Reading;
use book::sheets;
use columns::{distinct, json_keys};
use detect::{looks_like_header, text_reading};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Most columns of a file.
pub const MAX_COLUMNS: usize = 2_000;

/// Longest cell, in bytes; a row with a longer one is refused.
pub const MAX_CELL: usize = 1024 * 1024;

/// How much is looked at to find out how the file is written.
const SAMPLE: usize = 256 * 1024;

/// How many rows behind the preview are looked at for the way that dates and numbers are written.
const SAMPLE_ROWS: usize = 1_000;

/// How many rows a preview has.
pub const PREVIEW_ROWS: usize = 20;

/// Why a file cannot be read: the last part of a message's key `file-…`, and the line where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// What is wrong.
    pub code: &'static str,
    /// In which line; 0 for the file as a whole.
    pub line: u64,
}

impl FileFault {
    fn whole(code: &'static str) -> Self {
        Self { code, line: 0 }
    }
}

/// A file and how it is read.
#[derive(Clone, Debug)]
pub struct Source {
    /// How it is read, everything found out.
    pub reading: Reading,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The columns' names; numbered where the file has none, made distinct where it repeats one. Columns of
    /// JSON objects are followed by their keys: `attributes.city`.
    pub columns: Vec<String>,
    /// Names that stood twice.
    pub repeated: Vec<String>,
    /// The first rows, cells in the order of `columns`.
    pub preview: Vec<Vec<String>>,
    /// Some rows behind those, in the same order.
    sample: Vec<Vec<String>>,
    /// How many columns the file itself has.
    width: usize,
    /// How many of them up to the last that has a name.
    named: usize,
}

impl Source {
    /// Looks at a file; what `wanted` leaves open is found out.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn look(path: &Path, wanted: &Reading) -> Result<Self, FileFault> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(|_| FileFault::whole("gone"))?;
        file.take(SAMPLE as u64)
            .read_to_end(&mut head)
            .map_err(|_| FileFault::whole("gone"))?;
        if head.is_empty() {
            return Err(FileFault::whole("empty"));
        }
        if !head.starts_with(b"PK\x03\x04") {
            if wanted.sheet.is_some() {
                return Err(FileFault::whole("no-workbook"));
            }
            return Self::with(path, text_reading(&head, wanted)?, Vec::new(), false);
        }
        let (sheets, sheet) = sheets(path, wanted)?;
        let reading = Reading {
            sheet: Some(sheet),
            ..wanted.clone()
        };
        Self::with(path, reading, sheets, wanted.sheet.is_some())
    }

    fn with(
        path: &Path,
        mut reading: Reading,
        sheets: Vec<String>,
        chosen: bool,
    ) -> Result<Self, FileFault> {
        let mut rows = Rows::open(path, &reading, usize::MAX, 0)?;
        let mut first = Vec::new();
        let mut row = Row::default();
        while first.len() <= PREVIEW_ROWS && rows.next(&mut row)? {
            if row.cells.len() > MAX_COLUMNS {
                return Err(FileFault {
                    code: "too-many-columns",
                    line: row.line,
                });
            }
            if let Some(code) = row.fault
                && first.is_empty()
                && reading.header != Some(false)
            {
                // It names the columns, or tells how many there are.
                let line = row.line;
                return Err(FileFault { code, line });
            }
            first.push(std::mem::take(&mut row.cells));
        }
        let behind = sample(&mut rows);
        let header = reading.header.unwrap_or_else(|| looks_like_header(&first));
        reading.header = Some(header);
        if first.is_empty() || (header && first.len() == 1) {
            return Err(FileFault::whole(match sheets.len() {
                0 => "no-rows",
                1 => "workbook-no-rows",
                _ if chosen => "sheet-no-rows",
                _ => "workbook-no-rows",
            }));
        }
        let width = if header {
            first[0].len()
        } else {
            first.iter().map(Vec::len).max().unwrap_or_default()
        };
        let names = if header { first.remove(0) } else { Vec::new() };
        let is_named = |name: &String| !name.trim().is_empty();
        let named = names.iter().rposition(is_named).map_or(0, |last| last + 1);
        let (mut columns, repeated) = distinct(&names, width);
        first.truncate(PREVIEW_ROWS);
        let mut keys = Vec::new();
        for (index, name) in columns.iter().enumerate() {
            keys.extend(
                json_keys(&first, index)
                    .into_iter()
                    .map(|key| format!("{name}.{key}")),
            );
        }
        columns.extend(keys);
        let mut source = Self {
            reading,
            sheets,
            columns,
            repeated,
            preview: Vec::new(),
            sample: Vec::new(),
            width,
            named,
        };
        source.preview = first.iter().map(|cells| source.all_cells(cells)).collect();
        source.sample = behind.iter().map(|cells| source.all_cells(cells)).collect();
        Ok(source)
    }

    /// The file's own columns, without the keys inside JSON.
    pub fn own_columns(&self) -> &[String] {
        &self.columns[..self.width.min(self.columns.len())]
    }

    /// The first thousand rows, cells in the order of `columns`.
    pub fn rows_seen(&self) -> impl Iterator<Item = &Vec<String>> {
        self.preview.iter().chain(&self.sample)
    }

    fn all_cells(&self, cells: &[String]) -> Vec<String> {
        self.columns
            .iter()
            .map(|name| {
                self.find(name)
                    .map(|cell| cell.of(cells))
                    .unwrap_or_default()
            })
            .collect()
    }

    /// Where a column's cell is found; a name with a dot may be a key inside JSON.
    pub fn find(&self, name: &str) -> Option<CellRef> {
        let own = self.own_columns();
        if let Some(index) = own.iter().position(|column| column == name) {
            return Some(CellRef { index, path: None });
        }
        let (column, path) = name.match_indices('.').find_map(|(at, _)| {
            let column = own.iter().position(|column| column == &name[..at])?;
            Some((column, name[at + 1..].to_owned()))
        })?;
        Some(CellRef {
            index: column,
            path: Some(path),
        })
    }

    /// Its rows, without the header.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn rows(&self, path: &Path) -> Result<Rows, FileFault> {
        let mut rows = Rows::open(path, &self.reading, self.width, self.named)?;
        if self.reading.header == Some(true) {
            rows.next(&mut Row::default())?;
        }
        Ok(rows)
    }
}

/// Rows behind the preview, bounded in number and bytes; what is wrong with one is told by the import.
fn sample(rows: &mut Rows) -> Vec<Vec<String>> {
    let (mut all, mut bytes, mut row) = (Vec::new(), 0, Row::default());
    while all.len() < SAMPLE_ROWS && bytes < SAMPLE && matches!(rows.next(&mut row), Ok(true)) {
        bytes += row.cells.iter().map(String::len).sum::<usize>();
        all.push(std::mem::take(&mut row.cells));
    }
    all
}
