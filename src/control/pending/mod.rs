//! The second pair of eyes: critical rights that somebody gave wait until another person confirms them. Which
//! rights wait is computed in the database (`migrations/control/0010_second_pair`), where all ways of giving a
//! right end; here is who decides on them, and which rights are critical.

mod anew;
pub mod critical;
pub mod pages;

pub use anew::{entrust, let_in_again};

use super::audit;
use super::memberships::Granter;
use super::roles;
use super::users::query;
use crate::app::App;
use crate::clock;
use crate::control::audit::Actor;
use crate::db::control;
use crate::db::ids::{MembershipId, TenantId, UserId};
use crate::db::schema::control::{memberships, pending_rights as pending};
use crate::db::{ControlConn, Write};
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Days after which what nobody confirmed counts as declined.
pub const DAYS: i64 = 14;
/// Places that the list shows.
const MOST: i64 = 2_000;

/// Rights of one place that wait for the same person's gift to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The place.
    pub place: MembershipId,
    /// Whose.
    pub user: UserId,
    /// His name.
    pub name: String,
    /// Keys of the rights.
    pub rights: Vec<String>,
    /// Who gave them; none for the command line and the program.
    pub asked_by: Option<UserId>,
    /// His name; blank where this tenant may not know it.
    pub asked_by_name: String,
    /// Since when the oldest of them waits.
    pub asked_at: DateTime<Utc>,
}

type Row = (i32, i32, String, Option<i32>, DateTime<Utc>);

/// What waits in a tenant, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub fn waiting(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Waiting>> {
    let rows: Vec<Row> = pending::table
        .inner_join(memberships::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(pending::declined_at.is_null())
        .order((
            pending::asked_at,
            pending::membership_id,
            pending::right_key,
        ))
        .limit(MOST)
        .select((
            pending::membership_id,
            memberships::user_id,
            pending::right_key,
            pending::asked_by,
            pending::asked_at,
        ))
        .load(conn)?;
    let people = rows.iter().flat_map(|row| [Some(row.1), row.3]).flatten();
    let people: BTreeSet<i32> = people.collect();
    let people: Vec<UserId> = people.into_iter().map(UserId).collect();
    let names = query::names(conn, tenant, &people)?;
    let name = |id: Option<i32>| {
        let known = id.and_then(|id| names.get(&UserId(id)));
        known.cloned().unwrap_or_default()
    };
    let mut all: Vec<Waiting> = Vec::new();
    for (place, user, right, asked_by, asked_at) in rows {
        let same =
            |one: &&mut Waiting| one.place.0 == place && one.asked_by.map(|by| by.0) == asked_by;
        match all.iter_mut().find(same) {
            Some(one) => one.rights.push(right),
            None => all.push(Waiting {
                place: MembershipId(place),
                user: UserId(user),
                name: name(Some(user)),
                rights: vec![right],
                asked_by: asked_by.map(UserId),
                asked_by_name: name(asked_by),
                asked_at,
            }),
        }
    }
    Ok(all)
}

