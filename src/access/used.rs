//! Notes when a place was last used, for the review of accesses: at most once in ten minutes, so that a request
//! seldom costs more than a look into memory.

use super::Context;
use crate::app::App;
use crate::clock;
use crate::db::control;
use crate::db::schema::control::memberships;
use actix_web::web;
use diesel::prelude::*;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How exact it is.
const EVERY: Duration = Duration::from_secs(600);
/// Places remembered; beyond that all are forgotten, and noted again.
const MOST: usize = 50_000;

/// The places noted lately: user and tenant.
#[derive(Debug, Default)]
pub struct Used(Mutex<HashMap<(i32, i32), Instant>>);

impl Used {
    /// Whether this use is to be noted; then the next ones are not for a while.
    fn is_due(&self, place: (i32, i32), now: Instant) -> bool {
        let Ok(mut noted) = self.0.lock() else {
            return false;
        };
        if noted.get(&place).is_some_and(|at| now < *at + EVERY) {
            return false;
        }
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(place, now);
        true
    }
}

/// Notes that the request's user uses his place in its tenant. A visit is no place. That it cannot be noted is no
/// reason to refuse the request.
pub(super) async fn note(app: &web::Data<App>, context: &Context) {
    let (Some(user), Some(tenant)) = (&context.user, &context.tenant) else {
        return;
    };
    let place = (user.id.0, tenant.id.0);
    let member = !tenant.rights.is_empty() && tenant.visits_from.is_none();
    if !member || !app.used.is_due(place, Instant::now()) {
        return;
    }
    let app = app.clone();
    let noted = web::block(move || {
        control::statement(&app.pools, |conn| {
            let his = memberships::table
                .filter(memberships::user_id.eq(place.0))
                .filter(memberships::tenant_id.eq(place.1));
            diesel::update(his)
                .set(memberships::last_used_at.eq(clock::now()))
                .execute(conn)
        })
    });
    if !matches!(noted.await, Ok(Ok(_))) {
        tracing::warn!("the use of a place could not be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_in_ten_minutes() {
        let (used, begun) = (Used::default(), Instant::now());
        assert!(used.is_due((1, 1), begun));
        assert!(!used.is_due((1, 1), begun + EVERY / 2));
        assert!(used.is_due((1, 2), begun));
        assert!(used.is_due((1, 1), begun + EVERY));
    }
}
