//! Many recipients at once, sent by a program: set-based, in one transaction, with a result for each row.
//! The rows go the way of an import's batch (stage and apply), so that fences, unique fields, history and
//! the silence about hidden people are the same.

use super::dynamic::Dynamic;
use super::entered;
use super::import::settings::Mode;
use super::import::stage::{self, Order};
use super::show;
use super::write::Assignment;
use crate::db::copy::copy_into_stage;
use crate::db::ids::{FieldId, ImportId, ListId};
use crate::db::schema::tenant::{imports, subscriptions};
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most rows at a time.
pub const MOST: usize = 1_000;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Rows by the fields' keys.
    pub rows: Vec<Map<String, Value>>,
    /// `Add`, `Upsert` or `Update`.
    pub mode: Mode,
    /// Key of the unique field that tells which recipient a row means.
    pub key: String,
    /// Lists to subscribe to.
    pub lists: Vec<ListId>,
    /// What the recipients agreed to.
    pub consent: Option<String>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// He is new; in an inner tenant also: he was asked for.
    Created,
    /// He was known and is different now.
    Updated,
    /// He was known and is as he was.
    Unchanged,
    /// Nothing was done.
    Refused(Refusal),
}

/// Why nothing was done with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The message's key.
    pub key: String,
    /// Key of the field that it is about; empty for the row as a whole.
    pub field: String,
    /// The row that this one repeats.
    pub of_row: Option<usize>,
}

fn refused(key: impl Into<String>, field: &str) -> Fate {
    Fate::Refused(Refusal {
        key: key.into(),
        field: field.to_owned(),
        of_row: None,
    })
}

/// A row that can be staged.
struct Ready {
    row: usize,
    key: String,
    values: HashMap<String, Assignment>,
}

/// Does it; the answer has a fate for each row, in their order.
///
/// # Errors
/// `Invalid` for a key that is none or a list outside the fence; a transient one when recipients changed
/// meanwhile: do it again.
pub fn upsert(conn: &mut TenantConn<'_, Write>, wanted: &Wanted) -> Result<Vec<Fate>> {
    let all = fields::all(conn)?;
    let key = all
        .iter()
        .find(|field| {
            // Whom a row means must not tell what its sender may not see.
            field.key == wanted.key
                && field.is_unique
                && field.pending.is_none()
                && field.is_editable()
        })
        .ok_or_else(|| AppError::Invalid {
            key: "import-key-not-unique",
            params: vec![("column", wanted.key.clone())],
        })?;
    let mut fates: Vec<Option<Fate>> = vec![None; wanted.rows.len()];
    let ready = read(&all, key, &wanted.rows, &mut fates)?;
    if !ready.is_empty() {
        apply(conn, &all, key, wanted, &ready, &mut fates)?;
    }
    Ok(fates
        .into_iter()
        .map(|fate| fate.unwrap_or(Fate::Unchanged))
        .collect())
}

/// The rows that can be staged; the others have their fate.
fn read(
    all: &[Field],
    key: &Field,
    rows: &[Map<String, Value>],
    fates: &mut [Option<Fate>],
) -> Result<Vec<Ready>> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut ready = Vec::new();
    'rows: for (row, sent) in rows.iter().enumerate() {
        let mut values = HashMap::new();
        for (name, value) in sent {
            match entered::one(all, name, value)? {
                Ok(value) => _ = values.insert(name.clone(), value),
                Err(fault) => {
                    fates[row] = Some(refused(fault, name));
                    continue 'rows;
                }
            }
        }
        let means = values.get(&key.key).and_then(|value| value.value.clone());
        let Some(means) = means else {
            fates[row] = Some(refused("import-problem-key-missing", &key.key));
            continue;
        };
        if let Some(of_row) = first.get(&means) {
            fates[row] = Some(Fate::Refused(Refusal {
                key: "api-row-repeated".into(),
                field: key.key.clone(),
                of_row: Some(*of_row),
            }));
            continue;
        }
        first.insert(means.clone(), row);
        ready.push(Ready {
            row,
            key: means,
            values,
        });
    }
    Ok(ready)
}

