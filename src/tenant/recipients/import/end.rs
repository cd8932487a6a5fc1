//! How an import ends: its state and why, in a form that every reader's language has words for; the audit's
//! entry in the same transaction; and what the planner learns of it.

use super::stage::{self, Counts};
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::clock;
use crate::control::audit;
use crate::db::ids::ImportId;
use crate::db::schema::tenant::imports;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::web::i18n::Texts;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Rows added or changed from which on the planner's statistics are refreshed at once.
const MANY: i64 = 10_000;

/// Why an import failed: a message's key and its values, never a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    key: String,
    #[serde(default)]
    params: Vec<(String, String)>,
}

impl Cause {
    /// With the message of this key.
    pub fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            params: Vec::new(),
        }
    }

    /// What an error means to whoever imports; what only the operator can mend is in the log.
    pub fn of(error: &AppError) -> Self {
        match error {
            AppError::Invalid { key, params } => Self {
                key: (*key).to_owned(),
                params: params
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
            },
            AppError::OutsideFence => Self::new("recipient-outside-fence"),
            AppError::Unavailable => Self::new("import-failed-database"),
            other => {
                tracing::error!(error = %other, "an import failed");
                Self::new("import-failed-program")
            }
        }
    }

    /// As the import's row keeps it.
    pub fn stored(&self) -> String {
        json!(self).to_string()
    }

    /// What a row keeps, in words. Rows of the first version hold an English sentence.
    pub fn words(t: &Texts, stored: &str) -> String {
        match serde_json::from_str::<Self>(stored) {
            Ok(cause) => t.with_all(&cause.key, &cause.params),
            Err(_) => stored.to_owned(),
        }
    }
}

/// How it ends.
#[derive(Debug)]
pub struct End<'e> {
    /// `done`, `failed`, `cancelled` or `broken`.
    pub state: &'static str,
    /// Where the file of refused rows lies.
    pub errors_file: Option<String>,
    /// Why, if it is no good end.
    pub cause: Option<&'e Cause>,
}

/// Ends an import that changed recipients, or was to; the audit tells who, which file and how many rows.
///
/// # Errors
/// When the database refuses; the import then has not ended.
pub fn end(conn: &mut TenantConn<'_, Write>, import: ImportId, how: &End<'_>) -> Result<()> {
    let (file, rows, created, updated, unchanged, refused): (String, i64, i64, i64, i64, i64) =
        diesel::update(imports::table.find(import.0))
            .set((
                imports::state.eq(how.state),
                imports::errors_file.eq(&how.errors_file),
                imports::error.eq(how.cause.map(Cause::stored)),
                imports::finished_at.eq(clock::now()),
                imports::version.eq(imports::version + 1),
            ))
            .returning((
                imports::file_name,
                imports::rows,
                imports::created,
                imports::updated,
                imports::unchanged,
                imports::refused,
            ))
            .get_result(conn.pg())?;
    let data = json!({
        "state": how.state, "rows": rows, "created": created, "updated": updated,
        "unchanged": unchanged, "refused": refused,
    });
    audit::record_in_tenant(conn, "recipients.import", &file, &data)
}

/// Ends one whose program died. What it committed stays; nobody goes on with it, because the file may be
/// gone or mended meanwhile.
///
/// # Errors
/// When the database refuses.
pub fn break_off(conn: &mut TenantConn<'_, Write>, import: ImportId) -> Result<()> {
    stage::close(conn, import)?;
    let cause = Cause::new("import-broke-off");
    end(
        conn,
        import,
        &End {
            state: "broken",
            errors_file: None,
            cause: Some(&cause),
        },
    )
}

/// Tells the planner what changed, if it is much. The import stands whether this succeeds or not.
pub fn refresh_statistics(app: &App, access: &SystemAccess<RunImports>, counts: Counts) {
    if counts.created + counts.updated < MANY {
        return;
    }
    if let Err(error) = access.run(app, stage::refresh_statistics) {
        tracing::warn!(%error, "the statistics are refreshed later");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_in_the_readers_language() {
        let cause = Cause::of(&AppError::Invalid {
            key: "file-unreadable",
            params: vec![("line", "7".into())],
        });
        let (de, en) = (Texts::new("de", "UTC"), Texts::new("en", "UTC"));
        assert!(Cause::words(&en, &cause.stored()).contains("from line 7 on"));
        assert!(Cause::words(&de, &cause.stored()).contains("ab Zeile 7"));
        assert_eq!(Cause::words(&de, "as it was once"), "as it was once");
        let secret = AppError::internal("column \"x\" of t_7");
        assert!(!Cause::of(&secret).stored().contains("t_7"));
    }
}
