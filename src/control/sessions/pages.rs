//! A user's own sessions: where he is logged in, and ending that.

use super::Session;
use crate::access::{LoggedIn, Routes};
use crate::control::audit::{self, Actor};
use crate::control::users;
use crate::db::{Read, Write};
use crate::error::{AppError, Result};
use crate::web::form::{NoFields, Submitted};
use crate::web::{Frame, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/profile/sessions", index);
    r.post("/profile/sessions/end", end_others);
    r.post("/profile/sessions/{id}/end", end);
}

#[derive(Debug, Deserialize)]
struct Which {
    id: i64,
}

#[derive(Template)]
#[template(path = "control/sessions/index.html")]
struct Index {
    p: Frame,
    sessions: Vec<Session>,
}

impl Index {
    fn device(&self, session: &Session) -> String {
        super::device::name(&self.p, &session.agent)
    }
}

async fn index(visitor: LoggedIn) -> Result<HttpResponse> {
    let (user, token) = (visitor.user().id, visitor.context().csrf.clone());
    let sessions = visitor
        .run::<Read, _>(move |conn| super::of_user(conn.pg(), user, &token))
        .await?;
    let p = Frame::new(visitor.context(), "sessions-title");
    let p = p.clone().crumb(p.t("profile-title"), "/profile");
    p.render(|p| Index { p, sessions })
}

async fn end(
    visitor: LoggedIn,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (user, id) = (visitor.user().id, path.id);
    visitor
        .run::<Write, _>(move |conn| {
            if !super::end(conn.pg(), user, id)? {
                return Err(AppError::NotFound);
            }
            let home = users::home_of(conn.pg(), user)?;
            audit::record(
                conn.pg(),
                Actor::form(user),
                home,
                "session.end",
                &user.to_string(),
                &json!({ "ended": 1 }),
            )
        })
        .await?;
    Ok(said())
}

async fn end_others(visitor: LoggedIn, _: Submitted<NoFields>) -> Result<HttpResponse> {
    let (user, token) = (visitor.user().id, visitor.context().csrf.clone());
    visitor
        .run::<Write, _>(move |conn| {
            let ended = super::end_all(conn.pg(), user, Some(&token))?;
            let home = users::home_of(conn.pg(), user)?;
            audit::record(
                conn.pg(),
                Actor::form(user),
                home,
                "session.end",
                &user.to_string(),
                &json!({ "ended": ended }),
            )
        })
        .await?;
    Ok(said())
}

fn said() -> HttpResponse {
    see_other_saying("/profile/sessions", "success", "said-sessions-ended", &[])
}
