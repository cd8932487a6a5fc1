//! Where a page begins.

use super::Sort;
use crate::db::ids::RecipientId;
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::recipients::dynamic::Dynamic;
use crate::tenant::recipients::show;
use crate::tenant::target_groups::rules::Column;
use crate::web::sealed::Seal;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a page begins: after this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last row's id.
    id: i64,
    /// The sorted column; none for the order of creation.
    by: Option<String>,
    /// The last row's value in it; none where it is empty.
    value: Option<String>,
}

/// How it stands in URLs. The id is sealed there: its number would tell an inner tenant how many recipients
/// exist outside its fence.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Cursor {
    /// Behind the row with this id, in the order of creation.
    pub fn at(id: i64) -> Self {
        Self {
            id,
            by: None,
            value: None,
        }
    }

    /// Behind a row and its value in the order's column.
    pub(super) fn after(row: RecipientId, value: Option<String>, sort: &Sort) -> Self {
        Self {
            id: row.0,
            by: sort.by.as_ref().map(|(column, _)| column.to_string()),
            value,
        }
    }

    /// The form in URLs and on the command line.
    pub fn encode(&self, seal: &Seal) -> String {
        let written = Written {
            id: seal.recipient(RecipientId(self.id)),
            by: self.by.clone(),
            value: self.value.clone(),
        };
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// Reads that form.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    pub fn decode(text: &str, seal: &Seal) -> Result<Self> {
        let read = || {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
            let written: Written = serde_json::from_slice(&bytes).ok()?;
            Some(Self {
                id: seal.open(&written.id)?.0,
                by: written.by,
                value: written.value,
            })
        };
        read().ok_or_else(|| AppError::invalid("cursor-invalid"))
    }

    /// Whether the row had no value in the sorted column.
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_none()
    }

    /// Itself, if it belongs to this order: a value of another field would be an error of the database.
    pub(super) fn checked(&self, sort: &Sort) -> Result<&Self> {
        let (by, fits) = match (&sort.by, &self.value) {
            (Some((column, kind)), Some(value)) => (Some(column.as_str()), fits(kind, value)),
            (Some((column, _)), None) => (Some(column.as_str()), true),
            (None, value) => (None, value.is_none()),
        };
        if fits && self.by.as_deref() == by {
            Ok(self)
        } else {
            Err(AppError::invalid("cursor-invalid"))
        }
    }

    /// The rows behind it.
    pub(super) fn beyond<S>(
        &self,
        query: Dynamic<S>,
        by: Option<&(Column, Kind)>,
        descending: bool,
    ) -> Dynamic<S> {
        let compare = if descending { " < " } else { " > " };
        match (by, &self.value) {
            (Some((column, kind)), Some(value)) => query
                .sql(" AND (")
                .column(column)
                .sql(", r.id)")
                .sql(compare)
                .sql("(")
                .value(kind, Some(value.clone()))
                .sql(", ")
                .int(self.id)
                .sql(")"),
            _ => query.sql(" AND r.id").sql(compare).int(self.id),
        }
    }
}

/// Whether the database can cast it: URLs are typed by hand, too.
fn fits(kind: &Kind, value: &str) -> bool {
    match kind {
        Kind::Integer => value.parse::<i64>().is_ok(),
        Kind::Decimal { .. } => {
            let digits = value
                .strip_prefix('-')
                .unwrap_or(value)
                .replacen('.', "", 1);
            !digits.is_empty() && digits.len() <= 100 && digits.bytes().all(|b| b.is_ascii_digit())
        }
        Kind::Boolean => matches!(value, "true" | "false"),
        Kind::Date => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
        Kind::DateTime => show::moment(value).is_some(),
        _ => !value.contains('\0'),
    }
}
