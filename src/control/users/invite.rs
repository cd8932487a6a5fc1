//! Inviting somebody who has no password yet: by mail, or by a link to hand over that is shown once.

use super::acts::Care;
use crate::control::audit::{self, Actor};
use crate::control::links::{self, Kind};
use crate::control::mail::{Letter, Post};
use crate::control::roles;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{tenants, users};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;

/// How an invitation went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// By mail.
    Mailed,
    /// By this link, which nothing keeps.
    Link(String),
}

impl Invited {
    /// The link to hand over, where there is one.
    pub fn link(self) -> Option<String> {
        match self {
            Self::Mailed => None,
            Self::Link(url) => Some(url),
        }
    }
}

/// Invites a user to `tenant`; an invitation before it opens nothing any more. By mail where there is a mail
/// server, unless the link is to be handed over.
///
/// # Errors
/// `Invalid` where he has a password already.
pub fn invite(
    conn: &mut PgConnection,
    post: &Post,
    actor: Actor,
    tenant: TenantId,
    user: UserId,
    hand_over: bool,
) -> Result<Invited> {
    if has_password(conn, user)? {
        return Err(AppError::invalid("invitation-not-needed"));
    }
    let mailed = post.sends() && !hand_over;
    let made = links::make(conn, post, Kind::Invitation, user, actor.user, mailed)?;
    let data = json!({ "mailed": mailed });
    audit::record(conn, actor, tenant, "user.invite", &user.to_string(), &data)?;
    if !mailed {
        return Ok(Invited::Link(made.url));
    }
    let name: String = tenants::table
        .find(tenant.0)
        .select(tenants::name)
        .first(conn)?;
    let letter = Letter {
        to: user,
        kind: "mail-invitation",
        params: &[("link", made.url), ("tenant", name)],
    };
    post.write(conn, &letter)?;
    Ok(Invited::Mailed)
}

/// Invites whoever was made with a new tenant, if he was made for it and has no password; nobody else. Who exists
/// elsewhere is not this tenant's to invite.
///
/// # Errors
/// When the database refuses.
pub fn invite_first(
    conn: &mut PgConnection,
    post: &Post,
    actor: Actor,
    tenant: TenantId,
    email: &str,
) -> Result<Option<Invited>> {
    let new: Option<i32> = users::table
        .filter(users::email.eq(email))
        .filter(users::home_tenant_id.eq(tenant.0))
        .filter(users::password_hash.is_null())
        .select(users::id)
        .first(conn)
        .optional()?;
    new.map(|user| invite(conn, post, actor, tenant, UserId(user), false))
        .transpose()
}

/// Whether a user has set a password, or somebody has for him.
///
/// # Errors
/// When the database does not answer.
pub fn has_password(conn: &mut PgConnection, user: UserId) -> Result<bool> {
    Ok(users::table
        .find(user.0)
        .select(users::password_hash.is_not_null())
        .first(conn)?)
}

impl Care {
    /// Invites him again. Whoever is shown the link could use it himself.
    ///
    /// # Errors
    /// When he is not the tenant's to look after, or has a password; `Invalid` where nobody could confirm the rights
    /// that wait then.
    pub fn invite(&self, conn: &mut PgConnection, post: &Post, hand_over: bool) -> Result<Invited> {
        roles::lock(conn)?;
        self.begin(conn)?;
        let invited = invite(conn, post, self.actor, self.tenant, self.user, hand_over)?;
        if let Invited::Link(_) = invited {
            self.entrust(conn)?;
        }
        Ok(invited)
    }

    /// Withdraws his invitation.
    ///
    /// # Errors
    /// When he is not the tenant's to look after.
    pub fn withdraw_invitation(&self, conn: &mut PgConnection) -> Result<()> {
        self.begin(conn)?;
        if links::end(conn, self.user, Some(Kind::Invitation))? > 0 {
            self.record(conn, "user.uninvite", &json!({}))?;
        }
        Ok(())
    }
}
