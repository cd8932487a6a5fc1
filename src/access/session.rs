//! Server-side sessions in PostgreSQL: the cookie carries a random key, the table its hash. Listed,
//! revocable, with an idle and an absolute limit.

#![expect(
    clippy::disallowed_methods,
    reason = "loading a session is one call of a control function, in every request"
)]

use crate::clock;
use crate::db::control;
use crate::db::ids::{TenantId, UserId};
use crate::db::pool::Pools;
use crate::db::schema::control::{preferences, sessions};
use crate::error::Result;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::web;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Jsonb, Nullable};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Where in a session's state the user's id stands.
pub const USER: &str = "user";
/// Where it stands as whom the user looks, if he does.
pub const SEE_AS: &str = "see_as";
/// Where it stands by which providers the user logged in.
pub const SIGNED_ON: &str = "signed_on";
/// Where it stands when the user last showed who he is, in seconds since 1970.
pub const PROVED: &str = "proved_at";
/// Where a form waits while he is asked to.
pub const KEPT: &str = "kept";
/// Where the CSRF token stands.
pub const CSRF: &str = "csrf";

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds without a request after which a session ends.
    pub idle_seconds: i32,
    /// Seconds after log-in at which it ends in any case.
    pub absolute_seconds: i64,
}

impl Limits {
    /// The stricter of these and what the user's tenants ask.
    fn within(&self, asked: &Asked) -> (i32, i64) {
        let idle = asked.idle_minutes.map(|minutes| 60 * minutes);
        let absolute = asked.absolute_hours.map(|hours| 3600 * i64::from(hours));
        (
            idle.map_or(self.idle_seconds, |idle| idle.min(self.idle_seconds)),
            absolute.map_or(self.absolute_seconds, |most| {
                most.min(self.absolute_seconds)
            }),
        )
    }
}

/// Minutes for which a proof holds where no tenant says otherwise.
const PROOF_MINUTES: i32 = 15;
/// An anonymous session (the log-in form's) ends after this long.
const ANONYMOUS_SECONDS: i32 = 2 * 3600;

/// actix-session's store.
#[derive(Clone, Debug)]
pub struct PgSessions {
    pools: Pools,
    limits: Limits,
}

type State = HashMap<String, String>;

/// What is kept of a session's key.
pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

#[derive(QueryableByName)]
struct Loaded {
    #[diesel(sql_type = Nullable<Jsonb>)]
    state: Option<serde_json::Value>,
}

/// What the tenants of a user ask of his sessions.
#[derive(Default, QueryableByName)]
struct Asked {
    #[diesel(sql_type = Nullable<Integer>)]
    idle_minutes: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    absolute_hours: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    most_sessions: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    proof_minutes: Option<i32>,
}

fn asked(conn: &mut PgConnection, user: i32) -> QueryResult<Asked> {
    diesel::sql_query(
        "SELECT idle_minutes, absolute_hours, most_sessions, proof_minutes FROM control.policy_of($1)",
    )
    .bind::<Integer, _>(user)
    .get_result(conn)
}

/// For how many seconds a user who has shown who he is may do what is critical.
///
/// # Errors
/// When the database does not answer.
pub fn proof_seconds(pools: &Pools, user: UserId) -> Result<i64> {
    let asked = control::statement(pools, |conn| asked(conn, user.0))?;
    Ok(60 * i64::from(asked.proof_minutes.unwrap_or(PROOF_MINUTES)))
}

/// Ends those of a user's sessions that are more than he may have, the oldest first.
fn end_surplus(conn: &mut PgConnection, user: i32, most: i32) -> QueryResult<usize> {
    let surplus: Vec<i64> = sessions::table
        .filter(sessions::user_id.eq(user))
        .order(sessions::id.desc())
        .offset(most.into())
        .select(sessions::id)
        .load(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(surplus))).execute(conn)
}

impl PgSessions {
    /// A store with these limits.
    pub fn new(pools: Pools, limits: Limits) -> Self {
        Self { pools, limits }
    }

    fn user_of(state: &State) -> Option<i32> {
        state.get(USER).and_then(|id| id.parse().ok())
    }

