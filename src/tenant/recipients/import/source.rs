//! Reading a file by what is in it, never by its name: separated text in any usual encoding, or a workbook.
//! Text is read row by row in constant memory; a workbook is held whole and therefore limited.

use super::settings::Reading;
use calamine::{Data, Reader as _, Xlsx};
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

/// Most columns of a file.
pub const MAX_COLUMNS: usize = 2_000;
/// Longest cell, in bytes; a row with a longer one is refused.
pub const MAX_CELL: usize = 1024 * 1024;
/// Longest row, in bytes: beyond that a quote was never closed, and the file is not what it seems.
const MAX_ROW: usize = 16 * 1024 * 1024;
/// How much is looked at to find out how the file is written.
const SAMPLE: usize = 256 * 1024;
/// How many rows a preview has.
pub const PREVIEW_ROWS: usize = 20;
/// Largest unpacked workbook, and how much larger than packed it may be.
const MAX_UNPACKED: u64 = 400 * 1024 * 1024;
const MAX_RATIO: u64 = 200;
/// Excel's own limit of rows, and how much text of a sheet is held.
const MAX_SHEET_ROWS: usize = 1_048_576;
const MAX_SHEET_BYTES: usize = 512 * 1024 * 1024;

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
    /// The columns' names; numbered where the file has none, made distinct where it repeats one. Columns of
    /// JSON objects are followed by their keys: `attributes.city`.
    pub columns: Vec<String>,
    /// Names that stood twice.
    pub repeated: Vec<String>,
    /// The first rows, cells in the order of `columns`.
    pub preview: Vec<Vec<String>>,
    /// How many columns the file itself has.
    width: usize,
}

/// Where a column's cell is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRef {
    index: usize,
    path: Option<String>,
}

/// A row of the file.
#[derive(Debug, Default)]
pub struct Row {
    /// Number of the line where it begins.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// Why it cannot be used, if it cannot.
    pub fault: Option<&'static str>,
}

/// The rows of a file in their order.
pub struct Rows {
    inner: Inner,
    /// How many columns a row may have.
    width: usize,
}

enum Inner {
    Text {
        reader: csv::Reader<Limited>,
        record: csv::StringRecord,
        since_row: Rc<Cell<usize>>,
    },
    Book(std::vec::IntoIter<Vec<String>>, u64),
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
        let reading = if head.starts_with(b"PK\x03\x04") {
            Reading {
                sheet: Some(first_sheet(path, wanted)?),
                ..wanted.clone()
            }
        } else {
            text_reading(&head, wanted)?
        };
        Self::with(path, reading)
    }

    fn with(path: &Path, mut reading: Reading) -> Result<Self, FileFault> {
        let mut rows = Rows::open(path, &reading, usize::MAX)?;
        let mut first = Vec::new();
        let mut row = Row::default();
        while first.len() <= PREVIEW_ROWS && rows.next(&mut row)? {
            if row.cells.len() > MAX_COLUMNS {
                return Err(FileFault {
                    code: "too-many-columns",
                    line: row.line,
                });
            }
            first.push(std::mem::take(&mut row.cells));
        }
        let header = reading.header.unwrap_or_else(|| looks_like_header(&first));
        reading.header = Some(header);
        if first.is_empty() || (header && first.len() == 1) {
            return Err(FileFault::whole("no-rows"));
        }
        let width = if header {
            first[0].len()
        } else {
            first.iter().map(Vec::len).max().unwrap_or_default()
        };
        let names = if header { first.remove(0) } else { Vec::new() };
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
            columns,
            repeated,
            preview: Vec::new(),
            width,
        };
        source.preview = first.iter().map(|cells| source.all_cells(cells)).collect();
        Ok(source)
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
        let own = &self.columns[..self.width.min(self.columns.len())];
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
        let mut rows = Rows::open(path, &self.reading, self.width)?;
        if self.reading.header == Some(true) {
            rows.next(&mut Row::default())?;
        }
        Ok(rows)
    }
}

impl CellRef {
    /// Whether it is a column of the file itself, not a key inside JSON.
    pub fn is_whole(&self) -> bool {
        self.path.is_none()
    }

    /// The cell's text, or that of the key inside its JSON.
    pub fn of(&self, cells: &[String]) -> String {
        let cell = cells
            .get(self.index)
            .map(String::as_str)
            .unwrap_or_default();
        let Some(path) = &self.path else {
            return cell.to_owned();
        };
        let Ok(json) = serde_json::from_str::<serde_json::Value>(cell) else {
            return String::new();
        };
        let found = path.split('.').try_fold(&json, |value, key| value.get(key));
        match found {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

impl Rows {
    fn open(path: &Path, reading: &Reading, width: usize) -> Result<Self, FileFault> {
        let inner = match &reading.sheet {
            Some(sheet) => Inner::Book(sheet_rows(path, sheet)?.into_iter(), 0),
            None => text_rows(path, reading)?,
        };
        Ok(Self { inner, width })
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        row.fault = None;
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
            }
        }
        let beyond = row.cells.get(self.width..).unwrap_or_default();
        if beyond.iter().any(|cell| !cell.trim().is_empty()) {
            row.fault = Some("too-many-cells");
        }
        Ok(true)
    }
}

fn fault_of(error: &csv::Error) -> &'static str {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => "row-too-long",
        csv::ErrorKind::Io(_) => "gone",
        _ => "unreadable",
    }
}

