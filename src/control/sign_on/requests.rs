//! Log-ins by a provider that are under way: kept in the database under a hash of their state, for ten minutes,
//! bound to the browser that began them, and gone with the first answer that names them.

use super::SignOn;
use super::provider::Secrets;
use crate::app::App;
use crate::clock;
use crate::db::control;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::sign_on_requests as requests;
use crate::error::{AppError, Result};
use crate::secrets::sealing;
use chrono::Duration;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// For how long the provider's answer is waited for.
const PATIENCE: Duration = Duration::minutes(10);
/// What verifiers are sealed for.
const PURPOSE: &str = "sign-on-verifier";

/// What a log-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To come in.
    Enter,
    /// To be known by it from now on: somebody who is logged in.
    Link,
    /// To show once more who he is: somebody who is logged in.
    Prove,
}

impl Purpose {
    fn key(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Link => "link",
            Self::Prove => "prove",
        }
    }

    fn of(key: &str) -> Self {
        match key {
            "link" => Self::Link,
            "prove" => Self::Prove,
            _ => Self::Enter,
        }
    }
}

/// What is to be remembered.
#[derive(Debug)]
pub struct Wish<'w> {
    /// What for.
    pub purpose: Purpose,
    /// Who is logged in.
    pub user: Option<UserId>,
    /// The token of the session that begins it.
    pub browser: &'w str,
    /// Where to go afterwards.
    pub next: &'w str,
}

/// What was remembered.
#[derive(Debug)]
pub struct Pending {
    /// Whose provider.
    pub tenant: TenantId,
    /// Which of its providers.
    pub epoch: i32,
    /// What for.
    pub purpose: Purpose,
    /// Who was logged in.
    pub user: Option<UserId>,
    /// Must come back within the id token.
    pub nonce: String,
    /// Of PKCE.
    pub verifier: String,
    /// Where to go afterwards.
    pub next: String,
}

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Remembers a log-in.
///
/// # Errors
/// When the database refuses.
pub fn remember(app: &App, row: &SignOn, wish: &Wish<'_>, secrets: &Secrets) -> Result<()> {
    let sealed = sealing::seal(&app.secret, PURPOSE, &secrets.verifier);
    control::statement(&app.pools, |conn| {
        diesel::insert_into(requests::table)
            .values((
                requests::state_hash.eq(hash(&secrets.state)),
                requests::browser_hash.eq(hash(wish.browser)),
                requests::tenant_id.eq(row.tenant_id),
                requests::epoch.eq(row.epoch),
                requests::purpose.eq(wish.purpose.key()),
                requests::user_id.eq(wish.user.map(|user| user.0)),
                requests::nonce.eq(&secrets.nonce),
                requests::verifier.eq(sealed),
                requests::next.eq(wish.next),
                requests::expires_at.eq(clock::now() + PATIENCE),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Takes the log-in of a state out, once; none where it is unknown, over, or another browser's. An answer that
/// comes to another browser uses it up all the same: its code was seen by somebody.
///
/// # Errors
/// When the database refuses.
pub fn take(app: &App, state: &str, browser: &str) -> Result<Option<Pending>> {
    type Row = (
        Vec<u8>,
        i32,
        i32,
        String,
        Option<i32>,
        String,
        Vec<u8>,
        String,
    );
    let found: Option<Row> = control::statement(&app.pools, |conn| {
        let named = requests::table
            .find(hash(state))
            .filter(requests::expires_at.gt(clock::now()));
        diesel::delete(named)
            .returning((
                requests::browser_hash,
                requests::tenant_id,
                requests::epoch,
                requests::purpose,
                requests::user_id,
                requests::nonce,
                requests::verifier,
                requests::next,
            ))
            .get_result(conn)
            .optional()
    })?;
    let Some((of, tenant, epoch, purpose, user, nonce, sealed, next)) = found else {
        return Ok(None);
    };
    if browser.is_empty() || of != hash(browser) {
        return Ok(None);
    }
    let verifier = sealing::open(&app.secret, PURPOSE, &sealed)
        .ok_or_else(|| AppError::internal("a log-in was sealed with another secret"))?;
    Ok(Some(Pending {
        tenant: TenantId(tenant),
        epoch,
        purpose: Purpose::of(&purpose),
        user: user.map(UserId),
        nonce,
        verifier,
        next,
    }))
}

/// Forgets log-ins that nobody ended.
///
/// # Errors
/// When the database does not answer.
pub fn forget_old(app: &App) -> Result<usize> {
    control::statement(&app.pools, |conn| {
        diesel::delete(requests::table.filter(requests::expires_at.lt(clock::now()))).execute(conn)
    })
}
