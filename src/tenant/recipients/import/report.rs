//! The error file: the refused rows as they were, with the reason behind them, so that they can be mended
//! and imported again.

use super::engine;
use super::settings::Reading;
use super::source::{Row, Source};
use super::stage::{self, Problem};
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::db::ids::{FieldId, ImportId};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::web::csv::harmless;
use crate::web::i18n::Texts;
use std::collections::HashMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Problems read at a time.
const PAGE: i64 = 5_000;

/// What a problem says to a reader.
pub fn reason(t: &Texts, labels: &HashMap<FieldId, String>, problem: &Problem) -> String {
    let text = match problem.code.as_str() {
        code @ ("duplicate" | "required" | "outside_fence" | "unknown_recipient" | "taken"
        | "key-missing" | "cell-too-long" | "too-many-cells" | "too-few-cells") => t.with(
            &format!("import-problem-{code}"),
            "line",
            &problem.of_line.unwrap_or_default().to_string(),
        ),
        code => t.t(&format!("value-{code}")),
    };
    match problem.field.and_then(|field| labels.get(&field)) {
        Some(label) => format!("{label}: {text}"),
        None => text,
    }
}

/// What is wrong with all of a kind.
pub fn kind(t: &Texts, code: &str) -> String {
    match code {
        "duplicate" => t.t("import-problems-duplicate"),
        code @ ("required" | "outside_fence" | "unknown_recipient" | "taken" | "key-missing"
        | "cell-too-long" | "too-many-cells" | "too-few-cells") => {
            t.t(&format!("import-problem-{code}"))
        }
        code => t.t(&format!("value-{code}")),
    }
}

/// What became of the row.
pub fn fate(t: &Texts, refused: bool, code: &str) -> String {
    t.t(match (refused, code) {
        (true, _) => "import-row-refused",
        (false, "duplicate") => "import-row-passed-over",
        (false, "too-few-cells") => "import-row-taken",
        (false, _) => "import-value-left-out",
    })
}

/// The fields' labels for a reader.
pub fn labels(all: &[Field], language: &str) -> HashMap<FieldId, String> {
    all.iter()
        .map(|field| (field.id, field.label(language).to_owned()))
        .collect()
}

/// Writes the error file of an import, if rows were refused. Its language is the tenant's.
///
/// # Errors
/// When the upload cannot be read again, or the disk takes no more.
pub fn write(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    upload: &Path,
    reading: &Reading,
    language: &str,
) -> Result<Option<PathBuf>> {
    let mut problems = Problems {
        app,
        access,
        import,
        page: Vec::new().into_iter(),
        last: 0,
    };
    let Some(mut next) = problems.next()? else {
        return Ok(None);
    };
    let labels = labels(&access.run(app, fields::all)?, language);
    let t = Texts::new(language, "UTC");
    let source = Source::look(upload, reading).map_err(|fault| engine::file_error(&fault))?;
    let mut rows = source
        .rows(upload)
        .map_err(|fault| engine::file_error(&fault))?;
    let path = app
        .files
        .join(format!("t_{}", access.scope().id))
        .join("errors")
        .join(format!("import-{import}.csv"));
    let mut out = Output::create(&path, source.reading.separator.unwrap_or(';'))?;
    let own: Vec<&String> = source
        .columns
        .iter()
        .filter(|name| source.find(name).is_some_and(|cell| cell.is_whole()))
        .collect();
    let mut names: Vec<String> = own.iter().map(|name| (*name).clone()).collect();
    names.extend([t.t("import-column-line"), t.t("import-column-reason")]);
    out.row(&names)?;
    let mut row = Row::default();
    'rows: while rows
        .next(&mut row)
        .map_err(|fault| engine::file_error(&fault))?
    {
        if row.line != next.line {
            continue;
        }
        let mut cells = row.cells.clone();
        cells.resize(own.len().max(cells.len()), String::new());
        let mut reasons = Vec::new();
        while next.line == row.line {
            reasons.push(reason(&t, &labels, &next));
            match problems.next()? {
                Some(problem) => next = problem,
                None => {
                    cells.extend([row.line.to_string(), reasons.join(" ")]);
                    out.row(&cells)?;
                    break 'rows;
                }
            }
        }
        cells.extend([row.line.to_string(), reasons.join(" ")]);
        out.row(&cells)?;
    }
    out.finish()?;
    Ok(Some(path))
}

/// An import's refused rows, page by page.
struct Problems<'p> {
    app: &'p App,
    access: &'p SystemAccess<RunImports>,
    import: ImportId,
    page: std::vec::IntoIter<Problem>,
    last: i64,
}

impl Problems<'_> {
    fn next(&mut self) -> Result<Option<Problem>> {
        if self.page.len() == 0 {
            let (import, last) = (self.import, self.last);
            let page = self.access.run(self.app, |conn| {
                stage::problems(conn, import, true, last, PAGE)
            })?;
            let page = whole_lines(page, PAGE as usize);
            self.last = page.last().map_or(last, |problem| problem.line as i64);
            self.page = page.into_iter();
        }
        Ok(self.page.next())
    }
}

/// A full page without its last line, of which more may follow; the next page begins with it. A line never
/// fills a page: it has no more problems than the file may have columns.
fn whole_lines(mut page: Vec<Problem>, limit: usize) -> Vec<Problem> {
    let last = page.last().map(|problem| problem.line);
    if page.len() >= limit && page.first().map(|problem| problem.line) != last {
        page.retain(|problem| Some(problem.line) != last);
    }
    page
}

/// A CSV file as spreadsheets open it: with a byte order mark, and without cells that they would compute.
struct Output {
    path: PathBuf,
    inner: csv::Writer<BufWriter<fs::File>>,
}

impl Output {
    fn create(path: &Path, separator: char) -> Result<Self> {
        let open = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = BufWriter::new(fs::File::create(path)?);
            file.write_all("\u{feff}".as_bytes())?;
            Ok(file)
        };
        let file = open().map_err(|error| cannot_write(path, &error))?;
        let inner = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(separator as u8)
            .from_writer(file);
        Ok(Self {
            path: path.to_owned(),
            inner,
        })
    }

    fn row(&mut self, cells: &[String]) -> Result<()> {
        let safe = cells.iter().map(|cell| harmless(cell));
        self.inner
            .write_record(safe)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) => cannot_write(&self.path, &error),
                other => AppError::internal(format!("error file: {other:?}")),
            })
    }

    fn finish(mut self) -> Result<()> {
        self.inner
            .flush()
            .map_err(|error| cannot_write(&self.path, &error))
    }
}

/// All rows are imported by then: that must be told, too.
fn cannot_write(path: &Path, error: &std::io::Error) -> AppError {
    // Half of it would look like all.
    let _ = fs::remove_file(path);
    match AppError::of_file(&path.display().to_string(), error) {
        AppError::Invalid { .. } => AppError::invalid("import-errors-disk-full"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, whole_lines};

    #[test]
    fn a_page_ends_between_two_lines() {
        let lines = |lines: &[u64]| -> Vec<Problem> {
            lines
                .iter()
                .map(|line| Problem {
                    line: *line,
                    refused: true,
                    code: "taken".into(),
                    field: None,
                    of_line: None,
                })
                .collect()
        };
        assert_eq!(whole_lines(lines(&[1, 2, 2]), 3), lines(&[1]));
        assert_eq!(whole_lines(lines(&[1, 2, 2]), 4), lines(&[1, 2, 2]));
        assert_eq!(whole_lines(lines(&[2, 2, 2]), 3), lines(&[2, 2, 2]));
    }
}