/// Ends a row that never ends.
struct Limited {
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

fn text_rows(path: &Path, reading: &Reading) -> Result<Inner, FileFault> {
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
    let reader = csv::ReaderBuilder::new()
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

fn text_reading(head: &[u8], wanted: &Reading) -> Result<Reading, FileFault> {
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
    let separator = wanted.separator.unwrap_or_else(|| detect_separator(&text));
    Ok(Reading {
        encoding: Some(encoding.name().to_owned()),
        separator: Some(separator),
        header: wanted.header,
        sheet: None,
    })
}

fn detect_encoding(head: &[u8]) -> Result<&'static Encoding, FileFault> {
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
fn detect_separator(text: &str) -> char {
    let score = |separator: char| {
        let mut reader = csv::ReaderBuilder::new()
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
fn looks_like_header(rows: &[Vec<String>]) -> bool {
    let Some(first) = rows.first() else {
        return false;
    };
    let plain = first
        .iter()
        .all(|cell| !cell.contains('@') && cell.parse::<f64>().is_err());
    let named = first.iter().filter(|cell| !cell.trim().is_empty()).count();
    plain && named * 2 > first.len()
}

/// Names for all columns: trimmed, numbered where there is none, made distinct where one stands twice.
fn distinct(names: &[String], width: usize) -> (Vec<String>, Vec<String>) {
    let (mut all, mut repeated): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for index in 0..width {
        let name = names
            .get(index)
            .map(|name| name.trim())
            .filter(|name| !name.is_empty());
        let name = name.map_or_else(|| (index + 1).to_string(), str::to_owned);
        let mut unique = name.clone();
        let mut number = 2;
        while all.contains(&unique) {
            unique = format!("{name} ({number})");
            number += 1;
        }
        if unique != name && !repeated.contains(&name) {
            repeated.push(name);
        }
        all.push(unique);
    }
    (all, repeated)
}

/// The keys of JSON objects in a column of the preview.
fn json_keys(rows: &[Vec<String>], index: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for cell in rows
        .iter()
        .filter_map(|row| row.get(index))
        .filter(|cell| cell.trim_start().starts_with('{'))
    {
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(cell) {
            for (key, value) in &object {
                if !value.is_object() && !keys.contains(key) && keys.len() < 100 {
                    keys.push(key.clone());
                }
            }
        }
    }
    keys
}

fn checked_book(path: &Path) -> Result<Xlsx<BufReader<File>>, FileFault> {
    let mut file = File::open(path).map_err(|_| FileFault::whole("gone"))?;
    let unreadable = || FileFault::whole("workbook");
    {
        // What the archive says of itself, before anything is unpacked.
        let mut archive =
            zip::ZipArchive::new(BufReader::new(&mut file)).map_err(|_| unreadable())?;
        let (mut packed, mut unpacked) = (0u64, 0u64);
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|_| unreadable())?;
            packed = packed.saturating_add(entry.compressed_size());
            unpacked = unpacked.saturating_add(entry.size());
        }
        if unpacked > MAX_UNPACKED || unpacked / packed.max(1) > MAX_RATIO {
            return Err(FileFault::whole("workbook-too-large"));
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(|_| unreadable())?;
    Xlsx::new(BufReader::new(file)).map_err(|_| unreadable())
}

fn first_sheet(path: &Path, wanted: &Reading) -> Result<String, FileFault> {
    let names = checked_book(path)?.sheet_names();
    match &wanted.sheet {
        Some(sheet) if names.contains(sheet) => Ok(sheet.clone()),
        Some(_) => Err(FileFault::whole("no-sheet")),
        None => names
            .into_iter()
            .next()
            .ok_or_else(|| FileFault::whole("workbook")),
    }
}

/// Cell by cell, because a sheet's two farthest corners alone would ask for a grid of all between them.
fn sheet_rows(path: &Path, sheet: &str) -> Result<Vec<Vec<String>>, FileFault> {
    let mut book = checked_book(path)?;
    let unreadable = |_| FileFault::whole("workbook");
    let mut cells = book.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0usize;
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        if column >= MAX_COLUMNS {
            return Err(FileFault {
                code: "too-many-columns",
                line: row as u64 + 1,
            });
        }
        let text = cell_text(&Data::from(cell.get_value().clone()));
        bytes += text.len() + 32;
        if row >= MAX_SHEET_ROWS || bytes > MAX_SHEET_BYTES {
            return Err(FileFault::whole("workbook-too-large"));
        }
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        if rows[row].len() <= column {
            rows[row].resize(column + 1, String::new());
        }
        rows[row][column] = text;
    }
    Ok(rows)
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) => match moment.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string(),
            Some(at) => at.to_string(),
            None => String::new(),
        },
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        Data::Error(_) => String::new(),
        other => other.to_string(),
    }
}