fn apply(
    conn: &mut TenantConn<'_, Write>,
    all: &[Field],
    key: &Field,
    wanted: &Wanted,
    ready: &[Ready],
    fates: &mut [Option<Fate>],
) -> Result<()> {
    let used: BTreeSet<&str> = ready
        .iter()
        .flat_map(|row| row.values.keys().map(String::as_str))
        .collect();
    let used: Vec<&Field> = all
        .iter()
        .filter(|field| used.contains(field.key.as_str()))
        .collect();
    let columns = used
        .iter()
        .map(|field| Ok(field.column()?.to_string()))
        .collect::<Result<Vec<_>>>()?;
    // Whom the acting role sees before: what became of a row must not depend on anybody else.
    let known = known(conn, key, &used, ready)?;
    let subscribed = subscribed(conn, &known, &wanted.lists)?;
    // The row in `imports` is only the stage's key; it goes again.
    let import: i32 = diesel::insert_into(imports::table)
        .values((imports::state.eq("running"), imports::file_name.eq("")))
        .returning(imports::id)
        .get_result(conn.pg())?;
    let import = ImportId(import);
    stage::open(conn, import, &columns)?;
    copy_into_stage(conn, import, &columns, &text(&used, &columns, ready))?;
    let key_column = key.column()?;
    let order = Order {
        import,
        mode: wanted.mode,
        key: key_column.as_str(),
        columns: &columns,
        // What a row leaves out is kept by name, so that null can empty a field.
        clear: true,
        lists: &wanted.lists,
        consent: wanted.consent.as_deref(),
    };
    stage::apply(conn, &order)?;
    let problems = stage::problems(conn, import, true, -1, MOST as i64)?;
    stage::close(conn, import)?;
    diesel::delete(imports::table.find(import.0)).execute(conn.pg())?;
    let changes = wanted.mode != Mode::Add;
    for row in ready {
        fates[row.row] = Some(match known.get(&row.key) {
            None => Fate::Created,
            Some((id, now)) => {
                let differs = used.iter().zip(now).any(|(field, now)| {
                    row.values.get(&field.key).is_some_and(|sent| {
                        !same(&sent.kind, now.as_deref(), sent.value.as_deref(), field)
                    })
                });
                let joins = wanted
                    .lists
                    .iter()
                    .any(|list| !subscribed.contains(&(*id, list.0)));
                if changes && (differs || joins) {
                    Fate::Updated
                } else {
                    Fate::Unchanged
                }
            }
        });
    }
    for problem in problems {
        let row = problem.line as usize;
        let field = problem.field.and_then(|id| key_of(all, id));
        let key = format!("import-problem-{}", problem.code);
        fates[row] = Some(refused(key, field.unwrap_or_default()));
    }
    Ok(())
}

fn key_of(all: &[Field], id: FieldId) -> Option<&str> {
    all.iter()
        .find(|field| field.id == id)
        .map(|field| field.key.as_str())
}

type Known = HashMap<String, (i64, Vec<Option<String>>)>;

/// The recipients that the rows mean, as far as the acting role sees them, with what they are now.
fn known(
    conn: &mut TenantConn<'_, Write>,
    key: &Field,
    used: &[&Field],
    ready: &[Ready],
) -> Result<Known> {
    let (column, kind) = (key.column()?, key.kind()?);
    let mut query = Dynamic::<(BigInt, Array<Nullable<Text>>)>::default()
        .sql("SELECT r.id, ARRAY[")
        .column(&column)
        .sql("::text");
    for field in used {
        query = query.sql(", ").column(&field.column()?).sql("::text");
    }
    let query = query
        .sql("] FROM recipients r WHERE ")
        .column(&column)
        .sql(" IN (")
        .each(ready, ", ", |q, row| q.value(&kind, Some(row.key.clone())))
        .sql(")");
    let found: Vec<(i64, Vec<Option<String>>)> = query.load(conn.pg())?;
    Ok(found
        .into_iter()
        .filter_map(|(id, mut values)| {
            let means = values.remove(0)?;
            Some((normal(&kind, &means), (id, values)))
        })
        .collect())
}

/// Which of them are on which of the lists.
fn subscribed(
    conn: &mut TenantConn<'_, Write>,
    known: &Known,
    lists: &[ListId],
) -> Result<HashSet<(i64, i32)>> {
    let ids: Vec<i64> = known.values().map(|(id, _)| *id).collect();
    let lists: Vec<i32> = lists.iter().map(|list| list.0).collect();
    let found: Vec<(i64, i32)> = subscriptions::table
        .filter(subscriptions::recipient_id.eq_any(ids))
        .filter(subscriptions::list_id.eq_any(lists))
        .select((subscriptions::recipient_id, subscriptions::list_id))
        .load(conn.pg())?;
    Ok(found.into_iter().collect())
}

/// A value as the database casts it to text, in the form of `Kind::canonical`.
fn normal(kind: &Kind, text: &str) -> String {
    let canonical = match kind {
        Kind::DateTime => show::moment(text).and_then(|at| kind.canonical(&at.to_rfc3339())),
        _ => kind.canonical(text),
    };
    canonical.unwrap_or_else(|| text.to_owned())
}

/// Whether a value stays; a field that cannot be empty keeps what it has.
fn same(kind: &Kind, now: Option<&str>, sent: Option<&str>, field: &Field) -> bool {
    match (now, sent) {
        (None, None) => true,
        (Some(now), Some(sent)) => normal(kind, now) == sent,
        (Some(_), None) => field.standard_column.as_deref() == Some("format"),
        (None, Some(_)) => false,
    }
}

/// The rows in PostgreSQL's COPY text; what a row leaves out stands in `kept`.
fn text(used: &[&Field], columns: &[String], ready: &[Ready]) -> Vec<u8> {
    let mut out = String::new();
    for row in ready {
        let kept: Vec<&str> = used
            .iter()
            .zip(columns)
            .filter(|(field, _)| !row.values.contains_key(&field.key))
            .map(|(_, column)| column.as_str())
            .collect();
        out += &format!("{}\t{{{}}}", row.row, kept.join(","));
        for field in used {
            out.push('\t');
            let value = row.values.get(&field.key);
            match value.and_then(|value| value.value.as_deref()) {
                None => out += "\\N",
                Some(value) => escape(&mut out, value),
            }
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => *out += "\\\\",
            '\n' => *out += "\\n",
            '\r' => *out += "\\r",
            '\t' => *out += "\\t",
            c => out.push(c),
        }
    }
}
