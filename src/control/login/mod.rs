//! Log-in and log-out, and where one lands after it.

mod pages;
pub(in crate::control) mod second;
pub(in crate::control) mod session;
pub(in crate::control) mod throttle;

pub use pages::routes;

use crate::app::App;
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::passwords;
use crate::control::users::home_of;
use crate::db::ids::UserId;
use crate::db::schema::control::{memberships, tenants, users};
use crate::db::{Write, control};
use crate::error::Result;
use diesel::prelude::*;
use secrecy::SecretString;

/// Checks address and password; nobody is logged in by that yet. The same answer, in the same time, for a wrong password, an unknown
/// address and a deactivated user.
///
/// # Errors
/// `TooMany` when account or network address tried too often.
pub fn check(
    app: &App,
    email: &str,
    password: &SecretString,
    address: &str,
) -> Result<Option<UserId>> {
    let email = email.trim().to_lowercase();
    let keys = [
        throttle::key("account", &email),
        throttle::key("address", address),
    ];
    throttle::begin(&app.pools, &keys)?;
    let found: Option<(i32, Option<String>, String)> = control::statement(&app.pools, |conn| {
        users::table
            .filter(users::email.eq(&email))
            .select((users::id, users::password_hash, users::state))
            .first(conn)
            .optional()
    })?;
    let hash = found.as_ref().and_then(|(_, hash, ..)| hash.as_deref());
    let right = passwords::verify(password, hash);
    match found {
        Some((id, _, state)) if right && state == "active" => {
            throttle::passed(&app.pools, &keys)?;
            Ok(Some(UserId(id)))
        }
        _ => Ok(None),
    }
}

/// Notes that a user has logged in, all steps done.
///
/// # Errors
/// When the database refuses.
pub(in crate::control) fn begun(app: &App, user: UserId, by: Option<&session::By>) -> Result<()> {
    control::run::<Write, _>(&app.pools, |conn| {
        diesel::update(users::table.find(user.0))
            .set(users::last_login_at.eq(clock::now()))
            .execute(conn.pg())?;
        let home = home_of(conn.pg(), user)?;
        let mut data = serde_json::json!({});
        if let Some(by) = by {
            data["issuer"] = by.issuer.clone().into();
        }
        let actor = Actor::form(user);
        audit::record(
            conn.pg(),
            actor,
            home,
            "session.begin",
            &user.to_string(),
            &data,
        )
    })
}

/// Where a user lands: in his only tenant, or at the list of his tenants.
///
/// # Errors
/// When the database does not answer.
pub fn home(app: &App, user: UserId) -> Result<String> {
    let parents = diesel::alias!(tenants as parents);
    let places: Vec<(String, String, Option<String>)> = control::statement(&app.pools, |conn| {
        memberships::table
            .inner_join(tenants::table)
            .left_join(parents.on(parents.field(tenants::id).nullable().eq(tenants::parent_id)))
            .filter(memberships::user_id.eq(user.0))
            .filter(tenants::trashed_at.is_null())
            .limit(2)
            .select((
                tenants::kind,
                tenants::slug,
                parents.field(tenants::slug).nullable(),
            ))
            .load(conn)
    })?;
    Ok(match places.as_slice() {
        [(kind, slug, Some(parent))] if kind == "inner" => format!("/t/{parent}/{slug}"),
        [(_, slug, _)] => format!("/t/{slug}"),
        _ => "/tenants".into(),
    })
}

/// A place on this site to go back to; anything else is no place.
pub fn local_path(text: &str) -> Option<&str> {
    let local = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.chars().any(|c| c.is_control())
        && text.len() <= 2000;
    local.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_places_on_this_site() {
        assert!(local_path("/t/nord/recipients?q=a").is_some());
        for bad in [
            "",
            "t/nord",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\nb",
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }
}
