//! Giving somebody a place in a tenant: who is new becomes a user, who has an account keeps it.

use super::invite::{Invited, invite};
use super::{NewUser, by_email, create, normalise_email};
use crate::control::mail::Post;
use crate::control::memberships::{self, Granter, Place};
use crate::control::{policy, roles};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

/// Somebody, as he was entered.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// His address; it decides whether he is new.
    pub email: String,
    /// Only for somebody new.
    pub name: String,
    /// Only for somebody new; blank, and he is invited to set one.
    pub password: SecretString,
    /// The invitation is to be a link to hand over, also where mails go out.
    pub hand_over: bool,
    /// Only for somebody new: `en` or `de`.
    pub language: String,
    /// Keys of roles.
    pub roles: Vec<String>,
}

/// What became of somebody who was to be admitted.
#[derive(Debug)]
pub struct Admitted {
    /// Who.
    pub user: UserId,
    /// His address, normalised.
    pub email: String,
    /// How he was invited; none where he has a password.
    pub invited: Option<Invited>,
}

/// Makes the user if need be, invites him if he has no password, and gives him the roles.
///
/// # Errors
/// `Invalid` with the message's key, also where the roles go beyond what the granter holds; nobody grants
/// anything to himself.
pub fn admit(
    conn: &mut PgConnection,
    granter: &Granter,
    post: &Post,
    wanted: &Wanted,
) -> Result<Admitted> {
    let (tenant, actor) = (granter.tenant, granter.actor);
    let email = normalise_email(&wanted.email)?;
    if wanted.roles.is_empty() {
        return Err(AppError::invalid("users-roles-missing"));
    }
    let password = Some(&wanted.password).filter(|p| !p.expose_secret().is_empty());
    // Hashing takes long; nobody else's change of rights waits for it.
    let person = match by_email(conn, &email)? {
        Some(user) => Ok(user),
        None => {
            let new = NewUser::check(&email, &wanted.name, password, &wanted.language)?;
            if let Some(password) = password {
                let rules = policy::of_tenants(conn, &[tenant])?;
                rules.check(password, &[&email, &wanted.name])?;
            }
            Err(new)
        }
    };
    roles::lock(conn)?;
    granter.demand_change(conn, &Place::default(), &Place::with_roles(&wanted.roles))?;
    let mut invited = None;
    let user = match person {
        Ok(user) if Some(user) == actor.user => {
            return Err(AppError::invalid("users-own-roles"));
        }
        Ok(user) => user,
        Err(new) => {
            let user = create(conn, actor, tenant, &new)?;
            if password.is_none() {
                let hand_over = wanted.hand_over;
                invited = Some(invite(conn, post, actor, tenant, user, hand_over)?);
            }
            user
        }
    };
    memberships::grant(conn, actor, user, tenant, &wanted.roles)?;
    Ok(Admitted {
        user,
        email,
        invited,
    })
}

/// The input of a form, or the field of a request, that a message belongs to; empty for the whole.
pub fn input_of(message: &str) -> &'static str {
    match message {
        "email-invalid" => "email",
        "user-name-length" => "name",
        "users-roles-missing"
        | "rights-beyond"
        | "fields-beyond"
        | "role-unknown"
        | "last-administrator" => "roles",
        "membership-dates" => "until",
        "rights-unknown" => "rights",
        key if key.starts_with("password") => "password",
        _ => "",
    }
}
