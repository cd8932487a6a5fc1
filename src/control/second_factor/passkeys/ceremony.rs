//! What passkeys are asked to sign, and their answers: one question at a time for each session, good for five
//! minutes, for one user, once.

use super::site::Site;
use super::{Passkey, keep};
use crate::app::App;
use crate::clock;
use crate::db::ids::UserId;
use crate::db::schema::control::{passkey_ceremonies as ceremonies, passkeys, users};
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::secrets::sealing;
use chrono::Duration;
use diesel::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    ResidentKeyRequirement, UserHandle16, Username,
};
use webauthn_rp::request::{
    Credentials, PublicKeyCredentialDescriptor, UserVerificationRequirement,
};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, NonDiscoverableAuthentication16,
    NonDiscoverableAuthenticationServerState, NonDiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

/// Minutes for which an answer is waited for; the library counts them, too.
const PATIENCE: Duration = Duration::minutes(5);
const ADD: &str = "add";
const USE: &str = "use";

/// What passkeys call a user: nothing that tells who he is, and always the same.
fn handle(app: &App, user: UserId) -> Result<UserHandle16> {
    let key = sealing::key_for(&app.secret, &format!("passkey-user:{user}"));
    let (short, _) = key
        .split_first_chunk::<16>()
        .ok_or_else(|| AppError::internal("a key is too short"))?;
    UserHandle16::decode(*short).map_err(|_| AppError::internal("no user handle"))
}

fn site(app: &App) -> Result<Site> {
    Site::of(app).ok_or_else(|| AppError::invalid("passkey-needs-host"))
}

fn fault(what: &str) -> AppError {
    AppError::internal(format!("passkeys: {what}"))
}

/// Why an answer is no good goes to the log; its sender is told only that it is none.
fn refused(why: &dyn std::fmt::Display) -> AppError {
    tracing::info!(%why, "a passkey's answer was refused");
    AppError::invalid("passkey-wrong")
}

fn hash(browser: &str) -> Vec<u8> {
    Sha256::digest(browser.as_bytes()).to_vec()
}

/// A session's question, in place of the one before.
fn remember(
    conn: &mut PgConnection,
    (user, browser): (UserId, &str),
    purpose: &str,
    state: &[u8],
    name: &str,
) -> Result<()> {
    let row = (
        ceremonies::user_id.eq(user.0),
        ceremonies::purpose.eq(purpose),
        ceremonies::state.eq(state),
        ceremonies::name.eq(name),
        ceremonies::expires_at.eq(clock::now() + PATIENCE),
    );
    diesel::insert_into(ceremonies::table)
        .values((ceremonies::browser_hash.eq(hash(browser)), row))
        .on_conflict(ceremonies::browser_hash)
        .do_update()
        .set(row)
        .execute(conn)?;
    Ok(())
}

/// Takes a session's question out, whatever its answer is worth: no second answer is compared with it.
fn take(app: &App, (user, browser): (UserId, &str), purpose: &str) -> Result<(Vec<u8>, String)> {
    let found = control::statement(&app.pools, |conn| {
        let asked = ceremonies::table
            .find(hash(browser))
            .filter(ceremonies::user_id.eq(user.0))
            .filter(ceremonies::purpose.eq(purpose))
            .filter(ceremonies::expires_at.gt(clock::now()));
        diesel::delete(asked)
            .returning((ceremonies::state, ceremonies::name))
            .get_result(conn)
            .optional()
    })?;
    found.ok_or_else(|| AppError::invalid("passkey-late"))
}

