//! Admissions: an inner tenant wanted to create somebody who exists outside its fence. It was told nothing;
//! the administrators of the tenant whose data it is decide here whether he comes inside.
//!
//! The requests are written by the database's functions (`create_recipient`, `change_unique`,
//! `stage_apply`); no inner tenant's role reads them.

pub mod pages;

use crate::control::audit;
use crate::control::tenants::fence::Fence;
use crate::control::tenants::preview;
use crate::db::ids::{AdmissionId, ListId, RecipientId};
use crate::db::schema::tenant::{admissions, recipients};
use crate::db::{Mode, TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::recipients::write::subscribe_all;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};

/// A request.
#[derive(Clone, Debug, Queryable)]
pub struct Admission {
    /// Its id.
    pub id: AdmissionId,
    /// The inner tenant that asked, by number.
    pub inner: i32,
    /// The recipient outside its fence.
    pub recipient: RecipientId,
    /// His address.
    pub email: String,
    /// What was entered there: `{"<column>": value, …}`.
    pub data: Value,
    /// The lists that were chosen there.
    pub lists: Vec<i32>,
    /// Who asked, by number.
    pub user: Option<i32>,
    /// Through what: `form`, `import`, …
    pub source: String,
    /// When it was last asked for.
    pub at: DateTime<Utc>,
    /// `open`, `admitted` or `declined`.
    pub state: String,
}

macro_rules! columns {
    () => {
        (
            admissions::id,
            admissions::inner_id,
            admissions::recipient_id,
            recipients::email,
            admissions::data,
            admissions::list_ids,
            admissions::user_id,
            admissions::source,
            admissions::at,
            admissions::state,
        )
    };
}

/// The requests in a state, newest first, from before one of them on.
///
/// # Errors
/// When the database does not answer.
pub fn page<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    state: &str,
    before: Option<AdmissionId>,
    limit: i64,
) -> Result<Vec<Admission>> {
    let found = admissions::table
        .inner_join(recipients::table.on(recipients::id.eq(admissions::recipient_id)))
        .filter(admissions::state.eq(state))
        .filter(admissions::id.lt(before.map_or(i64::MAX, |id| id.0)))
        .order(admissions::id.desc())
        .limit(limit)
        .select(columns!())
        .load(conn.pg())?;
    as_seen(conn, found)
}

/// The addresses as whoever decides may see them.
fn as_seen<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    mut found: Vec<Admission>,
) -> Result<Vec<Admission>> {
    let address = fields::address(conn)?;
    for one in &mut found {
        let seen = match &address {
            Some(field) => field.seen(Some(&one.email))?,
            None => None,
        };
        one.email = seen.unwrap_or_else(|| fields::seen::DOTS.to_owned());
    }
    Ok(found)
}

/// One request.
///
/// # Errors
/// `NotFound` where there is none.
pub fn by_id<M: Mode>(conn: &mut TenantConn<'_, M>, id: AdmissionId) -> Result<Admission> {
    let found = admissions::table
        .inner_join(recipients::table.on(recipients::id.eq(admissions::recipient_id)))
        .filter(admissions::id.eq(id.0))
        .select(columns!())
        .first(conn.pg())?;
    let mut found = as_seen(conn, vec![found])?;
    found.pop().ok_or(AppError::NotFound)
}

/// How many wait for a decision.
///
/// # Errors
/// When the database does not answer.
pub fn open<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<i64> {
    Ok(admissions::table
        .filter(admissions::state.eq("open"))
        .count()
        .get_result(conn.pg())?)
}

/// A list of the fence to subscribe to, and on what ground.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// Which list.
    pub list: ListId,
    /// `active`, or `waiting` for his confirmation.
    pub status: &'static str,
    /// What he agreed to, if known.
    pub consent: Option<String>,
}

/// Lets the recipient in: subscribes him where lists fence. Where he would still be outside nothing is kept
/// and the error says which conditions he does not meet.
///
/// # Errors
/// `Conflict` where it has been decided, `Invalid` where he stays outside.
pub fn admit(
    conn: &mut TenantConn<'_, Write>,
    id: AdmissionId,
    fence: &Fence,
    through: Option<&Entrance>,
) -> Result<()> {
    let (inner, recipient) = decide(conn, id, "admitted")?;
    if let Some(through) = through {
        if !fence.lists.contains(&through.list) {
            return Err(AppError::invalid("fence-list-outside"));
        }
        let consent = through.consent.as_deref();
        subscribe_all(
            conn,
            &[recipient],
            through.list,
            through.status,
            false,
            consent,
        )?;
    }
    let standing = preview::standing(conn, fence, recipient)?;
    if !standing.on_list {
        return Err(AppError::invalid("admission-needs-list"));
    }
    if standing.unmet_unseen {
        return Err(AppError::invalid("admission-outside-unseen"));
    }
    if !standing.is_inside() {
        return Err(AppError::Invalid {
            key: "admission-still-outside",
            params: vec![("conditions", standing.unmet.join("; "))],
        });
    }
    record(conn, "admission.admit", id, inner)
}

/// Leaves the recipient outside. Asked for again he comes up again.
///
/// # Errors
/// `Conflict` where it has been decided.
pub fn decline(conn: &mut TenantConn<'_, Write>, id: AdmissionId) -> Result<()> {
    let (inner, _) = decide(conn, id, "declined")?;
    record(conn, "admission.decline", id, inner)
}

fn decide(
    conn: &mut TenantConn<'_, Write>,
    id: AdmissionId,
    state: &str,
) -> Result<(i32, RecipientId)> {
    diesel::define_sql_function! {
        /// Who acts.
        #[sql_name = "gate.setting_id"]
        fn setting_id(name: diesel::sql_types::Text) -> diesel::sql_types::Nullable<diesel::sql_types::Integer>;
    }
    // Locked: of two who decide at once the second is told. One that is not there is no conflict.
    let now: String = admissions::table
        .find(id.0)
        .select(admissions::state)
        .for_update()
        .first(conn.pg())?;
    if now != "open" {
        return Err(AppError::Conflict);
    }
    Ok(diesel::update(admissions::table.find(id.0))
        .set((
            admissions::state.eq(state),
            admissions::decided_by.eq(setting_id("user_id")),
            admissions::decided_at.eq(crate::clock::now()),
        ))
        .returning((admissions::inner_id, admissions::recipient_id))
        .get_result(conn.pg())?)
}

fn record(conn: &mut TenantConn<'_, Write>, act: &str, id: AdmissionId, inner: i32) -> Result<()> {
    audit::record_in_tenant(conn, act, &id.to_string(), &json!({ "inner": inner }))
}
