//! The review of accesses: the places of a tenant by age and last use, each confirmed or withdrawn from time to
//! time; reminders of it; and accounts that nobody uses, which are deactivated. Roles and rights themselves are
//! `memberships`'.

pub mod dormant;
pub mod pages;
pub mod query;
pub mod remind;

use super::audit::{self, Actor};
use super::memberships::{self, Granter, Place, Which};
use super::roles;
use crate::clock;
use crate::db::ids::{MembershipId, TenantId, UserId};
use crate::db::schema::control::{memberships as places, tenants};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// How often places are reviewed, and when accounts are dormant; none for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct Settings {
    /// Months after which a place is to be confirmed anew.
    pub months: Option<i32>,
    /// Days without use after which accounts at home here are deactivated.
    pub dormant_days: Option<i32>,
}

/// What months may be.
pub const MONTHS: std::ops::RangeInclusive<i32> = 1..=36;
/// What days may be.
pub const DAYS: std::ops::RangeInclusive<i32> = 30..=3650;

/// A tenant's settings.
///
/// # Errors
/// When the database does not answer.
pub fn settings(conn: &mut PgConnection, tenant: TenantId) -> Result<Settings> {
    Ok(tenants::table
        .find(tenant.0)
        .select((tenants::review_months, tenants::dormant_days))
        .first(conn)?)
}

/// Sets them.
///
/// # Errors
/// `Invalid` for a number out of its range.
pub fn set_settings(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    wanted: Settings,
) -> Result<()> {
    check(wanted.months, &MONTHS, "review-months-range")?;
    check(wanted.dormant_days, &DAYS, "review-days-range")?;
    let before = settings(conn, tenant)?;
    if before == wanted {
        return Ok(());
    }
    diesel::update(tenants::table.find(tenant.0))
        .set((
            tenants::review_months.eq(wanted.months),
            tenants::dormant_days.eq(wanted.dormant_days),
        ))
        .execute(conn)?;
    let data =
        |all: Settings| json!({ "review_months": all.months, "dormant_days": all.dormant_days });
    let change = json!({ "old": data(before), "new": data(wanted) });
    audit::record(conn, actor, tenant, "review.settings", "", &change)
}

fn check(
    number: Option<i32>,
    range: &std::ops::RangeInclusive<i32>,
    key: &'static str,
) -> Result<()> {
    if number.is_none_or(|number| range.contains(&number)) {
        return Ok(());
    }
    Err(AppError::Invalid {
        key,
        params: vec![
            ("least", range.start().to_string()),
            ("most", range.end().to_string()),
        ],
    })
}

/// A place as somebody saw it when he decided on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which.
    pub id: MembershipId,
    /// The version that was seen.
    pub version: i32,
}

/// What became of several places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// How many are done.
    pub done: usize,
    /// Why others are not: the message's key and its values, each reason once.
    pub refused: Vec<(&'static str, Vec<(&'static str, String)>)>,
    /// How many those are.
    pub left: usize,
}

/// What is done with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is still needed.
    Confirm,
    /// It ends.
    Withdraw,
}

/// Confirms or withdraws places of the tenant where the granter stands, each by itself: what is refused for one does
/// not keep the others.
///
/// # Errors
/// When the database does not answer.
pub fn decide(
    conn: &mut PgConnection,
    granter: &Granter,
    verdict: Verdict,
    chosen: &[Chosen],
) -> Result<Decided> {
    roles::lock(conn)?;
    let mut decided = Decided::default();
    for one in chosen {
        let outcome = conn.transaction(|conn| match verdict {
            Verdict::Confirm => confirm(conn, granter, *one),
            Verdict::Withdraw => withdraw(conn, granter, *one),
        });
        let reason = match outcome {
            Ok(()) => {
                decided.done += 1;
                continue;
            }
            Err(AppError::Invalid { key, params }) => (key, params),
            // Somebody changed it, or ended it, meanwhile.
            Err(AppError::Conflict | AppError::NotFound) => ("review-changed", Vec::new()),
            Err(other) => return Err(other),
        };
        decided.left += 1;
        if !decided.refused.contains(&reason) {
            decided.refused.push(reason);
        }
    }
    Ok(decided)
}

/// The user of a place of the granter's tenant, and what it is granted.
fn seen(
    conn: &mut PgConnection,
    granter: &Granter,
    chosen: Chosen,
) -> Result<(UserId, BTreeSet<String>)> {
    let (user, version, granted): (i32, i32, Vec<String>) = places::table
        .find(chosen.id.0)
        .filter(places::tenant_id.eq(granter.tenant.0))
        .select((places::user_id, places::version, places::granted))
        .first(conn)?;
    if version != chosen.version {
        return Err(AppError::Conflict);
    }
    Ok((UserId(user), granted.into_iter().collect()))
}

/// Nobody confirms himself, and nobody what he could not give.
fn confirm(conn: &mut PgConnection, granter: &Granter, chosen: Chosen) -> Result<()> {
    let (user, granted) = seen(conn, granter, chosen)?;
    if user == granter.user {
        return Err(AppError::invalid("review-own"));
    }
    granter.demand(conn, &granted)?;
    diesel::update(places::table.find(chosen.id.0))
        .set((
            places::confirmed_at.eq(clock::now()),
            places::confirmed_by.eq(granter.actor.user.map(|user| user.0)),
        ))
        .execute(conn)?;
    let object = user.to_string();
    let data = json!({ "roles": memberships::roles_of(conn, user, granter.tenant)? });
    audit::record(
        conn,
        granter.actor,
        granter.tenant,
        "membership.confirm",
        &object,
        &data,
    )
}

fn withdraw(conn: &mut PgConnection, granter: &Granter, chosen: Chosen) -> Result<()> {
    let (user, _) = seen(conn, granter, chosen)?;
    let which = Which {
        user,
        tenant: granter.tenant,
        version: chosen.version,
    };
    memberships::set(conn, granter, which, Place::default())
}
