//! The SQL that makes, changes and drops a field's column: text only, run by the orders as the tenant's
//! owner. Names come from the field's id; user's text (defaults, choices) is quoted here and nowhere else.
//!
//! No statement rewrites the table: lengths and precisions are CHECKs beside a wide type.

use super::kind::Kind;
use super::value::{EMAIL_MAX, PHONE_MAX, URL_MAX};
use crate::db::ids::FieldId;

/// Text as PostgreSQL reads it back, whatever `standard_conforming_strings` is. NUL never gets here:
/// `Kind::canonical` and the check of choices refuse it.
fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// A value in canonical text as a literal of the column's type.
pub(super) fn literal(kind: &Kind, value: &str) -> String {
    format!("{}::{}", quoted(value), kind.column_type())
}

/// What every value of the column must fulfil; none where the type says it all.
fn condition(kind: &Kind, f: &str) -> Option<String> {
    Some(match kind {
        Kind::Text { max } => format!("char_length({f}) <= {max}"),
        // NaN and the infinities are larger than any bound.
        Kind::Decimal { precision, scale } => {
            let whole = precision - scale;
            format!("{f} = round({f}, {scale}) AND abs({f}) < 1e{whole}")
        }
        Kind::Choice { choices } => {
            let all: Vec<_> = choices.iter().map(|choice| quoted(&choice.value)).collect();
            format!("{f} IN ({})", all.join(", "))
        }
        Kind::Date => format!("{f} BETWEEN '0001-01-01' AND '9999-12-31'"),
        Kind::DateTime => {
            format!("{f} >= '0001-01-01 00:00:00+00' AND {f} <= '9999-12-31 23:59:59.999999+00'")
        }
        Kind::Email => format!("{f} = lower({f}) AND octet_length({f}) <= {EMAIL_MAX}"),
        Kind::Phone => format!("char_length({f}) <= {PHONE_MAX}"),
        Kind::Url => format!("octet_length({f}) <= {URL_MAX}"),
        Kind::Integer | Kind::Boolean => return None,
    })
}

/// Text sorts as people read it; what programs compare sorts by bytes.
fn collation(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text { .. } => " COLLATE ext.names",
        Kind::Choice { .. } | Kind::Email | Kind::Phone | Kind::Url => " COLLATE \"C\"",
        _ => "",
    }
}

/// Adds the column with its CHECK. A `fill` is what the rows that exist get, without being rewritten.
pub(super) fn add(id: FieldId, kind: &Kind, fill: Option<&str>) -> String {
    let fill = fill.map_or_else(String::new, |value| {
        format!(" DEFAULT {}", literal(kind, value))
    });
    format!(
        "ALTER TABLE recipients ADD COLUMN f{id} {}{}{fill};{}",
        kind.column_type(),
        collation(kind),
        add_check(id, kind)
    )
}

fn add_check(id: FieldId, kind: &Kind) -> String {
    condition(kind, &format!("f{id}")).map_or_else(String::new, |condition| {
        format!(
            "ALTER TABLE recipients ADD CONSTRAINT recipients_f{id}_check CHECK ({condition}) NOT VALID;\
             ALTER TABLE recipients VALIDATE CONSTRAINT recipients_f{id}_check;"
        )
    })
}

/// Another CHECK for a kind of the same type.
pub(super) fn change_check(id: FieldId, kind: &Kind) -> String {
    format!(
        "ALTER TABLE recipients DROP CONSTRAINT IF EXISTS recipients_f{id}_check;{}",
        add_check(id, kind)
    )
}

/// What new recipients get.
pub(super) fn default(id: FieldId, kind: &Kind, value: Option<&str>) -> String {
    match value {
        Some(value) => format!(
            "ALTER TABLE recipients ALTER COLUMN f{id} SET DEFAULT {};",
            literal(kind, value)
        ),
        None => format!("ALTER TABLE recipients ALTER COLUMN f{id} DROP DEFAULT;"),
    }
}

