//! The import itself: rows are read, values checked, and batches applied, each in one transaction with its
//! progress. After a crash it reads the file again and goes on behind the last committed batch.
//!
//! Memory: one batch of rows as text, and about 70 bytes for each row's key (the finding of duplicates).

use super::settings::{Duplicates, Mapped, Settings};
use super::source::{CellRef, FileFault, Row, Source};
use super::stage::{self, Counts, Problem};
use super::value;
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::db::copy::copy_into_stage;
use crate::db::ids::{FieldId, ImportId};
use crate::db::schema::tenant::imports;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// Rows of a batch.
const BATCH_ROWS: usize = 50_000;
/// Bytes of a batch, so that long rows do not fill the memory.
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// How often a batch is tried when others change the same recipients.
const TRIES: usize = 6;
/// How many problems a dry run shows.
pub const SHOWN_PROBLEMS: i64 = 100;

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows of the file.
    pub rows: i64,
    /// What became of them; the four add up to the rows.
    pub counts: Counts,
    /// Values left out of rows that were taken.
    pub noted: i64,
    /// A dry run's first problems.
    pub problems: Vec<Problem>,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

/// A mapped column, ready to be read.
struct Target {
    cell: CellRef,
    field: FieldId,
    kind: Kind,
    column: String,
}

/// The file half of an import: turns rows into batches.
struct Reader<'r> {
    rows: super::source::Rows,
    targets: Vec<Target>,
    key: usize,
    settings: &'r Settings,
    seen: HashMap<u128, u32>,
    /// Only for `Duplicates::Last`: the last line of each key.
    last: HashMap<u128, u32>,
    row: Row,
}

/// A row's values in the order of the columns, and those that were left out with the reason.
type ReadRow = (Vec<Option<String>>, Vec<(usize, value::Fault)>);

/// Rows ready to be staged.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    staged: usize,
    /// Lines behind which the import goes on after this batch.
    last_line: u64,
    rows: i64,
    counts: Counts,
    noted: i64,
    problems: Vec<Problem>,
}

/// Why a mapping cannot be used.
fn unfit(key: &'static str, column: &str) -> AppError {
    AppError::Invalid {
        key,
        params: vec![("column", column.to_owned())],
    }
}

/// A fault of the file as an error for the user.
pub fn file_error(fault: &FileFault) -> AppError {
    let key = match fault.code {
        "gone" => "file-gone",
        "empty" => "file-empty",
        "no-rows" => "file-no-rows",
        "binary" => "file-binary",
        "encoding" => "file-encoding",
        "too-many-columns" => "file-too-many-columns",
        "row-too-long" => "file-row-too-long",
        "workbook" => "file-workbook",
        "workbook-too-large" => "file-workbook-too-large",
        "no-sheet" => "file-no-sheet",
        _ => "file-unreadable",
    };
    AppError::Invalid {
        key,
        params: vec![("line", fault.line.to_string())],
    }
}

/// Runs an import of the file at `path`. `go_on` hears the progress (rows done) and answers whether to go on.
///
/// # Errors
/// When the file cannot be read, the mapping does not fit, or the database refuses.
pub fn run(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    path: &Path,
    settings: &Settings,
    dry: bool,
    go_on: &mut dyn FnMut(i64) -> Result<bool>,
) -> Result<Outcome> {
    let access = &access.clone().importing(import);
    let all = access.run(app, |conn| fields::all(conn.pg()))?;
    let source = Source::look(path, &settings.reading).map_err(|fault| file_error(&fault))?;
    let mut plan = Plan::make(&source, &all, settings)?;
    let mut reader = Reader::open(&source, path, &mut plan, settings)?;
    if dry {
        return dry_run(app, access, import, &plan, settings, &mut reader);
    }
    let mut outcome = Outcome::default();
    let done_line = access.run(app, |conn| begin(conn, import, &plan, &mut outcome))?;
    while let Some(batch) = reader
        .batch(done_line)
        .map_err(|fault| file_error(&fault))?
    {
        apply_again(app, access, import, &plan, settings, &batch, &mut outcome)?;
        if !go_on(outcome.rows)? {
            outcome.cancelled = true;
            break;
        }
    }
    access.run(app, |conn| stage::close(conn, import))?;
    Ok(outcome)
}

/// Opens the stage, and takes up the counts of an import that was cut off.
fn begin(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    plan: &Plan,
    outcome: &mut Outcome,
) -> Result<u64> {
    use imports as i;
    stage::open(conn, import, &plan.columns)?;
    let (done_line, rows, created, updated, unchanged, refused, noted): (
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
    ) = i::table
        .find(import.0)
        .select((
            i::done_line,
            i::rows,
            i::created,
            i::updated,
            i::unchanged,
            i::refused,
            i::noted,
        ))
        .first(conn.pg())?;
    outcome.rows = rows;
    outcome.noted = noted;
    outcome.counts = Counts {
        created,
        updated,
        unchanged,
        refused,
    };
    Ok(done_line as u64)
}

