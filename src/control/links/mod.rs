//! Links that let somebody set his password, once and for a time: from an invitation, or because he forgot
//! his. Not the pages of who invites: those are the users'.

pub mod forgot;
mod pages;

pub use pages::routes;

use crate::clock;
use crate::control::mail::Post;
use crate::db::ids::UserId;
use crate::db::schema::control::{links, users};
use crate::error::Result;
use crate::secrets::signed;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use secrecy::SecretString;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody forgot his password.
    Reset,
    /// Somebody new sets his first one.
    Invitation,
}

impl Kind {
    fn key(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }

    fn path(self, token: &str) -> String {
        match self {
            Self::Reset => format!("/password/reset/{token}"),
            Self::Invitation => format!("/invitation/{token}"),
        }
    }

    fn lasts(self) -> Duration {
        match self {
            Self::Reset => Duration::hours(1),
            Self::Invitation => Duration::days(7),
        }
    }
}

/// How a link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It opens.
    Open {
        /// Its number.
        id: i64,
        /// Whose it is.
        user: UserId,
        /// His address.
        email: String,
    },
    /// It was used.
    Used,
    /// Its time is over.
    Expired,
    /// It was withdrawn, replaced by another, or its user is no longer active.
    Ended,
}

/// A link as it was made: the whole URL, which nothing keeps.
#[derive(Debug)]
pub struct Made {
    /// The URL.
    pub url: String,
    /// The same on this site.
    pub path: String,
    /// Until when it opens.
    pub expires_at: DateTime<Utc>,
}

/// Makes a link; those of its kind before it open nothing any more.
///
/// # Errors
/// When the database refuses.
pub fn make(
    conn: &mut PgConnection,
    post: &Post,
    kind: Kind,
    user: UserId,
    by: Option<UserId>,
    mailed: bool,
) -> Result<Made> {
    // Of two at the same time the second ends the first's.
    users::table
        .find(user.0)
        .select(users::id)
        .for_update()
        .first::<i32>(conn)?;
    end(conn, user, Some(kind))?;
    let token = signed::make(post.secret(), kind.key());
    let expires_at = clock::now() + kind.lasts();
    diesel::insert_into(links::table)
        .values((
            links::user_id.eq(user.0),
            links::kind.eq(kind.key()),
            links::key_hash.eq(signed::hash(&token)),
            links::created_by.eq(by.map(|user| user.0)),
            links::mailed.eq(mailed),
            links::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    let path = kind.path(&token);
    Ok(Made {
        url: post.url(&path),
        path,
        expires_at,
    })
}

/// Ends the open links of a user: those of a kind, or all. How many there were.
///
/// # Errors
/// When the database refuses.
pub fn end(conn: &mut PgConnection, user: UserId, kind: Option<Kind>) -> Result<usize> {
    let open = links::table
        .filter(links::user_id.eq(user.0))
        .filter(links::used_at.is_null())
        .filter(links::ended_at.is_null())
        .filter(links::kind.eq_any(match kind {
            Some(kind) => vec![kind.key()],
            None => vec![Kind::Reset.key(), Kind::Invitation.key()],
        }));
    Ok(diesel::update(open)
        .set(links::ended_at.eq(clock::now()))
        .execute(conn)?)
}

/// How the link of a token stands; none for what this installation never made.
///
/// # Errors
/// When the database does not answer.
pub fn standing(
    conn: &mut PgConnection,
    secret: &SecretString,
    kind: Kind,
    token: &str,
) -> Result<Option<Standing>> {
    if !signed::is_signed(secret, kind.key(), token) {
        return Ok(None);
    }
    type When = Option<DateTime<Utc>>;
    type Row = (i64, DateTime<Utc>, When, When, (i32, String, String));
    let found: Option<Row> = links::table
        .inner_join(users::table)
        .filter(links::key_hash.eq(signed::hash(token)))
        .filter(links::kind.eq(kind.key()))
        .select((
            links::id,
            links::expires_at,
            links::used_at,
            links::ended_at,
            (users::id, users::email, users::state),
        ))
        .first(conn)
        .optional()?;
    Ok(
        found.map(|(id, expires_at, used, ended, (user, email, state))| {
            if used.is_some() {
                Standing::Used
            } else if ended.is_some() || state != "active" {
                Standing::Ended
            } else if expires_at <= clock::now() {
                Standing::Expired
            } else {
                Standing::Open {
                    id,
                    user: UserId(user),
                    email,
                }
            }
        }),
    )
}

/// Uses a link up; false where somebody was faster.
///
/// # Errors
/// When the database refuses.
pub fn use_up(conn: &mut PgConnection, id: i64) -> Result<bool> {
    let open = links::table
        .find(id)
        .filter(links::used_at.is_null())
        .filter(links::ended_at.is_null())
        .filter(links::expires_at.gt(clock::now()));
    let used = diesel::update(open)
        .set(links::used_at.eq(clock::now()))
        .execute(conn)?;
    Ok(used == 1)
}

/// The invitation of a user that was made last: until when it opens or opened, whether it still does, and
/// whether it went by mail.
///
/// # Errors
/// When the database does not answer.
pub fn invitation(conn: &mut PgConnection, user: UserId) -> Result<Option<Invitation>> {
    type Row = (DateTime<Utc>, Option<DateTime<Utc>>, bool);
    let last: Option<Row> = links::table
        .filter(links::user_id.eq(user.0))
        .filter(links::kind.eq(Kind::Invitation.key()))
        .order(links::id.desc())
        .select((links::expires_at, links::ended_at, links::mailed))
        .first(conn)
        .optional()?;
    Ok(last.map(|(expires_at, ended, mailed)| Invitation {
        expires_at,
        open: ended.is_none() && expires_at > clock::now(),
        withdrawn: ended.is_some(),
        mailed,
    }))
}

/// An invitation as who invites sees it.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Until when it opens.
    pub expires_at: DateTime<Utc>,
    /// Whether it opens.
    pub open: bool,
    /// Whether somebody withdrew it.
    pub withdrawn: bool,
    /// Whether it went by mail.
    pub mailed: bool,
}

/// Forgets links whose time was over long ago.
///
/// # Errors
/// When the database does not answer.
pub fn forget_old(app: &crate::app::App) -> Result<usize> {
    let old = clock::now() - Duration::days(90);
    crate::db::control::statement(&app.pools, |conn| {
        diesel::delete(links::table.filter(links::expires_at.lt(old))).execute(conn)
    })
}