/// Fills the rows without a value whose id lies in the span.
pub(super) fn fill(id: FieldId, kind: &Kind, value: &str, from: i64, to: i64) -> String {
    format!(
        "UPDATE recipients SET f{id} = {} WHERE f{id} IS NULL AND id >= {from} AND id < {to};",
        literal(kind, value)
    )
}

/// Refuses rows without a value.
pub(super) fn set_not_null(id: FieldId) -> String {
    format!("ALTER TABLE recipients ALTER COLUMN f{id} SET NOT NULL;")
}

/// Takes rows without a value again.
pub(super) fn drop_not_null(id: FieldId) -> String {
    format!("ALTER TABLE recipients ALTER COLUMN f{id} DROP NOT NULL;")
}

/// Refuses two rows of one value: for small tables, because writers wait.
pub(super) fn set_unique(id: FieldId) -> String {
    format!(
        "{} ALTER TABLE recipients ADD CONSTRAINT recipients_f{id}_key UNIQUE (f{id});",
        drop_unique(id)
    )
}

/// Takes two rows of one value again.
pub(super) fn drop_unique(id: FieldId) -> String {
    format!("ALTER TABLE recipients DROP CONSTRAINT IF EXISTS recipients_f{id}_key;")
}

/// The index to sort by, for small tables.
pub(super) fn set_index(id: FieldId) -> String {
    format!("CREATE INDEX IF NOT EXISTS recipients_f{id}_idx ON recipients (f{id}, id);")
}

/// Drops it.
pub(super) fn drop_index(id: FieldId) -> String {
    format!("DROP INDEX IF EXISTS recipients_f{id}_idx;")
}

/// Drops the column with its constraints and indexes. Nothing may depend on it any more.
pub(super) fn drop(id: FieldId) -> String {
    format!("ALTER TABLE recipients DROP COLUMN f{id};")
}

/// Refuses new rows without a value, before those that exist are looked at.
pub(super) fn begin_required(id: FieldId) -> String {
    format!(
        "ALTER TABLE recipients DROP CONSTRAINT IF EXISTS recipients_f{id}_required; \
         ALTER TABLE recipients ADD CONSTRAINT recipients_f{id}_required CHECK (f{id} IS NOT NULL) NOT VALID;"
    )
}

/// Looks at those that exist; writers go on.
pub(super) fn validate_required(id: FieldId) -> String {
    format!("ALTER TABLE recipients VALIDATE CONSTRAINT recipients_f{id}_required;")
}

/// NOT NULL, which PostgreSQL takes from the validated CHECK without another look.
pub(super) fn finish_required(id: FieldId) -> String {
    format!("{} {}", set_not_null(id), cancel_required(id))
}

/// Removes the CHECK that prepared NOT NULL.
pub(super) fn cancel_required(id: FieldId) -> String {
    format!("ALTER TABLE recipients DROP CONSTRAINT IF EXISTS recipients_f{id}_required;")
}

/// Removes what an earlier try left behind. Outside a transaction.
pub(super) fn clear_new_index(id: FieldId) -> String {
    format!("DROP INDEX CONCURRENTLY IF EXISTS recipients_f{id}_new")
}

/// Builds the index while writers go on. Outside a transaction.
pub(super) fn build_new_index(id: FieldId, unique: bool) -> String {
    if unique {
        format!("CREATE UNIQUE INDEX CONCURRENTLY recipients_f{id}_new ON recipients (f{id})")
    } else {
        format!("CREATE INDEX CONCURRENTLY recipients_f{id}_new ON recipients (f{id}, id)")
    }
}

/// Makes the built index the one that counts.
pub(super) fn finish_index(id: FieldId, unique: bool) -> String {
    if unique {
        format!(
            "{} ALTER TABLE recipients ADD CONSTRAINT recipients_f{id}_key UNIQUE USING INDEX recipients_f{id}_new;",
            drop_unique(id)
        )
    } else {
        format!(
            "{} ALTER INDEX recipients_f{id}_new RENAME TO recipients_f{id}_idx;",
            drop_index(id)
        )
    }
}