fn apply_again(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    batch: &Batch,
    outcome: &mut Outcome,
) -> Result<()> {
    for attempt in 1.. {
        match access.run(app, |conn| {
            apply(conn, import, plan, settings, batch, outcome)
        }) {
            Ok(next) => {
                *outcome = next;
                return Ok(());
            }
            Err(error) if error.is_transient() && attempt < TRIES => {
                std::thread::sleep(std::time::Duration::from_millis(50 << attempt));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One batch in the caller's transaction: copy, apply, note, and say how far it is.
fn apply(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    batch: &Batch,
    before: &Outcome,
) -> Result<Outcome> {
    let mut after = before.clone();
    if batch.staged > 0 {
        copy_into_stage(conn, import, &plan.columns, &batch.text)?;
        let order = stage::Order {
            import,
            mode: settings.mode,
            key: &plan.columns[plan.key],
            columns: &plan.columns,
            clear: settings.clear_empty,
            lists: &settings.lists,
            consent: Some(settings.consent.as_str()).filter(|text| !text.is_empty()),
        };
        after.counts.add(stage::apply(conn, &order)?);
    }
    after.counts.add(batch.counts);
    after.rows += batch.rows;
    after.noted += batch.noted;
    stage::note(conn, import, &batch.problems)?;
    diesel::update(imports::table.find(import.0))
        .set((
            imports::done_line.eq(batch.last_line as i64),
            imports::rows.eq(after.rows),
            imports::created.eq(after.counts.created),
            imports::updated.eq(after.counts.updated),
            imports::unchanged.eq(after.counts.unchanged),
            imports::refused.eq(after.counts.refused),
            imports::noted.eq(after.noted),
        ))
        .execute(conn.pg())?;
    Ok(after)
}

/// The same in one transaction that is taken back: exact counts, nothing kept.
fn dry_run(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    reader: &mut Reader<'_>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let taken_back = access.run(app, |conn| {
        stage::open(conn, import, &plan.columns)?;
        while let Some(batch) = reader.batch(0).map_err(|fault| file_error(&fault))? {
            outcome = apply(conn, import, plan, settings, &batch, &outcome)?;
        }
        outcome.problems = stage::problems(conn, import, false, 0, SHOWN_PROBLEMS)?;
        Err::<(), _>(AppError::TakenBack)
    });
    match taken_back {
        Err(AppError::TakenBack) => Ok(outcome),
        Err(other) => Err(other),
        Ok(()) => Ok(outcome),
    }
}

/// The database half: which columns are staged, in which order.
struct Plan {
    targets: Vec<Target>,
    columns: Vec<String>,
    key: usize,
}

impl Plan {
    fn make(source: &Source, all: &[Field], settings: &Settings) -> Result<Self> {
        let mut plan = Self {
            targets: Vec::new(),
            columns: Vec::new(),
            key: usize::MAX,
        };
        let email = all
            .iter()
            .find(|field| field.standard_column.as_deref() == Some("email"))
            .map(|field| field.id);
        let key = settings.key.or(email).ok_or(AppError::NotFound)?;
        for Mapped { column, field } in &settings.mapping {
            let known = all
                .iter()
                .find(|known| known.id == *field)
                .ok_or_else(|| unfit("import-field-gone", column))?;
            let cell = source
                .find(column)
                .ok_or_else(|| unfit("import-column-gone", column))?;
            let name = known.column()?.to_string();
            if matches!(name.as_str(), "created_at" | "changed_at" | "source") {
                return Err(unfit("import-field-fixed", column));
            }
            if plan.columns.contains(&name) {
                return Err(unfit("import-field-twice", column));
            }
            if known.id == key {
                plan.key = plan.columns.len();
            }
            plan.columns.push(name.clone());
            plan.targets.push(Target {
                cell,
                field: known.id,
                kind: known.kind()?,
                column: name,
            });
        }
        let key_field = all.iter().find(|field| field.id == key);
        if plan.key == usize::MAX {
            return Err(unfit(
                "import-no-key",
                key_field.map_or("", |field| field.key.as_str()),
            ));
        }
        if !key_field.is_some_and(|field| field.is_unique) {
            return Err(unfit(
                "import-key-not-unique",
                key_field.map_or("", |field| field.key.as_str()),
            ));
        }
        Ok(plan)
    }
}

impl<'r> Reader<'r> {
    fn open(source: &Source, path: &Path, plan: &mut Plan, settings: &'r Settings) -> Result<Self> {
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
            if let Ok((values, _)) = self.read_row() {
                let key = hash(values[self.key].as_deref().unwrap_or_default());
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
        let (mut values, mut left_out) = (Vec::with_capacity(self.targets.len()), Vec::new());
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
                Ok(value) => values.push(value),
                Err(fault) if must_be_good => return Err((fault, Some(target.field))),
                Err(fault) => {
                    values.push(None);
                    left_out.push((index, fault));
                }
            }
        }
        Ok((values, left_out))
    }

    /// The next rows behind `done_line`; none at the end.
    fn batch(&mut self, done_line: u64) -> std::result::Result<Option<Batch>, FileFault> {
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
                if let Ok((values, _)) = self.read_row() {
                    let key = hash(values[self.key].as_deref().unwrap_or_default());
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
        let (values, left_out) = match self.read_row() {
            Ok(read) => read,
            Err((fault, field)) => return refuse(batch, fault, field, None),
        };
        if let Some(first) = self.is_repeated(values[self.key].as_deref().unwrap_or_default(), line)
        {
            if self.settings.duplicates == Duplicates::Refuse {
                return refuse(batch, "duplicate", None, Some(first));
            }
            batch.counts.unchanged += 1;
            batch.noted += 1;
            batch.problems.push(Problem {
                line,
                refused: false,
                code: "duplicate".into(),
                field: None,
                of_line: Some(first),
            });
            return;
        }
        for (index, fault) in &left_out {
            let field = Some(self.targets[*index].field);
            batch.noted += 1;
            batch.problems.push(Problem {
                line,
                refused: false,
                code: (*fault).to_owned(),
                field,
                of_line: None,
            });
        }
        let kept: Vec<usize> = left_out.into_iter().map(|(index, _)| index).collect();
        self.write(batch, line, &values, &kept);
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

fn escape(out: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
}

/// Sixteen bytes tell keys apart; no file is large enough for two to meet by chance.
fn hash(key: &str) -> u128 {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    u128::from_ne_bytes(bytes)
}