/// A user's passkeys as the browser is told of them.
fn descriptors(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<Vec<PublicKeyCredentialDescriptor<Vec<u8>>>> {
    let rows: Vec<(Vec<u8>, i16)> = passkeys::table
        .filter(passkeys::user_id.eq(user.0))
        .select((passkeys::credential_id, passkeys::transports))
        .load(conn)?;
    let descriptor = |(id, transports): (Vec<u8>, i16)| {
        let transports = u8::try_from(transports).unwrap_or_default();
        Ok(PublicKeyCredentialDescriptor {
            id: CredentialId::decode(id).map_err(|_| fault("an id is unreadable"))?,
            transports: AuthTransports::decode(transports)
                .map_err(|_| fault("transports are unreadable"))?,
        })
    };
    rows.into_iter().map(descriptor).collect()
}

/// Begins to make a passkey: what `navigator.credentials.create` is to be given.
///
/// # Errors
/// `Invalid("passkey-needs-host")`.
pub fn ask_for_new(app: &App, user: UserId, browser: &str, name: &str) -> Result<Value> {
    let (site, id) = (site(app)?, handle(app, user)?);
    control::run::<Write, _>(&app.pools, |conn| {
        let (email, full): (String, String) = users::table
            .find(user.0)
            .select((users::email, users::name))
            .first(conn.pg())?;
        // What its rules for names do not allow is only not shown there.
        let entity = PublicKeyCredentialUserEntity {
            name: Username::try_from(email)
                .or_else(|_| Username::try_from("mandant"))
                .map_err(|_| fault("a name is unreadable"))?,
            id: &id,
            display_name: Nickname::try_from(full).ok(),
        };
        let known = descriptors(conn.pg(), user)?;
        let mut wanted = PublicKeyCredentialCreationOptions::second_factor(&site.rp, entity, known);
        let select = &mut wanted.authenticator_selection;
        select.user_verification = UserVerificationRequirement::Preferred;
        select.resident_key = ResidentKeyRequirement::Preferred;
        let (state, client) = wanted
            .start_ceremony()
            .map_err(|_| fault("nothing can be begun"))?;
        let state = state.encode().map_err(|_| fault("the clock is wrong"))?;
        remember(conn.pg(), (user, browser), ADD, &state, name)?;
        serde_json::to_value(&client).map_err(|error| fault(&error.to_string()))
    })
}

/// Ends making a passkey: keeps it. Answers the recovery codes if it is the user's first second factor.
///
/// # Errors
/// `Invalid` with `passkey-late`, `passkey-wrong` or `passkey-known`.
pub fn add(app: &App, user: UserId, browser: &str, answer: &str) -> Result<Option<Vec<String>>> {
    let site = site(app)?;
    let (state, name) = take(app, (user, browser), ADD)?;
    let state = RegistrationServerState::<16>::decode(&state)
        .map_err(|_| fault("a question is unreadable"))?;
    let answer = Registration::from_json_relaxed(answer.as_bytes()).map_err(|e| refused(&e))?;
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &[site.origin.as_str()],
        error_on_unsolicited_extensions: false,
        ..Default::default()
    };
    let made = state
        .verify(&site.rp, &answer, &options)
        .map_err(|error| refused(&error))?;
    let passkey = Passkey {
        credential: made.id().as_ref().to_vec(),
        transports: never_fails(made.transports().encode()).into(),
        public_key: never_fails(made.static_state().encode()),
        state: never_fails(made.dynamic_state().encode()).to_vec(),
        name,
    };
    control::run::<Write, _>(&app.pools, |conn| {
        keep(conn.pg(), &app.post(), (user, browser), &passkey)
    })
}

fn never_fails<T>(result: std::result::Result<T, std::convert::Infallible>) -> T {
    let Ok(value) = result;
    value
}

/// Begins to use a passkey: what `navigator.credentials.get` is to be given.
///
/// # Errors
/// `NotFound` where the user has none; `Invalid("passkey-needs-host")`.
pub fn ask(app: &App, user: UserId, browser: &str) -> Result<Value> {
    let site = site(app)?;
    control::run::<Write, _>(&app.pools, |conn| {
        let known = descriptors(conn.pg(), user)?;
        let mut allowed = AllowedCredentials::with_capacity(known.len());
        for one in known {
            allowed.push(one.into());
        }
        let mut wanted = NonDiscoverableCredentialRequestOptions::second_factor(&site.rp, allowed)
            .map_err(|_| AppError::NotFound)?;
        wanted.options().user_verification = UserVerificationRequirement::Preferred;
        let (state, client) = wanted
            .start_ceremony()
            .map_err(|_| fault("nothing can be begun"))?;
        let state = state.encode().map_err(|_| fault("the clock is wrong"))?;
        remember(conn.pg(), (user, browser), USE, &state, "")?;
        serde_json::to_value(&client).map_err(|error| fault(&error.to_string()))
    })
}

