//! What the program prints. Nothing else writes to standard output or standard error, but for the logs.

use super::{Failure, Result};
use clap::Args;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// The choice between text for a person and JSON for a script.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Print one JSON value instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

impl Format {
    /// Prints `value` as JSON, or the text that `human` makes of it.
    pub(crate) fn print<T: Serialize>(self, value: &T, human: impl FnOnce(&T) -> String) -> Result {
        let text = if self.json {
            serde_json::to_string(value)?
        } else {
            human(value)
        };
        result(&text)
    }
}

/// Prints a result, with a line's end, to standard output.
pub(crate) fn result(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
        // The reader (`head`, a pager) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!(
            "cannot write to standard output: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

/// Tells a person something on standard error. When that is closed, nobody is there to be told.
pub(crate) fn message(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Rows as text, each column as wide as its widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let rows = [
            vec!["ä".to_owned(), "b".to_owned()],
            vec!["abc".to_owned(), "d".to_owned()],
        ];
        assert_eq!(table(&rows), "ä    b\nabc  d");
    }
}
