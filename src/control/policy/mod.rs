//! What tenants ask of passwords and sessions. A tenant sets what it likes and leaves the rest to those above; for
//! a user the strictest of all his tenants holds, those above them with them.

#![expect(
    clippy::disallowed_methods,
    reason = "the strictest of a tree's rules is one call of a control function"
)]

pub mod pages;

use super::audit::{self, Actor};
use super::passwords::{self, strength};
use crate::clock;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{policies, tenants, users};
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// Rules; none where nothing is asked.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    QueryableByName,
    Queryable,
    Selectable,
    AsChangeset,
)]
#[diesel(table_name = policies)]
#[diesel(treat_none_as_null = true)]
pub struct Policy {
    /// Fewest characters of a password.
    #[diesel(sql_type = Nullable<Integer>)]
    pub password_length: Option<i32>,
    /// How hard to guess a password must be, 2 to 4.
    #[diesel(sql_type = Nullable<Integer>)]
    pub password_score: Option<i32>,
    /// Whether a password needs letters of both kinds, digits and signs.
    #[diesel(sql_type = Nullable<Bool>)]
    pub password_classes: Option<bool>,
    /// Days after which another is needed.
    #[diesel(sql_type = Nullable<Integer>)]
    pub password_days: Option<i32>,
    /// Minutes without a request after which a session ends.
    #[diesel(sql_type = Nullable<Integer>)]
    pub idle_minutes: Option<i32>,
    /// Hours after log-in at which it ends in any case.
    #[diesel(sql_type = Nullable<Integer>)]
    pub absolute_hours: Option<i32>,
    /// Most sessions at once.
    #[diesel(sql_type = Nullable<Integer>)]
    pub most_sessions: Option<i32>,
    /// Minutes for which who has shown who he is may do what is critical.
    #[diesel(sql_type = Nullable<Integer>)]
    pub proof_minutes: Option<i32>,
}

/// The strictest rules of tenants and all above them.
///
/// # Errors
/// When the database does not answer.
pub fn of_tenants(conn: &mut PgConnection, of: &[TenantId]) -> Result<Policy> {
    let ids: Vec<i32> = of.iter().map(|tenant| tenant.0).collect();
    Ok(
        diesel::sql_query("SELECT * FROM control.policy_of_tenants($1)")
            .bind::<Array<Integer>, _>(ids)
            .get_result(conn)?,
    )
}

/// The rules that hold for a user.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Policy> {
    Ok(diesel::sql_query("SELECT * FROM control.policy_of($1)")
        .bind::<Integer, _>(user.0)
        .get_result(conn)?)
}

/// What a tenant asks itself, and the version of that; nothing and 0 where it asks nothing.
///
/// # Errors
/// When the database does not answer.
pub fn own(conn: &mut PgConnection, tenant: TenantId) -> Result<(Policy, i32)> {
    let found: Option<(Policy, i32)> = policies::table
        .find(tenant.0)
        .select((Policy::as_select(), policies::version))
        .first(conn)
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// What holds in a tenant from above, whatever it asks itself.
///
/// # Errors
/// When the database does not answer.
pub fn above(conn: &mut PgConnection, tenant: TenantId) -> Result<Policy> {
    let parent: Option<i32> = tenants::table
        .find(tenant.0)
        .select(tenants::parent_id)
        .first(conn)?;
    match parent {
        Some(parent) => of_tenants(conn, &[TenantId(parent)]),
        None => Ok(Policy::default()),
    }
}

/// Sets what a tenant asks.
///
/// # Errors
/// `Conflict` where somebody changed it since the version seen.
pub fn set(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    wanted: &Policy,
    version: i32,
) -> Result<()> {
    tenants::table
        .find(tenant.0)
        .select(tenants::id)
        .for_update()
        .first::<i32>(conn)?;
    let (before, now) = own(conn, tenant)?;
    if now != version {
        return Err(AppError::Conflict);
    }
    diesel::insert_into(policies::table)
        .values((policies::tenant_id.eq(tenant.0), policies::version.eq(0)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    diesel::update(policies::table.find(tenant.0))
        .set((wanted, policies::version.eq(policies::version + 1)))
        .execute(conn)?;
    let data = serde_json::json!({ "old": before, "new": wanted });
    audit::record(conn, actor, tenant, "policy.change", "", &data)
}

impl Policy {
    /// Checks a password by the program's own rules and these; `about` is what a guesser knows of its owner.
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn check(&self, password: &SecretString, about: &[&str]) -> Result<()> {
        passwords::check(password, about)?;
        let text = password.expose_secret();
        let least = self.password_length.unwrap_or_default();
        if (text.chars().count() as i64) < i64::from(least) {
            return Err(AppError::Invalid {
                key: "password-too-short",
                params: vec![("min", least.to_string())],
            });
        }
        if self.password_classes == Some(true) && !has_all_classes(text) {
            return Err(AppError::invalid("password-classes"));
        }
        let score = self.password_score.unwrap_or_default();
        if score > 0 && i32::from(strength::of(text, about)) < score {
            return Err(AppError::invalid("password-weak"));
        }
        Ok(())
    }

    /// Whether a password that was set then has to be another one.
    pub fn is_over(&self, set_at: DateTime<Utc>) -> bool {
        self.password_days
            .is_some_and(|days| set_at + Duration::days(days.into()) <= clock::now())
    }
}

fn has_all_classes(text: &str) -> bool {
    let any = |one: fn(char) -> bool| text.chars().any(one);
    any(char::is_uppercase)
        && any(char::is_lowercase)
        && any(char::is_numeric)
        && any(|c| !c.is_alphanumeric() && !c.is_control())
}

/// Whether somebody who has just shown a password must set another: it is too old, or no longer what his tenants
/// ask for.
///
/// # Errors
/// When the database does not answer.
pub fn asks_for_another(
    conn: &mut PgConnection,
    user: UserId,
    password: &SecretString,
) -> Result<bool> {
    let (set_at, email, name): (DateTime<Utc>, String, String) = users::table
        .find(user.0)
        .select((users::password_set_at, users::email, users::name))
        .first(conn)?;
    let policy = of_user(conn, user)?;
    if policy == Policy::default() {
        // What was good enough for the program once stays so.
        return Ok(false);
    }
    Ok(policy.is_over(set_at) || policy.check(password, &[&email, &name]).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_measured_by_length_strength_and_what_is_in_it() {
        let fits =
            |policy: &Policy, text: &str| policy.check(&SecretString::from(text), &[]).is_ok();
        let (free, long) = (
            Policy::default(),
            Policy {
                password_length: Some(16),
                ..Policy::default()
            },
        );
        assert!(fits(&free, "kx7!pq2mzv") && !fits(&long, "kx7!pq2mzv"));
        assert!(fits(&long, "ein Satz mit vier Worten"));
        let mixed = Policy {
            password_classes: Some(true),
            ..Policy::default()
        };
        assert!(!fits(&mixed, "ein satz mit vier worten") && fits(&mixed, "Ein Satz mit 4 Worten"));
        let hard = Policy {
            password_score: Some(4),
            ..Policy::default()
        };
        assert!(!fits(&hard, "brown dog 7") && fits(&hard, "correct horse battery staple"));
    }

    #[test]
    fn a_password_is_over_after_its_days() {
        let policy = Policy {
            password_days: Some(30),
            ..Policy::default()
        };
        let days = |days| clock::now() - Duration::days(days);
        assert!(!policy.is_over(days(29)) && policy.is_over(days(30)));
        assert!(!Policy::default().is_over(days(10_000)));
    }
}
