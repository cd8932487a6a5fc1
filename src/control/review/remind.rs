//! Reminders: where places are due for review, those who may review them get a mail, once a week.

#![expect(
    clippy::disallowed_methods,
    reason = "which rights are in force is asked of an array; all values are bound"
)]

use super::query;
use crate::app::App;
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::mail::Letter;
use crate::control::tenants::{by_id, path_of};
use crate::db::control;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::tenants;
use crate::db::{ControlConn, Write};
use crate::error::Result;
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use serde_json::json;

/// Days between two reminders.
const PAUSE_DAYS: i64 = 7;

/// Reminds in every tenant where something is due; answers how many mails were written.
///
/// # Errors
/// When the list of tenants cannot be read.
pub fn remind(app: &App) -> Result<usize> {
    let before = clock::now() - Duration::days(PAUSE_DAYS);
    let asked: Vec<i32> = control::statement(&app.pools, |conn| {
        tenants::table
            .filter(tenants::review_months.is_not_null())
            .filter(tenants::trashed_at.is_null())
            .filter(
                tenants::review_reminded_at
                    .is_null()
                    .or(tenants::review_reminded_at.lt(before)),
            )
            .order(tenants::id)
            .select(tenants::id)
            .load(conn)
    })?;
    let mut mails = 0;
    for tenant in asked {
        match control::run::<Write, _>(&app.pools, |conn| one(app, conn, TenantId(tenant))) {
            Ok(written) => mails += written,
            Err(error) => tracing::warn!(tenant, %error, "nobody is reminded of the review"),
        }
    }
    Ok(mails)
}

#[derive(QueryableByName)]
struct Reviewer {
    #[diesel(sql_type = Integer)]
    id: i32,
}

fn one(app: &App, conn: &mut ControlConn<'_, Write>, tenant: TenantId) -> Result<usize> {
    let due = query::due(conn.pg(), tenant)?;
    if due == 0 {
        return Ok(0);
    }
    let before = clock::now() - Duration::days(PAUSE_DAYS);
    let pause_over = tenants::review_reminded_at
        .is_null()
        .or(tenants::review_reminded_at.lt(before));
    let claimed = diesel::update(tenants::table.find(tenant.0).filter(pause_over))
        .set(tenants::review_reminded_at.eq(clock::now()))
        .execute(conn.pg())?;
    if claimed == 0 {
        // Another server was faster.
        return Ok(0);
    }
    let reviewers: Vec<Reviewer> = diesel::sql_query(
        "SELECT u.id FROM control.memberships m JOIN control.users u ON u.id = m.user_id AND u.state = 'active'
         WHERE m.tenant_id = $1 AND 'users.review' = ANY (m.in_force)
            AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now())
         ORDER BY u.id LIMIT 100",
    )
    .bind::<Integer, _>(tenant.0)
    .load(conn.pg())?;
    let here = by_id(conn.pg(), tenant)?;
    let path = path_of(conn.pg(), &here)?;
    let post = app.post();
    for reviewer in &reviewers {
        let link = post.url(&format!("/t/{path}/access-review?which=due"));
        let letter = Letter {
            to: UserId(reviewer.id),
            kind: "mail-review",
            params: &[
                ("tenant", here.name.clone()),
                ("due", due.to_string()),
                ("link", link),
            ],
        };
        post.write(conn.pg(), &letter)?;
    }
    let data = json!({ "due": due, "people": reviewers.len() });
    audit::record(
        conn.pg(),
        Actor::system(),
        tenant,
        "review.remind",
        "",
        &data,
    )?;
    Ok(reviewers.len())
}
