//! Sealing: entries get their number in their tenant's chain and a hash over all before them, and the chain's
//! end is signed with the installation's secret. It runs every few seconds beside the requests, in a transaction of
//! its own: one that wrote the hash with the act would make all acts of a tenant wait for each other.
//!
//! What it is not: proof against whoever owns the database and reads the installation's secret in it. Against him
//! helps what `mandant audit verify --json` printed before, kept elsewhere (`verify --since`).

#![expect(
    clippy::disallowed_methods,
    reason = "the seals are written by functions of the control schema only"
)]

use crate::app::App;
use crate::db::control;
use crate::db::{ControlConn, Write};
use crate::error::Result;
use crate::secrets::sealing::key_for;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;

/// Entries sealed in one transaction.
const BATCH: i32 = 5_000;

/// The end of a chain: of a tenant, or with tenant 0 of the installation.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Head {
    #[diesel(sql_type = Integer)]
    pub(super) tenant_id: i32,
    #[diesel(sql_type = BigInt)]
    pub(super) seq: i64,
    #[diesel(sql_type = Binary)]
    pub(super) hash: Vec<u8>,
}

/// What is signed: an end of a chain is none of its beginnings.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signed {
    Head,
    Checkpoint,
}

fn mac(secret: &SecretString, what: Signed, head: &Head) -> Hmac<Sha256> {
    let purpose = match what {
        Signed::Head => "audit:head",
        Signed::Checkpoint => "audit:checkpoint",
    };
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key_for(secret, purpose)).unwrap();
    mac.update(&head.tenant_id.to_be_bytes());
    mac.update(&head.seq.to_be_bytes());
    mac.update(&head.hash);
    mac
}

/// The signature of a chain's end or beginning.
pub(super) fn sign(secret: &SecretString, what: Signed, head: &Head) -> Vec<u8> {
    mac(secret, what, head).finalize().into_bytes().to_vec()
}

/// Whether this installation signed it.
pub(super) fn is_signed(
    secret: &SecretString,
    what: Signed,
    head: &Head,
    signature: &[u8],
) -> bool {
    mac(secret, what, head).verify_slice(signature).is_ok()
}

/// Seals what waits, whole batches at a time; answers how many of them had something to do. Where another server
/// is at it, nothing is left to do here.
///
/// # Errors
/// When the database does not answer; what was sealed stays sealed.
pub fn seal(app: &App) -> Result<usize> {
    let mut batches = 0;
    while control::run::<Write, _>(&app.pools, |conn| batch(conn, &app.secret))? {
        batches += 1;
    }
    Ok(batches)
}

fn batch(conn: &mut ControlConn<'_, Write>, secret: &SecretString) -> Result<bool> {
    let moved: Vec<Head> =
        diesel::sql_query("SELECT tenant_id, seq, hash FROM control.seal_audit($1)")
            .bind::<Integer, _>(BATCH)
            .load(conn.pg())?;
    for head in &moved {
        diesel::sql_query("SELECT control.sign_audit_head($1, $2)")
            .bind::<Integer, _>(head.tenant_id)
            .bind::<Binary, _>(sign(secret, Signed::Head, head))
            .execute(conn.pg())?;
    }
    Ok(!moved.is_empty())
}
