//! What changed in a recipient, by whom and through what. Creation stands in the recipient itself.

use crate::db::ids::{FieldId, ListId, RecipientId, UserId};
use crate::db::schema::tenant::{lists, recipient_changes, subscription_changes};
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// One change of one or more fields, or of a subscription.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none for the program or the command line.
    pub user: Option<UserId>,
    /// Through what: `form`, `import`, `bulk`, `cli`, `system`.
    pub source: String,
    /// What.
    pub what: What,
}

/// What changed.
#[derive(Clone, Debug)]
pub enum What {
    /// Fields: old and new canonical text.
    Fields(Vec<(FieldId, Option<String>, Option<String>)>),
    /// A subscription's status; none before it was made or after it went.
    Subscription {
        /// The list.
        list: ListId,
        /// Its name.
        name: String,
        /// Before.
        old: Option<String>,
        /// After.
        new: Option<String>,
    },
}

/// The newest `limit` changes of a recipient, newest first.
///
/// # Errors
/// When the database does not answer.
pub fn of<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    id: RecipientId,
    limit: i64,
) -> Result<Vec<Entry>> {
    let mut entries = field_changes(conn, id, limit)?;
    entries.extend(subscription_entries(conn, id, limit)?);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(limit as usize);
    Ok(entries)
}

fn field_changes<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    id: RecipientId,
    limit: i64,
) -> Result<Vec<Entry>> {
    use recipient_changes as c;
    let rows: Vec<(DateTime<Utc>, Option<i32>, String, serde_json::Value)> = c::table
        .filter(c::recipient_id.eq(id.0))
        .order(c::id.desc())
        .limit(limit)
        .select((c::at, c::user_id, c::source, c::changes))
        .load(conn.pg())?;
    Ok(rows
        .into_iter()
        .map(|(at, user, source, changes)| Entry {
            at,
            user: user.map(UserId),
            source,
            what: What::Fields(read_changes(&changes)),
        })
        .collect())
}

fn read_changes(changes: &serde_json::Value) -> Vec<(FieldId, Option<String>, Option<String>)> {
    let text = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let mut all: Vec<_> = changes
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(id, pair)| {
            Some((
                FieldId(id.parse().ok()?),
                text(pair.get(0)),
                text(pair.get(1)),
            ))
        })
        .collect();
    all.sort_by_key(|(id, ..)| *id);
    all
}

fn subscription_entries<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    id: RecipientId,
    limit: i64,
) -> Result<Vec<Entry>> {
    use subscription_changes as c;
    type Found = (
        DateTime<Utc>,
        Option<i32>,
        String,
        i32,
        String,
        Option<String>,
        Option<String>,
    );
    let rows: Vec<Found> = c::table
        .inner_join(lists::table.on(lists::id.eq(c::list_id)))
        .filter(c::recipient_id.eq(id.0))
        .order(c::id.desc())
        .limit(limit)
        .select((
            c::at,
            c::user_id,
            c::source,
            c::list_id,
            lists::name,
            c::old_status,
            c::new_status,
        ))
        .load(conn.pg())?;
    Ok(rows
        .into_iter()
        .map(|(at, user, source, list, name, old, new)| Entry {
            at,
            user: user.map(UserId),
            source,
            what: What::Subscription {
                list: ListId(list),
                name,
                old,
                new,
            },
        })
        .collect())
}
