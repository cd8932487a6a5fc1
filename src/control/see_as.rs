//! Seeing the program as a role or another user does: with those rights as far as one holds them oneself, and
//! only to look. It is kept in the session, for one tenant, and is an entry in its audit.

use crate::access::rights::SeeAs;
use crate::access::session::SEE_AS;
use crate::access::{ControlAccess, LoggedIn, Routes, Seen};
use crate::control::audit::{self, Actor};
use crate::control::{roles, users};
use crate::db::ids::{RoleId, UserId};
use crate::error::{AppError, Result};
use crate::web::form::{NoFields, Submitted};
use crate::web::{Frame, see_other};
use actix_session::Session;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.post("/t/{tenant}/users/{id}/see-as", as_user);
    r.post("/t/{tenant}/roles/{id}/see-as", as_role);
    r.post("/see-as/end", end);
}

#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

async fn as_user(
    access: ControlAccess<SeeAs>,
    session: Session,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (tenant, user, actor) = (
        access.tenant().id,
        UserId(path.id),
        Actor::form(access.user().id),
    );
    let name = access
        .run(move |conn| {
            let person = users::query::one(conn.pg(), tenant, user)?;
            if !person.member {
                return Err(AppError::NotFound);
            }
            let data = json!({ "user": user });
            audit::record(
                conn.pg(),
                actor,
                tenant,
                "see.begin",
                &user.to_string(),
                &data,
            )?;
            Ok(person.name)
        })
        .await?;
    let seen = Seen {
        tenant,
        user: Some(user.0),
        role: None,
        name,
    };
    begin(&access, &session, &seen)
}

async fn as_role(
    access: ControlAccess<SeeAs>,
    session: Session,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (tenant, role, actor) = (
        access.tenant().id,
        RoleId(path.id),
        Actor::form(access.user().id),
    );
    let whole = access
        .run(move |conn| {
            let whole = roles::one(conn.pg(), tenant, role)?;
            let data = json!({ "role": whole.role.key });
            audit::record(
                conn.pg(),
                actor,
                tenant,
                "see.begin",
                &role.to_string(),
                &data,
            )?;
            Ok(whole)
        })
        .await?;
    let p = Frame::new(access.context(), "roles-see-as");
    let seen = Seen {
        tenant,
        user: None,
        role: Some(role.0),
        name: roles::words::label_of(&p, &whole.role),
    };
    begin(&access, &session, &seen)
}

fn begin(access: &ControlAccess<SeeAs>, session: &Session, seen: &Seen) -> Result<HttpResponse> {
    session
        .insert(SEE_AS, seen)
        .map_err(|error| AppError::internal(error.to_string()))?;
    Ok(see_other(&access.tenant().base()))
}

async fn end(_: LoggedIn, session: Session, _: Submitted<NoFields>) -> HttpResponse {
    session.remove(SEE_AS);
    see_other("/")
}
