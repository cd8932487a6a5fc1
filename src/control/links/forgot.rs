//! Somebody says that he forgot his password. The request does the same whoever asks: it leaves a job, and
//! only the job looks whether there is such a user. So neither the answer nor its time tells.

use super::Kind as LinkKind;
use crate::app::App;
use crate::control::login::throttle;
use crate::control::mail::Letter;
use crate::control::users;
use crate::db::schema::control::{jobs, tenants, users as table};
use crate::db::{Write, control};
use crate::error::Result;
use crate::jobs::{Kind, Outcome, Reporter, Taken, queue};
use crate::secrets::sealing;
use diesel::prelude::*;
use serde_json::json;

/// The job.
pub const KIND: Kind = Kind {
    name: "password.forgot",
    work,
};

const PURPOSE: &str = "forgot";

/// Notes the wish of whoever asks from `address`.
///
/// # Errors
/// `Invalid` for what is no address, `TooMany` where account or network address asked too often.
pub fn ask(app: &App, email: &str, address: &str) -> Result<()> {
    let email = users::normalise_email(email)?;
    let keys = [
        throttle::key("forgot-account", &email),
        throttle::key("forgot-address", address),
    ];
    throttle::begin(&app.pools, &keys)?;
    let sealed = sealing::seal(&app.secret, PURPOSE, &email);
    control::run::<Write, _>(&app.pools, |conn| {
        let main = tenants::table.filter(tenants::kind.eq("main"));
        let main: Option<i32> = main.select(tenants::id).first(conn.pg()).optional()?;
        if let Some(main) = main {
            diesel::insert_into(jobs::table)
                .values((
                    jobs::tenant_id.eq(main),
                    jobs::kind.eq(KIND.name),
                    jobs::payload.eq(json!({ "sealed": sealed })),
                ))
                .execute(conn.pg())?;
        }
        Ok(())
    })
}

fn work(app: &App, job: &Taken, _: &Reporter<'_>) -> Result<Outcome> {
    let sealed: Vec<u8> = serde_json::from_value(job.payload["sealed"].clone()).unwrap_or_default();
    if let Some(email) = sealing::open(&app.secret, PURPOSE, &sealed) {
        let post = app.post();
        control::run::<Write, _>(&app.pools, |conn| {
            let user: Option<i32> = table::table
                .filter(table::email.eq(&email))
                .filter(table::state.eq("active"))
                .select(table::id)
                .first(conn.pg())
                .optional()?;
            let Some(user) = user.map(crate::db::ids::UserId) else {
                return Ok(());
            };
            let made = super::make(conn.pg(), &post, LinkKind::Reset, user, None, true)?;
            let letter = Letter {
                to: user,
                kind: "mail-reset",
                params: &[("link", made.url)],
            };
            post.write(conn.pg(), &letter)
        })?;
    }
    queue::forget(&app.pools, job.id)?;
    Ok(Outcome::Done)
}
