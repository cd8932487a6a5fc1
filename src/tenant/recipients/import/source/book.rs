//! Workbooks.

use super::{FileFault, MAX_COLUMNS};
use crate::tenant::recipients::import::settings::Reading;
use calamine::{Data, Reader as _, Xlsx};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

/// Largest unpacked workbook, and how much larger than packed it may be.
pub(super) const MAX_UNPACKED: u64 = 400 * 1024 * 1024;

pub(super) const MAX_RATIO: u64 = 200;

/// Excel's own limit of rows, and how much text of a sheet is held.
pub(super) const MAX_SHEET_ROWS: usize = 1_048_576;

pub(super) const MAX_SHEET_BYTES: usize = 512 * 1024 * 1024;

pub(super) fn checked_book(path: &Path) -> Result<Xlsx<BufReader<File>>, FileFault> {
    let mut file = File::open(path).map_err(|_| FileFault::whole("gone"))?;
    let unreadable = || FileFault::whole("workbook");
    {
        // What the archive says of itself, before anything is unpacked; reading more than that is an error.
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

/// The sheets of a workbook, and the one that is read: the first with a header and a row, because many a
/// workbook begins with a cover.
pub(super) fn sheets(path: &Path, wanted: &Reading) -> Result<(Vec<String>, String), FileFault> {
    let mut book = checked_book(path)?;
    let names = book.sheet_names();
    let chosen = match &wanted.sheet {
        Some(sheet) if names.contains(sheet) => sheet.clone(),
        Some(_) => return Err(FileFault::whole("no-sheet")),
        None => {
            let least = if wanted.header == Some(false) { 1 } else { 2 };
            let usable = names.iter().find(|name| has_rows(&mut book, name, least));
            let chosen = usable.or_else(|| names.first());
            chosen
                .cloned()
                .ok_or_else(|| FileFault::whole("workbook"))?
        }
    };
    Ok((names, chosen))
}

/// Whether at least so many rows of a sheet have something in them. No more of it is read than that takes;
/// a sheet that cannot be read, as one that is a diagram, has none.
fn has_rows(book: &mut Xlsx<BufReader<File>>, sheet: &str, least: usize) -> bool {
    let Ok(mut cells) = book.worksheet_cells_reader(sheet) else {
        return false;
    };
    let mut rows = BTreeSet::new();
    while let Ok(Some(cell)) = cells.next_cell() {
        let text = cell_text(&Data::from(cell.get_value().clone()));
        if !text.trim().is_empty() {
            rows.insert(cell.get_position().0);
        }
        if rows.len() >= least {
            return true;
        }
    }
    false
}

/// Cell by cell, because a sheet's two farthest corners alone would ask for a grid of all between them.
pub(super) fn sheet_rows(path: &Path, sheet: &str) -> Result<Vec<Vec<String>>, FileFault> {
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

pub(super) fn cell_text(cell: &Data) -> String {
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