    fn insert(&self, key: &str, state: &State) -> Result<()> {
        let user = Self::user_of(state);
        control::statement(&self.pools, |conn| {
            let asked = user.map(|user| asked(conn, user)).transpose()?;
            let (idle, absolute) = match &asked {
                Some(asked) => self.limits.within(asked),
                None => (ANONYMOUS_SECONDS, i64::from(ANONYMOUS_SECONDS)),
            };
            diesel::insert_into(sessions::table)
                .values((
                    sessions::key_hash.eq(hash(key)),
                    sessions::user_id.eq(user),
                    sessions::state.eq(serde_json::json!(state)),
                    sessions::agent.eq(state.get("agent").cloned().unwrap_or_default()),
                    sessions::idle_seconds.eq(idle),
                    sessions::ends_at.eq(clock::now() + chrono::Duration::seconds(absolute)),
                ))
                .execute(conn)?;
            if let (Some(user), Some(most)) = (user, asked.and_then(|asked| asked.most_sessions)) {
                end_surplus(conn, user, most)?;
            }
            Ok(())
        })
    }
}

async fn wait<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(web::block(work).await??)
}

impl SessionStore for PgSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (pools, key) = (self.pools.clone(), hash(key.as_ref()));
        let loaded = wait(move || {
            control::statement(&pools, |conn| {
                diesel::sql_query("SELECT control.load_session($1) AS state")
                    .bind::<Binary, _>(key)
                    .get_result::<Loaded>(conn)
            })
        })
        .await
        .map_err(LoadError::Other)?;
        loaded
            .state
            .map(|state| {
                serde_json::from_value(state)
                    .map_err(|error| LoadError::Deserialization(error.into()))
            })
            .transpose()
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = crate::secrets::random_hex(32);
        let (store, saved) = (self.clone(), key.clone());
        wait(move || store.insert(&saved, &state))
            .await
            .map_err(SaveError::Other)?;
        key.try_into()
            .map_err(|_| SaveError::Other(anyhow::anyhow!("session key too long")))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let (pools, hashed) = (self.pools.clone(), hash(key.as_ref()));
        let value = serde_json::json!(state);
        let updated = wait(move || {
            control::statement(&pools, |conn| {
                diesel::update(sessions::table.filter(sessions::key_hash.eq(hashed)))
                    .set(sessions::state.eq(value))
                    .execute(conn)
            })
        })
        .await
        .map_err(UpdateError::Other)?;
        if updated == 1 {
            return Ok(key);
        }
        // Ended meanwhile. A session that was revoked must not come back to life with its user.
        let mut state = state;
        state.remove(USER);
        self.save(state, ttl)
            .await
            .map_err(|error| UpdateError::Other(error.into()))
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> anyhow::Result<()> {
        // `load_session` notes when a session was seen.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        let (pools, hashed) = (self.pools.clone(), hash(key.as_ref()));
        wait(move || {
            control::statement(&pools, |conn| {
                diesel::delete(sessions::table.filter(sessions::key_hash.eq(hashed))).execute(conn)
            })
        })
        .await?;
        Ok(())
    }
}

/// Removes sessions whose time is over.
///
/// # Errors
/// When the database does not answer.
pub fn purge(pools: &Pools) -> Result<usize> {
    control::statement(pools, |conn| {
        diesel::delete(sessions::table.filter(sessions::ends_at.lt(clock::now()))).execute(conn)
    })
}

/// What the user keeps for himself in a tenant under `key`.
///
/// # Errors
/// When the database does not answer.
pub fn preference(
    pools: &Pools,
    user: UserId,
    tenant: TenantId,
    key: &str,
) -> Result<Option<serde_json::Value>> {
    control::statement(pools, |conn| {
        preferences::table
            .find((user.0, tenant.0, key))
            .select(preferences::value)
            .first(conn)
            .optional()
    })
}

/// Keeps something for the user in a tenant.
///
/// # Errors
/// When the database does not answer.
pub fn set_preference(
    pools: &Pools,
    user: UserId,
    tenant: TenantId,
    key: &str,
    value: &serde_json::Value,
) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::insert_into(preferences::table)
            .values((
                preferences::user_id.eq(user.0),
                preferences::tenant_id.eq(tenant.0),
                preferences::key.eq(key),
                preferences::value.eq(value),
            ))
            .on_conflict((
                preferences::user_id,
                preferences::tenant_id,
                preferences::key,
            ))
            .do_update()
            .set(preferences::value.eq(value))
            .execute(conn)
    })?;
    Ok(())
}
