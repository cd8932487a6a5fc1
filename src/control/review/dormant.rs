//! Dormant accounts: of a tenant that set a limit, those at home in it that nobody used for so many days are
//! deactivated. Never the last administrator of a tenant. Whoever looks after the account activates it again.

#![expect(
    clippy::disallowed_methods,
    reason = "the last use is the latest of several tables; all values are bound"
)]

use crate::app::App;
use crate::control::audit::Actor;
use crate::control::users::acts::Care;
use crate::db::Write;
use crate::db::control;
use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Timestamptz};

#[derive(QueryableByName)]
struct Dormant {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    tenant_id: i32,
    #[diesel(sql_type = Integer)]
    days: i32,
    /// Null where he never used it.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    used_at: Option<DateTime<Utc>>,
}

const DORMANT: &str = "SELECT u.id, t.id AS tenant_id, t.dormant_days AS days, used.at AS used_at
    FROM control.tenants t JOIN control.users u ON u.home_tenant_id = t.id AND u.state = 'active'
    CROSS JOIN LATERAL (SELECT greatest(u.last_login_at,
        (SELECT max(s.last_seen_at) FROM control.sessions s WHERE s.user_id = u.id),
        (SELECT max(m.last_used_at) FROM control.memberships m WHERE m.user_id = u.id)) AS at) used
    WHERE t.dormant_days IS NOT NULL AND t.trashed_at IS NULL
        AND greatest(used.at, u.active_since, u.created_at) < $1 - make_interval(days => t.dormant_days)
        AND ($2 IS NULL OR u.id = $2)
    ORDER BY u.id";

fn dormant(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    only: Option<UserId>,
) -> Result<Vec<Dormant>> {
    Ok(diesel::sql_query(DORMANT)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Integer>, _>(only.map(|user| user.0))
        .load(conn)?)
}

/// Deactivates the accounts that are dormant at `now`; answers how many.
///
/// # Errors
/// When they cannot be read.
pub fn deactivate(app: &App, now: DateTime<Utc>) -> Result<usize> {
    let found = control::statement_result(&app.pools, |conn| dormant(conn, now, None))?;
    let mut done = 0;
    for one in found {
        let user = UserId(one.id);
        let outcome = control::run::<Write, _>(&app.pools, |conn| {
            // He may have come back since.
            let Some(still) = dormant(conn.pg(), now, Some(user))?.pop() else {
                return Ok(false);
            };
            let care = Care {
                actor: Actor::system(),
                tenant: TenantId(still.tenant_id),
                user,
            };
            care.deactivate_dormant(conn.pg(), still.days, still.used_at)?;
            Ok(true)
        });
        match outcome {
            Ok(gone) => done += usize::from(gone),
            // A last administrator stays.
            Err(AppError::Invalid { .. }) => {}
            Err(error) => tracing::warn!(user = user.0, %error, "a dormant account stays active"),
        }
    }
    Ok(done)
}
