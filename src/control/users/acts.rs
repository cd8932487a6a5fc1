//! What the administrators of a user's home tenant, and of those above it, may do with him. Each act checks
//! that it is theirs, and writes its entry.

use super::query::{self, Person};
use crate::control::audit::{self, Actor};
use crate::control::mail::Post;
use crate::control::{links, memberships, passwords, pending, roles, second_factor, sessions};
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;

/// Who acts, where he stands, and whom it concerns.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Who acts.
    pub actor: Actor,
    /// The tenant in which he acts.
    pub tenant: TenantId,
    /// Whom it concerns.
    pub user: UserId,
}

impl Care {
    /// The user, locked: of two who change him at once the second sees what the first did.
    pub(super) fn begin(&self, conn: &mut PgConnection) -> Result<Person> {
        users::table
            .find(self.user.0)
            .select(users::id)
            .for_update()
            .first::<i32>(conn)?;
        query::ours(conn, self.tenant, self.user)
    }

    /// He is somebody else's to be from now on, as far as log-in goes: his critical rights wait for a third.
    pub(super) fn entrust(&self, conn: &mut PgConnection) -> Result<()> {
        pending::entrust(conn, self.actor, self.user)
    }

    pub(super) fn record(
        &self,
        conn: &mut PgConnection,
        act: &str,
        data: &serde_json::Value,
    ) -> Result<()> {
        let (actor, user) = (self.actor, self.user.to_string());
        audit::record(conn, actor, self.tenant, act, &user, data)
    }

    /// Sets name and address (normalised), if nobody changed them since `version`.
    ///
    /// # Errors
    /// `Conflict` where somebody did; `Constraint` where the address is taken; `Invalid` where nobody could confirm
    /// the rights that wait for another address.
    pub fn change(
        &self,
        conn: &mut PgConnection,
        version: i32,
        name: &str,
        email: &str,
    ) -> Result<()> {
        roles::lock(conn)?;
        let before = self.begin(conn)?;
        if before.version != version {
            return Err(AppError::Conflict);
        }
        if (before.name.as_str(), before.email.as_str()) == (name, email) {
            return Ok(());
        }
        diesel::update(users::table.find(self.user.0))
            .set((
                users::name.eq(name),
                users::email.eq(email),
                users::version.eq(users::version + 1),
            ))
            .execute(conn)?;
        if before.email != email {
            self.entrust(conn)?;
            // They went to the address that no longer counts.
            links::end(conn, self.user, None)?;
        }
        let personal = json!({
            "old": { "name": before.name, "email": before.email },
            "new": { "name": name, "email": email },
        });
        let what = ("user.change", self.user.to_string());
        audit::record_personal(conn, self.actor, self.tenant, (what.0, &what.1), &personal)
    }

    /// Sets his password, ends all his sessions and tells him by mail.
    ///
    /// # Errors
    /// When he is not the tenant's to look after; `Invalid` where nobody could confirm the rights that wait then.
    pub fn set_password(&self, conn: &mut PgConnection, post: &Post, hash: &str) -> Result<()> {
        roles::lock(conn)?;
        self.begin(conn)?;
        self.entrust(conn)?;
        passwords::set(conn, post, self.user, hash, true)?;
        sessions::end_all(conn, self.user, None)?;
        self.record(conn, "user.password", &json!({}))
    }

    /// Lets him log in, or no longer: then his sessions end, too. His critical rights wait when he may again.
    ///
    /// # Errors
    /// `Invalid("last-administrator")` where he is the only one of a tenant that this one sees.
    pub fn set_active(&self, conn: &mut PgConnection, active: bool) -> Result<()> {
        // As `memberships::set` does: of two who put out administrators one comes after the other.
        roles::lock(conn)?;
        let places = query::places(conn, self.tenant, self.user)?;
        let administered: Vec<TenantId> = places
            .iter()
            .filter(|place| place.roles.iter().any(|role| role == "administrator"))
            .map(|place| TenantId(place.id))
            .collect();
        let before = self.begin(conn)?;
        if before.active == active {
            return Ok(());
        }
        let state = if active { "active" } else { "inactive" };
        diesel::update(users::table.find(self.user.0))
            .set((
                users::state.eq(state),
                users::version.eq(users::version + 1),
            ))
            .execute(conn)?;
        if active {
            diesel::update(users::table.find(self.user.0))
                .set(users::active_since.eq(crate::clock::now()))
                .execute(conn)?;
            // Like places that were over and begin anew.
            pending::let_in_again(conn, self.actor, self.user)?;
        } else {
            for tenant in administered {
                memberships::keeps_an_administrator(conn, tenant)?;
            }
            sessions::end_all(conn, self.user, None)?;
            links::end(conn, self.user, None)?;
        }
        let act = if active {
            "user.activate"
        } else {
            "user.deactivate"
        };
        self.record(conn, act, &json!({}))
    }

    /// Deactivates him because nobody used the account for `days` days, unless a tenant, seen from here or not,
    /// would be left without an administrator.
    ///
    /// # Errors
    /// `Invalid("last-administrator")`.
    pub fn deactivate_dormant(
        &self,
        conn: &mut PgConnection,
        days: i32,
        used_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        roles::lock(conn)?;
        self.begin(conn)?;
        diesel::update(users::table.find(self.user.0))
            .set((
                users::state.eq("inactive"),
                users::version.eq(users::version + 1),
            ))
            .execute(conn)?;
        for tenant in memberships::administered(conn, self.user)? {
            memberships::keeps_an_administrator(conn, tenant)?;
        }
        sessions::end_all(conn, self.user, None)?;
        links::end(conn, self.user, None)?;
        let data = json!({ "dormant_days": days, "used": used_at });
        self.record(conn, "user.dormant", &data)
    }

    /// Takes his second factor away, because he lost it; his sessions end, and a mail tells him.
    ///
    /// # Errors
    /// When he is not the tenant's to look after; `Invalid` where nobody could confirm the rights that wait then.
    pub fn reset_second_factor(&self, conn: &mut PgConnection, post: &Post) -> Result<()> {
        roles::lock(conn)?;
        self.begin(conn)?;
        if second_factor::end(conn, post, self.user)? {
            self.entrust(conn)?;
            sessions::end_all(conn, self.user, None)?;
            self.record(conn, "factor.reset", &json!({}))?;
        }
        Ok(())
    }

    /// Ends all his sessions.
    ///
    /// # Errors
    /// When he is not the tenant's to look after.
    pub fn end_sessions(&self, conn: &mut PgConnection) -> Result<usize> {
        self.begin(conn)?;
        let ended = sessions::end_all(conn, self.user, None)?;
        self.record(conn, "user.sessions", &json!({ "ended": ended }))?;
        Ok(ended)
    }
}
