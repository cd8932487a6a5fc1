//! Tokens: with one a program acts on behalf of a user in one tenant. Shown once, kept as a hash; what a
//! token may is decided in each request (`access::bearer`), from what was chosen for it and from what its
//! user may then.

pub mod pages;

use super::audit::{self, Actor};
use crate::access::TenantHere;
use crate::access::bearer::{PREFIX, hash};
use crate::clock;
use crate::db::ids::{MembershipId, TenantId, TokenId, UserId};
use crate::db::schema::control::{api_tokens, memberships, tenants, users};
use crate::error::{AppError, Result};
use crate::web::days::{day_from, end_of};
use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long a token is valid at most.
pub const MOST_DAYS: u64 = 365;
/// Tokens that a user may have at the same time in all his tenants.
const MOST: i64 = 50;
/// How much of a token its owner sees again.
const SHOWN: usize = PREFIX.len() + 6;

/// A token to be made, checked.
#[derive(Clone, Debug)]
pub struct NewToken {
    name: String,
    rights: Vec<String>,
    expires_at: DateTime<Utc>,
    /// The log-in that the tenant asks for: who makes it has done that.
    signed_on: String,
}

impl NewToken {
    /// Checks what was entered; `last` is the last day on which it is valid, in the user's zone.
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn check(
        name: &str,
        rights: &[String],
        last: &str,
        zone: &str,
        place: &TenantHere,
    ) -> Result<Self> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(AppError::invalid("token-name-length"));
        }
        if rights.is_empty() {
            return Err(AppError::invalid("token-rights-missing"));
        }
        if !rights.iter().all(|right| place.may(right)) {
            return Err(AppError::invalid("token-rights-beyond"));
        }
        let expires_at = end_of(last, zone)
            .filter(|end| *end > clock::now() && *end <= latest(zone))
            .ok_or_else(|| AppError::invalid("token-expires-range"))?;
        let mut rights = rights.to_vec();
        rights.sort();
        rights.dedup();
        Ok(Self {
            name: name.to_owned(),
            rights,
            expires_at,
            signed_on: place
                .sign_on
                .as_ref()
                .map(|asked| asked.mark.clone())
                .unwrap_or_default(),
        })
    }
}

fn latest(zone: &str) -> DateTime<Utc> {
    let last = clock::now() + Days::new(MOST_DAYS);
    end_of(&day_from(last, zone), zone).unwrap_or_default()
}

/// Makes a token in the place that its user has in a tenant; the text is never to be had again.
///
/// # Errors
/// `Invalid("token-too-many")`, `NotFound` without a membership.
pub fn create(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    tenant: TenantId,
    new: &NewToken,
) -> Result<SecretString> {
    let (membership, password): (i32, Option<String>) = memberships::table
        .inner_join(users::table)
        .filter(memberships::user_id.eq(user.0))
        .filter(memberships::tenant_id.eq(tenant.0))
        .select((memberships::id, users::password_hash))
        .for_update()
        .first(conn)?;
    let living: i64 = api_tokens::table
        .inner_join(memberships::table)
        .filter(memberships::user_id.eq(user.0))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::expires_at.gt(clock::now()))
        .count()
        .get_result(conn)?;
    if living >= MOST {
        return Err(AppError::Invalid {
            key: "token-too-many",
            params: vec![("most", MOST.to_string())],
        });
    }
    let text = format!("{PREFIX}{}", crate::secrets::random_hex(32));
    let id: i32 = diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::membership_id.eq(MembershipId(membership)),
            api_tokens::name.eq(&new.name),
            api_tokens::key_hash.eq(hash(&text)),
            api_tokens::beginning.eq(&text[..SHOWN]),
            api_tokens::rights.eq(&new.rights),
            api_tokens::password_mark.eq(mark(password.as_deref())),
            api_tokens::expires_at.eq(new.expires_at),
            api_tokens::signed_on.eq(&new.signed_on),
        ))
        .returning(api_tokens::id)
        .get_result(conn)?;
    let data = json!({ "name": new.name, "rights": new.rights, "expires_at": new.expires_at });
    audit::record(conn, actor, tenant, "token.create", &id.to_string(), &data)?;
    Ok(SecretString::from(text))
}

/// As the query of `access::bearer` spells it.
fn mark(password_hash: Option<&str>) -> Vec<u8> {
    Sha256::digest(password_hash.unwrap_or_default().as_bytes()).to_vec()
}

