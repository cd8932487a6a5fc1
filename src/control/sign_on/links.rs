//! Whom an issuer means by a subject, and who may be linked by his address because an administrator of his home
//! says so.

use super::line;
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::users::home_of;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{sign_on_links as links, sign_on_permits as permits, users};
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use serde_json::json;

/// For how long an administrator's permission holds.
pub const PERMIT_DAYS: i64 = 7;

/// A link as its user sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = links)]
pub struct Link {
    /// Its number.
    pub id: i32,
    /// By whom he is known.
    pub issuer: String,
    /// As whom.
    pub subject: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When he last came by it.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The user that an issuer means by a subject.
///
/// # Errors
/// When the database does not answer.
pub fn find(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let found: Option<i32> = links::table
        .filter(links::issuer.eq(issuer))
        .filter(links::subject.eq(subject))
        .select(links::user_id)
        .first(conn)
        .optional()?;
    Ok(found.map(UserId))
}

/// The links of a user, the first first.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Vec<Link>> {
    Ok(links::table
        .filter(links::user_id.eq(user.0))
        .order(links::id)
        .limit(100)
        .select(Link::as_select())
        .load(conn)?)
}

/// Links a user; an entry stands at his home.
///
/// # Errors
/// `Invalid("sign-on-link-taken")` where the issuer means somebody else by that.
pub fn add(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    (issuer, subject): (&str, &str),
) -> Result<()> {
    match find(conn, issuer, subject)? {
        Some(known) if known == user => return Ok(()),
        Some(_) => return Err(AppError::invalid("sign-on-link-taken")),
        None => {}
    }
    let added = diesel::insert_into(links::table)
        .values((
            links::user_id.eq(user.0),
            links::issuer.eq(issuer),
            links::subject.eq(subject),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if added == 0 {
        return Err(AppError::invalid("sign-on-link-taken"));
    }
    record(conn, actor, user, "sign_on.link", issuer)
}

/// Notes that somebody came by his link.
///
/// # Errors
/// When the database refuses.
pub fn used(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<()> {
    let link = links::table
        .filter(links::issuer.eq(issuer))
        .filter(links::subject.eq(subject));
    diesel::update(link)
        .set(links::last_used_at.eq(clock::now()))
        .execute(conn)?;
    Ok(())
}

/// Takes a link away; false where it was not the user's.
///
/// # Errors
/// When the database refuses.
pub fn remove(conn: &mut PgConnection, actor: Actor, user: UserId, id: i32) -> Result<bool> {
    let gone: Option<String> =
        diesel::delete(links::table.find(id).filter(links::user_id.eq(user.0)))
            .returning(links::issuer)
            .get_result(conn)
            .optional()?;
    let Some(issuer) = gone else {
        return Ok(false);
    };
    record(conn, actor, user, "sign_on.unlink", &issuer)?;
    Ok(true)
}

/// Whether a user could still log in without this link: by a password or another link.
///
/// # Errors
/// When the database does not answer.
pub fn can_do_without(conn: &mut PgConnection, user: UserId, id: i32) -> Result<bool> {
    let password: bool = users::table
        .find(user.0)
        .select(users::password_hash.is_not_null())
        .first(conn)?;
    let others: i64 = links::table
        .filter(links::user_id.eq(user.0))
        .filter(links::id.ne(id))
        .count()
        .get_result(conn)?;
    Ok(password || others > 0)
}

/// Whether a tenant's provider may log a user in: he is at home in it or below it.
///
/// # Errors
/// When the database does not answer.
pub fn may_log_in(conn: &mut PgConnection, provider: TenantId, user: UserId) -> Result<bool> {
    let home = home_of(conn, user)?;
    Ok(line(conn, home)?.contains(&provider))
}

/// Lets a user be linked by his address at his next log-in by a tenant's provider.
///
/// # Errors
/// When the database refuses.
pub fn permit(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    provider: TenantId,
) -> Result<()> {
    diesel::delete(permits::table.find(user.0)).execute(conn)?;
    diesel::insert_into(permits::table)
        .values((
            permits::user_id.eq(user.0),
            permits::tenant_id.eq(provider.0),
            permits::expires_at.eq(clock::now() + Duration::days(PERMIT_DAYS)),
        ))
        .execute(conn)?;
    record(conn, actor, user, "sign_on.permit", "")
}

/// Withdraws that.
///
/// # Errors
/// When the database refuses.
pub fn forbid(conn: &mut PgConnection, actor: Actor, user: UserId) -> Result<()> {
    if diesel::delete(permits::table.find(user.0)).execute(conn)? == 1 {
        record(conn, actor, user, "sign_on.forbid", "")?;
    }
    Ok(())
}

/// Until when a user may be linked by his address.
///
/// # Errors
/// When the database does not answer.
pub fn permitted(conn: &mut PgConnection, user: UserId) -> Result<Option<DateTime<Utc>>> {
    Ok(permits::table
        .find(user.0)
        .filter(permits::expires_at.gt(clock::now()))
        .select(permits::expires_at)
        .first(conn)
        .optional()?)
}

/// Uses up the permission to link the user of an address to a tenant's provider.
///
/// # Errors
/// When the database refuses.
pub fn use_permit(
    conn: &mut PgConnection,
    provider: TenantId,
    email: &str,
) -> Result<Option<UserId>> {
    let user: Option<i32> = users::table
        .filter(users::email.eq(email))
        .filter(users::state.eq("active"))
        .select(users::id)
        .first(conn)
        .optional()?;
    let Some(user) = user else {
        return Ok(None);
    };
    let open = permits::table
        .find(user)
        .filter(permits::tenant_id.eq(provider.0))
        .filter(permits::expires_at.gt(clock::now()));
    let used = diesel::delete(open).execute(conn)? == 1;
    Ok(used.then_some(UserId(user)))
}

fn record(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    act: &str,
    issuer: &str,
) -> Result<()> {
    let home = home_of(conn, user)?;
    let data = match issuer {
        "" => json!({}),
        issuer => json!({ "issuer": issuer }),
    };
    audit::record(conn, actor, home, act, &user.to_string(), &data)
}
