//! What one recipient subscribes to.

use crate::db::ids::{ListId, RecipientId};
use crate::db::schema::tenant::{lists, subscriptions};
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A recipient's place on a list.
#[derive(Clone, Debug, Queryable)]
pub struct Subscription {
    /// The list.
    pub list: ListId,
    /// Its name.
    pub name: String,
    /// `active`, `waiting`, `unsubscribed_user`, `unsubscribed_admin`, `bounced`, `blocked`.
    pub status: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Through what: `form`, `import`, `bulk`, `cli`, `system`.
    pub source: String,
    /// What he agreed to.
    pub consent: Option<String>,
    /// When he agreed.
    pub consent_at: Option<DateTime<Utc>>,
}

/// All lists that a recipient is or was on, by name.
///
/// # Errors
/// When the database does not answer.
pub fn of<M: Mode>(conn: &mut TenantConn<'_, M>, id: RecipientId) -> Result<Vec<Subscription>> {
    Ok(subscriptions::table
        .inner_join(lists::table)
        .filter(subscriptions::recipient_id.eq(id.0))
        .order(lists::name)
        .select((
            lists::id,
            lists::name,
            subscriptions::status,
            subscriptions::since,
            subscriptions::source,
            subscriptions::consent_text,
            subscriptions::consent_at,
        ))
        .load(conn.pg())?)
}
