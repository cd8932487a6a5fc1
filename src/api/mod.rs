//! The API for programs, `/api/v1`: the gates and the domain acts of the pages, JSON instead of forms.
//! A slice for each resource: its routes, what the OpenAPI document says of them, shapes, handlers.
//!
//! A tenant's paths are `/api/v1/t/{tenant}/…`, an inner tenant's `/api/v1/t/{tenant}/{inner}/…`. They
//! cannot be mistaken for each other, because no inner tenant may be called like a section.

pub mod body;
mod ceilings;
mod document;
mod fields;
mod imports;
mod inner;
mod lists;
mod places;
mod recipients;
mod roles;
mod tenants;
mod token;
mod upsert;
mod users;

use crate::access::rights::Right;
use crate::access::{Anonymous, ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::Source;
use crate::web::problem::Fault;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use document::Document;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// What a handler answers.
type Answer = Result<HttpResponse, Fault>;

/// Rows of a page, if the caller names no number.
const ROWS: i64 = 100;
/// Most rows of a page.
const MOST_ROWS: i64 = 1_000;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/api/v1/openapi.json", openapi);
    token::routes(r);
    tenants::routes(r);
    inner::routes(r);
    users::routes(r);
    places::routes(r);
    ceilings::routes(r);
    roles::routes(r);
    fields::routes(r);
    lists::routes(r);
    recipients::routes(r);
    upsert::routes(r);
    imports::routes(r);
}

/// The OpenAPI document, made from the routes' policy table and the shapes of what they take and answer.
pub fn openapi_document() -> serde_json::Value {
    let mut d = Document::default();
    d.get("/api/v1/openapi.json", "document", "This document")
        .answers_anything();
    token::describe(&mut d);
    tenants::describe(&mut d);
    inner::describe(&mut d);
    users::describe(&mut d);
    places::describe(&mut d);
    ceilings::describe(&mut d);
    roles::describe(&mut d);
    fields::describe(&mut d);
    lists::describe(&mut d);
    recipients::describe(&mut d);
    upsert::describe(&mut d);
    imports::describe(&mut d);
    d.finish(crate::routes::routes().table())
}

async fn openapi(_: Anonymous) -> HttpResponse {
    static TEXT: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| openapi_document().to_string());
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("cache-control", "public, max-age=300"))
        .body(TEXT.as_str())
}

/// Some of a resource, and where the next ones begin.
#[derive(Debug, Serialize)]
struct Items<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Items<T> {
    /// All there are.
    fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// Whether so many were asked for that it is worth an entry in the audit, like an export: not each page of
    /// them, but the first.
    fn is_export(&self, first: bool) -> bool {
        first && (self.next.is_some() || self.items.len() as i64 > ROWS)
    }

    /// At most `limit` of those that were loaded, one more than that having been asked for.
    fn of(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() as i64 > limit;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct Paging {
    /// Words to search for.
    q: String,
    /// Where to go on: `next` of the page before.
    #[param(minimum = 0)]
    after: Option<i32>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

impl Paging {
    fn limit(&self) -> Result<i64, Fault> {
        if self.after.is_some_and(|after| after < 0) {
            return Err(Fault::Unreadable("after: 0 or more".into()));
        }
        limit(self.limit)
    }
}

fn limit(asked: Option<i64>) -> Result<i64, Fault> {
    match asked {
        None => Ok(ROWS),
        Some(n) if (1..=MOST_ROWS).contains(&n) => Ok(n),
        Some(_) => Err(Fault::Unreadable(format!("limit: 1 to {MOST_ROWS}"))),
    }
}

/// The thing that the URL names.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Which {
    id: i32,
}

/// The version of a thing that the caller saw.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The `version` that was seen: whoever is second is told (409).
    version: i32,
}

/// Who acts, for the audit.
fn actor<R: Right>(access: &ControlAccess<R>) -> Actor {
    Actor {
        user: Some(access.user().id),
        source: Source::Api,
    }
}

fn ok<T: Serialize>(value: &T) -> Answer {
    Ok(HttpResponse::Ok().json(value))
}

fn created<T: Serialize>(location: &str, value: &T) -> Answer {
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header((LOCATION, location))
        .json(value))
}

fn nothing() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}

/// The API's URL of something in a tenant.
fn url(here: &crate::access::TenantHere, rest: &str) -> String {
    format!("{}{}{rest}", crate::access::routes::API, here.base())
}

/// Runs what takes long (hashing a password) beside the requests.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> crate::error::Result<T> + Send + 'static,
) -> crate::error::Result<T> {
    web::block(work)
        .await
        .map_err(|_| crate::error::AppError::internal("the work was cut off"))?
}
