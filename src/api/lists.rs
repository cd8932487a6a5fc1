//! Mailing lists.

use super::body::{Body, Params};
use super::{Answer, Items, Seen, Which, created, nothing, ok, url};
use crate::access::rights::{ChangeLists, CreateLists, DeleteLists, Right, ViewLists};
use crate::access::{Access, ControlAccess, Routes};
use crate::db::constraint::blame;
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::tenant::lists::{self, BLAME};
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/lists", list);
    r.post("/api/v1/t/{tenant}/lists", create);
    r.get("/api/v1/t/{tenant}/lists/{id}", show);
    r.put("/api/v1/t/{tenant}/lists/{id}", change);
    r.delete("/api/v1/t/{tenant}/lists/{id}", delete);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "lists";
    d.get(
        "/api/v1/t/{tenant}/lists",
        tag,
        "The mailing lists, by name",
    )
    .answers_items::<List>();
    d.post("/api/v1/t/{tenant}/lists", tag, "Create a mailing list")
        .takes::<NewList>()
        .makes::<List>();
    d.get("/api/v1/t/{tenant}/lists/{id}", tag, "A mailing list")
        .answers::<List>();
    d.put(
        "/api/v1/t/{tenant}/lists/{id}",
        tag,
        "Rename or describe a mailing list",
    )
    .takes::<ChangedList>()
    .answers::<List>();
    d.delete(
        "/api/v1/t/{tenant}/lists/{id}",
        tag,
        "Delete a mailing list that nothing uses",
    )
    .query::<Seen>()
    .answers_nothing();
}

/// A mailing list.
#[derive(Debug, Serialize, ToSchema)]
struct List {
    id: i32,
    name: String,
    description: String,
    /// Active subscriptions.
    active: i64,
    /// Counts changes.
    version: i32,
}

fn shown(list: lists::List, active: i64) -> List {
    List {
        id: list.id.0,
        name: list.name,
        description: list.description,
        active,
        version: list.version,
    }
}

async fn list(access: Access<ViewLists>) -> Answer {
    let found = access
        .run(|conn| {
            let active = lists::active(conn)?;
            let all = lists::all(conn)?.into_iter();
            Ok(all
                .map(|list| {
                    let active = active.get(&list.id).copied().unwrap_or(0);
                    shown(list, active)
                })
                .collect())
        })
        .await?;
    ok(&Items::<List>::whole(found))
}

async fn one<R: Right>(access: &Access<R>, id: ListId) -> Result<List> {
    access
        .run(move |conn| {
            let list = lists::by_id(conn, id)?;
            let active = lists::active(conn)?.get(&id).copied().unwrap_or(0);
            Ok(shown(list, active))
        })
        .await
}

async fn show(access: Access<ViewLists>, which: web::Path<Which>) -> Answer {
    ok(&one(&access, ListId(which.id)).await?)
}

/// A mailing list to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewList {
    /// Unique in the tenant, 1 to 100 characters.
    name: String,
    /// What it is for, at most 1,000 characters.
    #[serde(default)]
    description: String,
}

/// A refusal at its field.
fn told<T>(outcome: Result<T>) -> Result<T, Fault> {
    match blame(outcome, BLAME) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err((field, key))) => Err(Fault::at(field, key, &[])),
        Err(error) => Err(Fault::of(error, |key| {
            match key {
                "list-name-length" => "name",
                "list-description-length" => "description",
                _ => "",
            }
            .to_owned()
        })),
    }
}

async fn create(access: Access<CreateLists>, body: Body<NewList>) -> Answer {
    let NewList { name, description } = body.0;
    let made = access
        .run(move |conn| lists::create(conn, &name, &description))
        .await;
    let made = shown(told(made)?, 0);
    let location = url(access.tenant(), &format!("/lists/{}", made.id));
    created(&location, &made)
}

/// What a mailing list is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedList {
    name: String,
    #[serde(default)]
    description: String,
    /// The `version` that was seen.
    version: i32,
}

async fn change(
    access: Access<ChangeLists>,
    which: web::Path<Which>,
    body: Body<ChangedList>,
) -> Answer {
    let (id, to) = (ListId(which.id), body.0);
    let done = access
        .run(move |conn| lists::change(conn, id, to.version, &to.name, &to.description))
        .await;
    told(done)?;
    ok(&one(&access, id).await?)
}

async fn delete(
    access: Access<DeleteLists>,
    above: ControlAccess<DeleteLists>,
    which: web::Path<Which>,
    seen: Params<Seen>,
) -> Answer {
    let (id, parent) = (ListId(which.id), access.tenant().id);
    let fences = above
        .run(move |conn| lists::fences(conn, parent, id))
        .await?;
    let in_use = |name: &str| AppError::Invalid {
        key: "list-in-use",
        params: vec![("name", name.to_owned())],
    };
    access
        .run(move |conn| {
            let list = lists::by_id(conn, id)?;
            if list.version != seen.0.version {
                return Err(AppError::Conflict);
            }
            if !fences.is_empty() {
                return Err(in_use(&list.name));
            }
            match lists::delete(conn, id) {
                Err(AppError::Conflict) => Err(in_use(&list.name)),
                other => other,
            }
        })
        .await?;
    nothing()
}
