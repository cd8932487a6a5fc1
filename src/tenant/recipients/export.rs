//! Recipients as files: CSV with the fields' keys as header, or one JSON object a line. Written page by
//! page, so that a million of them need no more memory than five thousand.

use super::query::{self, Cursor, Filter, Row, Sort};
use super::show;
use crate::db::ids::RecipientId;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields::Field;
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::seen::Shown;
use crate::web::csv::FORMULA;
use chrono::SecondsFormat;
use serde_json::{Map, Value};

/// Recipients of a page.
const ROWS: i64 = 5_000;

/// What is exported: all fields that whoever exports sees, as he sees them.
#[derive(Clone, Debug)]
pub struct Export {
    keys: Vec<String>,
    kinds: Vec<Kind>,
    columns: Vec<Shown>,
    filter: Filter,
    excel: Option<Excel>,
}

/// A file for Excel: a semicolon between cells, a byte order mark, and the reader's decimal sign.
#[derive(Clone, Copy, Debug)]
struct Excel {
    comma: bool,
}

/// Some recipients, and where the next ones begin.
#[derive(Debug)]
pub struct Part {
    /// The recipients.
    pub rows: Vec<Row>,
    /// None after the last.
    pub next: Option<Cursor>,
}

impl Export {
    /// The recipients of `filter` with the fields of `all` that are seen.
    ///
    /// # Errors
    /// When a field's row was damaged.
    pub fn new(all: &[Field], filter: Filter) -> Result<Self> {
        let fields: Vec<&Field> = all.iter().filter(|field| field.is_seen()).collect();
        Ok(Self {
            keys: fields.iter().map(|field| field.key.clone()).collect(),
            kinds: fields
                .iter()
                .map(|f| f.shown_kind())
                .collect::<Result<_>>()?,
            columns: fields.iter().map(|f| f.shown()).collect::<Result<_>>()?,
            filter,
            excel: None,
        })
    }

    /// The fields' keys, in the order of the columns.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The same for Excel, with decimals that have a comma or a point.
    #[must_use]
    pub fn for_excel(mut self, comma: bool) -> Self {
        self.excel = Some(Excel { comma });
        self
    }

    /// Loads the recipients after `after`, in the order of their creation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn part<M: Mode>(
        &self,
        conn: &mut TenantConn<'_, M>,
        after: Option<&Cursor>,
    ) -> Result<Part> {
        let order = Sort {
            by: None,
            descending: false,
        };
        let page = query::page(conn, &self.columns, &self.filter, &order, after, ROWS)?;
        Ok(Part {
            rows: page.rows,
            next: page.next,
        })
    }

    /// A page for a list: `limit` rows in the order of creation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn page<M: Mode>(
        &self,
        conn: &mut TenantConn<'_, M>,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<Part> {
        let page = query::page(
            conn,
            &self.columns,
            &self.filter,
            &Sort::default(),
            after,
            limit,
        )?;
        Ok(Part {
            rows: page.rows,
            next: page.next,
        })
    }

    /// A page for a program: `limit` rows in this order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn sorted<M: Mode>(
        &self,
        conn: &mut TenantConn<'_, M>,
        sort: &Sort,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<Part> {
        let page = query::page(conn, &self.columns, &self.filter, sort, after, limit)?;
        Ok(Part {
            rows: page.rows,
            next: page.next,
        })
    }

    /// One recipient.
    ///
    /// # Errors
    /// `NotFound` where he is not, or not for this tenant.
    pub fn one<M: Mode>(&self, conn: &mut TenantConn<'_, M>, id: RecipientId) -> Result<Row> {
        query::one(conn, id, &self.columns)
    }

    /// The header of the CSV file.
    ///
    /// # Errors
    /// Never in memory.
    pub fn csv_header(&self) -> Result<Vec<u8>> {
        let keys = self.keys.iter().map(|key| harmless(&Kind::Url, key));
        let line = self.lines(std::iter::once(keys))?;
        let mark = if self.excel.is_some() { "\u{feff}" } else { "" };
        Ok([mark.as_bytes(), &line].concat())
    }

    /// Lines of the CSV file.
    ///
    /// # Errors
    /// Never in memory.
    pub fn csv(&self, rows: &[Row]) -> Result<Vec<u8>> {
        self.lines(rows.iter().map(|row| {
            row.values
                .iter()
                .zip(&self.kinds)
                .map(|(value, kind)| harmless(kind, &self.cell(kind, value.as_deref())))
        }))
    }

    /// A value as CSV has it: moments to the second.
    fn cell(&self, kind: &Kind, value: Option<&str>) -> String {
        let text = spelled(kind, value, SecondsFormat::Secs);
        match kind {
            Kind::Decimal { .. } if self.excel.is_some_and(|excel| excel.comma) => {
                text.replace('.', ",")
            }
            _ => text,
        }
    }

    fn lines<L: IntoIterator<Item = String>>(
        &self,
        lines: impl Iterator<Item = L>,
    ) -> Result<Vec<u8>> {
        let separator = if self.excel.is_some() { b';' } else { b',' };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .from_writer(Vec::new());
        let failed = |error: String| AppError::internal(format!("CSV: {error}"));
        for line in lines {
            writer
                .write_record(line)
                .map_err(|error| failed(error.to_string()))?;
        }
        writer
            .into_inner()
            .map_err(|error| failed(error.to_string()))
    }

    /// A recipient as an object by the fields' keys.
    pub fn json(&self, row: &Row) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("id".into(), row.id.0.into());
        for ((key, kind), value) in self.keys.iter().zip(&self.kinds).zip(&row.values) {
            object.insert(key.clone(), typed(kind, value.as_deref()));
        }
        object
    }
}