/// A token as its owner or his administrator sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its id.
    pub id: TokenId,
    /// The name its owner gave it.
    pub name: String,
    /// Its first characters.
    pub beginning: String,
    /// `nord` or `nord/vip`.
    pub tenant: String,
    /// Keys of rights.
    pub rights: Vec<String>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub state: State,
}

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// The user has another password since.
    Dead,
}

/// Whose tokens, and which of them.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    /// The user.
    pub user: UserId,
    /// Only those for this tenant.
    pub tenant: Option<TenantId>,
}

type Row = (
    i32,
    String,
    String,
    Vec<String>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Vec<u8>,
    Option<String>,
    (String, String, Option<String>),
);

/// The tokens, newest first.
///
/// # Errors
/// When the database does not answer.
pub fn all(conn: &mut PgConnection, whose: Whose) -> Result<Vec<Shown>> {
    let parents = diesel::alias!(tenants as parents);
    let mut query = api_tokens::table
        .inner_join(memberships::table.inner_join(users::table))
        .inner_join(tenants::table.on(tenants::id.eq(memberships::tenant_id)))
        .left_join(parents.on(parents.field(tenants::id).nullable().eq(tenants::parent_id)))
        .filter(memberships::user_id.eq(whose.user.0))
        .order(api_tokens::id.desc())
        .limit(500)
        .select((
            api_tokens::id,
            api_tokens::name,
            api_tokens::beginning,
            api_tokens::rights,
            api_tokens::expires_at,
            api_tokens::last_used_at,
            api_tokens::revoked_at,
            api_tokens::password_mark,
            users::password_hash,
            (
                tenants::kind,
                tenants::slug,
                parents.field(tenants::slug).nullable(),
            ),
        ))
        .into_boxed();
    if let Some(tenant) = whose.tenant {
        query = query.filter(memberships::tenant_id.eq(tenant.0));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(shown).collect())
}

fn shown(row: Row) -> Shown {
    let (id, name, beginning, rights, expires_at, last_used_at, revoked_at, seal, password, place) =
        row;
    let state = if revoked_at.is_some() {
        State::Revoked
    } else if expires_at <= clock::now() {
        State::Expired
    } else if seal != mark(password.as_deref()) {
        State::Dead
    } else {
        State::Valid
    };
    let tenant = match place {
        (kind, slug, Some(parent)) if kind == "inner" => format!("{parent}/{slug}"),
        (_, slug, _) => slug,
    };
    Shown {
        id: TokenId(id),
        name,
        beginning,
        tenant,
        rights,
        expires_at,
        last_used_at,
        state,
    }
}

/// One of the tokens.
///
/// # Errors
/// `NotFound` for any other.
pub fn one(conn: &mut PgConnection, whose: Whose, id: TokenId) -> Result<Shown> {
    all(conn, whose)?
        .into_iter()
        .find(|token| token.id == id)
        .ok_or(AppError::NotFound)
}

/// Ends a token for good; again does no harm.
///
/// # Errors
/// `NotFound` where it is not one of these.
pub fn revoke(conn: &mut PgConnection, actor: Actor, whose: Whose, id: TokenId) -> Result<Shown> {
    let token = one(conn, whose, id)?;
    let tenant: Option<i32> = diesel::update(
        api_tokens::table
            .find(id.0)
            .filter(api_tokens::revoked_at.is_null()),
    )
    .set((
        api_tokens::revoked_at.eq(clock::now()),
        api_tokens::revoked_by.eq(actor.user.map(|user| user.0)),
    ))
    .returning(api_tokens::membership_id)
    .get_result::<i32>(conn)
    .optional()?
    .map(|membership| {
        memberships::table
            .find(membership)
            .select(memberships::tenant_id)
            .first(conn)
    })
    .transpose()?;
    if let Some(tenant) = tenant {
        let data = json!({ "name": token.name, "user": whose.user });
        let object = id.to_string();
        audit::record(
            conn,
            actor,
            TenantId(tenant),
            "token.revoke",
            &object,
            &data,
        )?;
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_a_year_at_most() {
        for zone in ["UTC", "Europe/Berlin", "Pacific/Kiritimati"] {
            assert!(latest(zone) > clock::now() + chrono::Duration::days(365));
            assert!(latest(zone) <= clock::now() + chrono::Duration::days(366));
        }
    }
}
