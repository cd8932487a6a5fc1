//! One act for several users: each is done or refused by himself, by the same acts as on his own page.

use super::acts::Care;
use super::query;
use crate::control::memberships::{self, Granter, Place, Which};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Most users that one act takes: each is a few statements.
pub const MOST: usize = 100;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Gives a role, by its key.
    Give(String),
    /// Takes one; without any role or right a place ends.
    Take(String),
    /// Sets or takes away the end of places.
    Until(Option<DateTime<Utc>>),
    /// Lets them log in, or no longer.
    SetActive(bool),
    /// Ends their sessions.
    EndSessions,
}

/// A refusal: the message's key and its values.
pub type Refusal = (&'static str, Vec<(&'static str, String)>);

impl Act {
    /// Does it for each; answers those who were refused, and why.
    ///
    /// # Errors
    /// `Invalid` for too many; when the database does not answer.
    pub fn each(
        &self,
        conn: &mut PgConnection,
        granter: &Granter,
        users: &[UserId],
    ) -> Result<Vec<(UserId, Refusal)>> {
        if users.len() > MOST {
            return Err(AppError::invalid("users-bulk-many"));
        }
        let mut refused = Vec::new();
        for user in users {
            // What one is refused leaves the others as they are.
            match conn.transaction(|conn| self.one(conn, granter, *user)) {
                Ok(()) => {}
                Err(AppError::Invalid { key, params }) => refused.push((*user, (key, params))),
                Err(AppError::NotFound) => refused.push((*user, ("users-bulk-gone", Vec::new()))),
                Err(other) => return Err(other),
            }
        }
        Ok(refused)
    }

    fn one(&self, conn: &mut PgConnection, granter: &Granter, user: UserId) -> Result<()> {
        match self {
            Self::Give(role) => change(conn, granter, user, |place| {
                place.roles.push(role.clone());
            }),
            Self::Take(role) => change(conn, granter, user, |place| {
                place.roles.retain(|key| key != role);
            }),
            Self::Until(until) => change(conn, granter, user, |place| place.until = *until),
            Self::SetActive(active) => care(conn, granter, user)?.set_active(conn, *active),
            Self::EndSessions => care(conn, granter, user)?.end_sessions(conn).map(|_| ()),
        }
    }
}

fn change(
    conn: &mut PgConnection,
    granter: &Granter,
    user: UserId,
    with: impl FnOnce(&mut Place),
) -> Result<()> {
    let tenant = granter.tenant;
    let (_, version, mut place) =
        memberships::place_of(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    with(&mut place);
    let which = Which {
        user,
        tenant,
        version,
    };
    memberships::set(conn, granter, which, place)
}

/// As on the user's own page: nobody does it to himself, or to whom he could not act as.
fn care(conn: &mut PgConnection, granter: &Granter, user: UserId) -> Result<Care> {
    if granter.user == user {
        return Err(AppError::invalid("users-own-account"));
    }
    looked_after(conn, granter, user)?;
    Ok(Care {
        actor: granter.actor,
        tenant: granter.tenant,
        user,
    })
}

/// The user, if the granter's tenant looks after him and he holds nothing here that the granter lacks:
/// whoever sets somebody's password can act as him.
///
/// # Errors
/// `NotFound` for whom the tenant does not see, `Invalid` for whom it may not look after.
pub fn looked_after(
    conn: &mut PgConnection,
    granter: &Granter,
    user: UserId,
) -> Result<query::Person> {
    let person = query::ours(conn, granter.tenant, user)?;
    granter.demand_all_of(conn, user)?;
    Ok(person)
}