/// How many places of a tenant have rights that wait for somebody other than this user, and than who counts as him.
///
/// # Errors
/// When the database does not answer.
pub fn waiting_for(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<i64> {
    let same = anew::same_eyes(conn, user)?;
    Ok(pending::table
        .inner_join(memberships::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(memberships::user_id.ne_all(&same))
        .filter(pending::declined_at.is_null())
        .filter(
            pending::asked_by
                .is_null()
                .or(pending::asked_by.ne_all(&same)),
        )
        .select(diesel::dsl::count(pending::membership_id).aggregate_distinct())
        .first(conn)?)
}

/// The rights of a user's place that are granted and held back, and whether that was decided.
///
/// # Errors
/// When the database does not answer.
pub fn held_back(
    conn: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<BTreeMap<String, bool>> {
    let rows: Vec<(String, Option<DateTime<Utc>>)> = pending::table
        .inner_join(memberships::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(memberships::user_id.eq(user.0))
        .select((pending::right_key, pending::declined_at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(key, declined)| (key, declined.is_some()))
        .collect())
}

/// What becomes of rights that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They take effect.
    Confirm,
    /// They stay held back, until they are taken away and given anew.
    Decline,
}

/// Decides on rights of a place that somebody saw waiting.
///
/// # Errors
/// `NotFound` where the place is not the tenant's; `Invalid` for who gave them, who would get them, who could act as
/// one of these (or one of these as him), and who could not give them himself; `Conflict` where they wait no longer.
pub fn decide(
    conn: &mut PgConnection,
    granter: &Granter,
    place: MembershipId,
    seen: &BTreeSet<String>,
    verdict: Verdict,
) -> Result<()> {
    roles::lock(conn)?;
    let user: i32 = memberships::table
        .find(place.0)
        .filter(memberships::tenant_id.eq(granter.tenant.0))
        .select(memberships::user_id)
        .first(conn)?;
    if granter.user.0 == user {
        return Err(AppError::invalid("pending-own-place"));
    }
    let open: Vec<(String, Option<i32>)> = pending::table
        .filter(pending::membership_id.eq(place.0))
        .filter(pending::declined_at.is_null())
        .filter(pending::right_key.eq_any(seen))
        .select((pending::right_key, pending::asked_by))
        .load(conn)?;
    if open.is_empty() || open.len() != seen.len() {
        return Err(AppError::Conflict);
    }
    let asked_by: BTreeSet<i32> = open.iter().filter_map(|(_, by)| *by).collect();
    if asked_by.contains(&granter.user.0) {
        return Err(AppError::invalid("pending-own-gift"));
    }
    let same = anew::same_eyes(conn, granter.user)?;
    if same.contains(&user) || !same.is_disjoint(&asked_by) {
        return Err(AppError::invalid("pending-one-person"));
    }
    granter.demand(conn, seen)?;
    let which = pending::table
        .filter(pending::membership_id.eq(place.0))
        .filter(pending::right_key.eq_any(seen));
    let act = match verdict {
        Verdict::Confirm => {
            // Without its row a right is in force: a trigger computes the place anew.
            diesel::delete(which).execute(conn)?;
            anew::settle(conn, UserId(user), &asked_by)?;
            "pending.confirm"
        }
        Verdict::Decline => {
            diesel::update(which)
                .set((
                    pending::declined_at.eq(clock::now()),
                    pending::declined_by.eq(granter.user.0),
                ))
                .execute(conn)?;
            "pending.decline"
        }
    };
    let data = json!({ "rights": seen, "asked_by": asked_by });
    let object = user.to_string();
    audit::record(conn, granter.actor, granter.tenant, act, &object, &data)
}

/// Declines what has waited too long; answers how many rights.
///
/// # Errors
/// When the database does not answer.
pub fn expire(app: &App, now: DateTime<Utc>) -> Result<usize> {
    control::run::<Write, _>(&app.pools, |conn| expire_on(conn, now))
}

fn expire_on(conn: &mut ControlConn<'_, Write>, now: DateTime<Utc>) -> Result<usize> {
    let old: Vec<(i32, String)> = diesel::update(
        pending::table
            .filter(pending::declined_at.is_null())
            .filter(pending::asked_at.lt(now - Duration::days(DAYS))),
    )
    .set(pending::declined_at.eq(now))
    .returning((pending::membership_id, pending::right_key))
    .get_results(conn.pg())?;
    let mut places: BTreeMap<i32, BTreeSet<&String>> = BTreeMap::new();
    for (place, right) in &old {
        places.entry(*place).or_default().insert(right);
    }
    for (place, rights) in places {
        let (tenant, user): (i32, i32) = memberships::table
            .find(place)
            .select((memberships::tenant_id, memberships::user_id))
            .first(conn.pg())?;
        let (object, data) = (user.to_string(), json!({ "rights": rights }));
        let by = Actor::system();
        audit::record(
            conn.pg(),
            by,
            TenantId(tenant),
            "pending.expire",
            &object,
            &data,
        )?;
    }
    Ok(old.len())
}