/// How an answer of a passkey is.
enum Shown {
    Good,
    Wrong,
    /// Its counter did not go on: there are two of it.
    Copied,
}

/// Demands that the answer is that of a passkey of the user to what this session was asked.
///
/// # Errors
/// `Invalid` with `passkey-late`, `passkey-wrong` or `passkey-copied`.
pub fn demand(app: &App, user: UserId, browser: &str, answer: &str) -> Result<()> {
    let (site, id) = (site(app)?, handle(app, user)?);
    let (state, _) = take(app, (user, browser), USE)?;
    let state = NonDiscoverableAuthenticationServerState::decode(&state)
        .map_err(|_| fault("a question is unreadable"))?;
    let answer = NonDiscoverableAuthentication16::from_json_relaxed(answer.as_bytes())
        .map_err(|error| refused(&error))?;
    let shown = control::run::<Write, _>(&app.pools, |conn| {
        compare(conn.pg(), &site, (user, &id), state, &answer)
    })?;
    match shown {
        Shown::Good => Ok(()),
        Shown::Wrong => Err(AppError::invalid("passkey-wrong")),
        Shown::Copied => Err(AppError::invalid("passkey-copied")),
    }
}

fn compare(
    conn: &mut PgConnection,
    site: &Site,
    (user, handle): (UserId, &UserHandle16),
    asked: NonDiscoverableAuthenticationServerState,
    answer: &NonDiscoverableAuthentication16,
) -> Result<Shown> {
    let raw = answer.raw_id();
    let found: Option<(i32, String, Vec<u8>, Vec<u8>)> = passkeys::table
        .filter(passkeys::user_id.eq(user.0))
        .filter(passkeys::credential_id.eq(raw.as_ref()))
        .select((
            passkeys::id,
            passkeys::name,
            passkeys::public_key,
            passkeys::state,
        ))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((id, name, key, state)) = found else {
        return Ok(Shown::Wrong);
    };
    let key = StaticState::decode(&key).map_err(|_| fault("a key is unreadable"))?;
    let state = state.try_into().ok().map(DynamicState::decode);
    let Some(Ok(state)) = state else {
        return Err(fault("a state is unreadable"));
    };
    let mut passkey = AuthenticatedCredential::new(raw, handle, key, state)
        .map_err(|error| fault(&error.to_string()))?;
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &[site.origin.as_str()],
        error_on_unsolicited_extensions: false,
        ..Default::default()
    };
    match asked.verify(&site.rp, answer, &mut passkey, &options) {
        Ok(_) => {
            let state = never_fails(passkey.dynamic_state().encode());
            diesel::update(passkeys::table.find(id))
                .set((
                    passkeys::state.eq(&state[..]),
                    passkeys::last_used_at.eq(clock::now()),
                ))
                .execute(conn)?;
            Ok(Shown::Good)
        }
        Err(AuthCeremonyErr::SignatureCounter) => {
            super::record(
                conn,
                user,
                "factor.passkey_copied",
                &json!({ "name": name }),
            )?;
            Ok(Shown::Copied)
        }
        Err(error) => {
            refused(&error);
            Ok(Shown::Wrong)
        }
    }
}

/// Forgets questions that nobody answered.
///
/// # Errors
/// When the database does not answer.
pub fn forget_old(app: &App) -> Result<usize> {
    control::statement(&app.pools, |conn| {
        diesel::delete(ceremonies::table.filter(ceremonies::expires_at.lt(clock::now())))
            .execute(conn)
    })
}
