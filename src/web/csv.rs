//! Lists as CSV files that spreadsheets open: with a byte order mark, and without cells that they would
//! compute. Sent part by part as the database answers, so that a long list needs no more memory than a part.

use crate::clock;
use crate::error::{AppError, Result};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use futures_util::stream::{self, TryStreamExt};
use std::future::Future;

/// What a formula begins with; spreadsheets of East Asia take the wide signs for the same.
pub const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A line's cells.
pub type Line = Vec<String>;

/// A download. `next` answers some lines and from where it shall go on, or nothing after the last.
pub fn download<S, F, A>(name: &str, headings: Line, start: S, next: F) -> HttpResponse
where
    S: 'static,
    F: FnMut(S) -> A + 'static,
    A: Future<Output = Result<Option<(Vec<Line>, S)>>> + 'static,
{
    let head = stream::once(async move {
        let mut bytes = "\u{feff}".as_bytes().to_vec();
        bytes.extend(lines(&[headings])?);
        Ok(web::Bytes::from(bytes))
    });
    let body = stream::try_unfold(start, next)
        .and_then(|part| async move { Ok(web::Bytes::from(lines(&part)?)) });
    let day = clock::now().format("%Y-%m-%d");
    let disposition = format!("attachment; filename=\"{name}-{day}.csv\"");
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(stream::StreamExt::chain(head, body))
}

/// A download of a list that is read at once.
pub fn short(name: &str, headings: Line, all: Vec<Line>) -> HttpResponse {
    download(name, headings, Some(all), |rest| async move {
        Ok(rest.map(|all| (all, None)))
    })
}

/// A tenant's path as part of a file's name.
pub fn file_name(path: &str, what: &str) -> String {
    format!("{what}-{}", path.replace('/', "-"))
}

fn lines(all: &[Line]) -> Result<Vec<u8>> {
    let failed = |error: String| AppError::internal(format!("CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in all {
        let cells = line.iter().map(|cell| harmless(cell));
        writer
            .write_record(cells)
            .map_err(|error| failed(error.to_string()))?;
    }
    writer
        .into_inner()
        .map_err(|error| failed(error.to_string()))
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises; numbers and
/// telephone numbers stay as they are. `as_written` takes it off again.
pub fn harmless(cell: &str) -> String {
    let number = cell
        .chars()
        .all(|c| c.is_ascii_digit() || "+-., ()/".contains(c))
        && cell.len() > 1;
    if is_formula(cell) && !number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// What a cell was before `harmless`, so that a mended error file or an export can be imported again.
pub fn as_written(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| is_formula(rest))
        .unwrap_or(cell)
}

/// Apostrophes before it are seen through, so that one that was there before is not lost on the way back.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::{as_written, harmless, lines};

    #[test]
    fn what_was_made_harmless_comes_back_as_it_was() {
        for cell in [
            "=1+1",
            "'=1+1",
            "''@x",
            "+49 30 1",
            "'+49 30 1",
            "-x",
            "＝1+1",
            "\n=1",
            "'s",
            "'",
            "",
            "O'Neill",
        ] {
            assert_eq!(as_written(&harmless(cell)), cell);
        }
        assert_eq!(harmless("=1+1"), "'=1+1");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let line = ["=1+1".to_owned(), "Nord; \"GmbH\"".to_owned()].to_vec();
        let text = String::from_utf8(lines(&[line]).unwrap()).unwrap();
        assert_eq!(text, "'=1+1,\"Nord; \"\"GmbH\"\"\"\n");
    }
}