/// A value as files spell it: moments in one form, the rest as the database casts it to text.
fn spelled(kind: &Kind, value: Option<&str>, seconds: SecondsFormat) -> String {
    match (kind, value) {
        (_, None) => String::new(),
        (Kind::DateTime, Some(text)) => show::moment(text)
            .map_or_else(|| text.to_owned(), |at| at.to_rfc3339_opts(seconds, true)),
        (_, Some(text)) => text.to_owned(),
    }
}

/// A decimal stays text, because a JSON number would lose digits on its way through many readers.
fn typed(kind: &Kind, value: Option<&str>) -> Value {
    let Some(text) = value else {
        return Value::Null;
    };
    match kind {
        Kind::Integer => text
            .parse::<i64>()
            .map_or_else(|_| Value::from(text), Value::from),
        Kind::Boolean => Value::Bool(matches!(text, "true" | "t")),
        _ => Value::from(spelled(kind, value, SecondsFormat::AutoSi)),
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers keep their
/// sign, and so do telephone numbers that are nothing but one.
fn harmless(kind: &Kind, text: &str) -> String {
    let number = matches!(
        kind,
        Kind::Integer | Kind::Decimal { .. } | Kind::Date | Kind::DateTime | Kind::Boolean
    );
    let telephone = matches!(kind, Kind::Phone)
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '/' | '.' | '-'));
    if !number && !telephone && text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_numbers_are_left() {
        let text = Kind::Text { max: 50 };
        for bad in ["=1+1", "+x", "-2+3", "@sum", "\tx", "＝1+1", "＠sum"] {
            assert_eq!(harmless(&text, bad), format!("'{bad}"));
        }
        assert_eq!(harmless(&text, "a=b"), "a=b");
        assert_eq!(harmless(&Kind::Integer, "-5"), "-5");
        assert_eq!(harmless(&Kind::Phone, "+49 30 1"), "+49 30 1");
        assert_eq!(harmless(&Kind::Phone, "+cmd"), "'+cmd");
    }

    #[test]
    fn values_have_their_types_in_json() {
        assert_eq!(typed(&Kind::Integer, Some("7")), 7);
        assert_eq!(typed(&Kind::Boolean, Some("false")), false);
        assert_eq!(typed(&Kind::Email, None), Value::Null);
        assert_eq!(
            typed(&Kind::DateTime, Some("2026-01-31 12:00:00+00")),
            "2026-01-31T12:00:00Z"
        );
    }
}
