//! The rows of a file, one after the other.

use super::book::sheet_rows;
use super::{FileFault, MAX_CELL};
use crate::tenant::recipients::import::settings::Reading;
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// Longest row, in bytes: beyond that a quote was never closed, and the file is not what it seems.
pub(super) const MAX_ROW: usize = 16 * 1024 * 1024;

/// A row of the file.
#[derive(Debug, Default)]
pub struct Row {
    /// Number of the line where it begins.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// Why it cannot be used, if it cannot.
    pub fault: Option<&'static str>,
    /// Whether cells of named columns are missing at its end. Workbooks leave out empty cells, so their rows
    /// never are.
    pub short: bool,
}

/// The rows of a file in their order.
pub struct Rows {
    pub(super) inner: Inner,
    /// How many columns a row may have.
    pub(super) width: usize,
    /// How many it should have.
    pub(super) named: usize,
}

pub(super) enum Inner {
    Text {
        reader: csv::Reader<Limited>,
        record: csv::StringRecord,
        since_row: Rc<Cell<usize>>,
    },
    Book(std::vec::IntoIter<Vec<String>>, u64),
}

impl Rows {
    /// A row may have `width` cells, and should have those of the `named` first columns.
    pub(super) fn open(
        path: &Path,
        reading: &Reading,
        width: usize,
        named: usize,
    ) -> Result<Self, FileFault> {
        let inner = match &reading.sheet {
            Some(sheet) => Inner::Book(sheet_rows(path, sheet)?.into_iter(), 0),
            None => text_rows(path, reading)?,
        };
        Ok(Self {
            inner,
            width,
            named,
        })
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        row.fault = None;
        row.short = false;
        row.cells.clear();
        match &mut self.inner {
            Inner::Book(rows, line) => {
                let Some(cells) = rows.next() else {
                    return Ok(false);
                };
                *line += 1;
                row.line = *line;
                row.cells = cells;
            }
            Inner::Text {
                reader,
                record,
                since_row,
            } => {
                since_row.set(0);
                let line = reader.position().line();
                match reader.read_record(record) {
                    Ok(false) => return Ok(false),
                    Ok(true) => {}
                    Err(error) => {
                        return Err(FileFault {
                            code: fault_of(&error),
                            line,
                        });
                    }
                }
                row.line = record.position().map_or(line, csv::Position::line);
                if record.iter().any(|cell| cell.len() > MAX_CELL) {
                    row.fault = Some("cell-too-long");
                    return Ok(true);
                }
                row.cells.extend(record.iter().map(str::to_owned));
                row.short = row.cells.len() < self.named;
            }
        }
        let beyond = row.cells.get(self.width..).unwrap_or_default();
        if beyond.iter().any(|cell| !cell.trim().is_empty()) {
            row.fault = Some("too-many-cells");
        }
        Ok(true)
    }
}

pub(super) fn fault_of(error: &csv::Error) -> &'static str {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => "row-too-long",
        csv::ErrorKind::Io(_) => "gone",
        _ => "unreadable",
    }
}

/// Ends a row that never ends.
pub(super) struct Limited {
    inner: Box<dyn Read>,
    since_row: Rc<Cell<usize>>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > MAX_ROW {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + read);
        Ok(read)
    }
}

pub(super) fn text_rows(path: &Path, reading: &Reading) -> Result<Inner, FileFault> {
    let file = File::open(path).map_err(|_| FileFault::whole("gone"))?;
    let label = reading.encoding.as_deref().unwrap_or("utf-8");
    let encoding =
        Encoding::for_label(label.as_bytes()).ok_or_else(|| FileFault::whole("encoding"))?;
    let decoded = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .bom_override(true)
        .strip_bom(true)
        .build(file);
    let since_row = Rc::new(Cell::new(0));
    let limited = Limited {
        inner: Box::new(decoded),
        since_row: Rc::clone(&since_row),
    };
    let separator = reading.separator.filter(char::is_ascii).unwrap_or(',');
    let reader = reading
        .quote
        .reader()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator as u8)
        .buffer_capacity(64 * 1024)
        .from_reader(limited);
    Ok(Inner::Text {
        reader,
        record: csv::StringRecord::new(),
        since_row,
    })
}
