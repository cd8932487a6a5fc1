//! A tenant's start page: what is there, and what to do first.

use crate::access::rights::ViewDashboard;
use crate::access::{Access, Routes};
use crate::db::schema::tenant::{imports, lists};
use crate::error::Result;
use crate::tenant::recipients::query::{self, Count, Filter};
use crate::tenant::{admissions, fields};
use crate::web::Frame;
use actix_web::HttpResponse;
use askama::Template;
use diesel::prelude::*;

/// Longest time the count of recipients may take, in milliseconds; then an estimate serves.
const COUNT_MS: u32 = 150;

/// The start page's route.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}", index);
}

#[derive(Template)]
#[template(path = "tenant/dashboard/index.html")]
struct Index {
    p: Frame,
    /// Label, number, URL.
    tiles: Vec<(String, String, String)>,
    /// Whether done, label, URL.
    steps: Vec<(bool, String, String)>,
    /// What waits for a decision: a sentence and where it leads.
    waiting: Option<(String, String)>,
}

struct Numbers {
    recipients: Count,
    lists: i64,
    own_fields: i64,
    imports: i64,
    /// Requests of inner tenants that wait for whoever may decide them.
    admissions: i64,
}

async fn index(access: Access<ViewDashboard>) -> Result<HttpResponse> {
    let decides = !access.tenant().is_inner() && access.tenant().may("inner.admit");
    let numbers = access
        .run(move |conn| {
            Ok(Numbers {
                recipients: query::count_within(conn, &Filter::default(), COUNT_MS)?,
                lists: lists::table.count().get_result(conn.pg())?,
                own_fields: fields::all(conn.pg())?
                    .iter()
                    .filter(|field| !field.is_standard())
                    .count() as i64,
                imports: imports::table
                    .filter(imports::state.eq("done"))
                    .count()
                    .get_result(conn.pg())?,
                admissions: if decides { admissions::open(conn)? } else { 0 },
            })
        })
        .await?;
    let name = access.tenant().name.clone();
    let p = Frame::new(access.context(), "nav-home").titled(name);
    let (tiles, steps) = (tiles(&p, &numbers), steps(&p, &numbers));
    let waiting = (numbers.admissions > 0).then(|| {
        let text = p.t.count("admissions-waiting", &numbers.admissions);
        (text, p.url("/admissions"))
    });
    p.render(|p| Index {
        p,
        tiles,
        steps,
        waiting,
    })
}

fn tiles(p: &Frame, numbers: &Numbers) -> Vec<(String, String, String)> {
    let shown = p.t.number(&numbers.recipients.count);
    let recipients = if numbers.recipients.exact {
        shown
    } else {
        p.t.with("about-number", "number", &shown)
    };
    let mut tiles = Vec::new();
    for (right, key, number, url) in [
        (
            "recipients.view",
            "nav-recipients",
            recipients,
            "/recipients",
        ),
        (
            "lists.view",
            "nav-lists",
            p.t.number(&numbers.lists),
            "/lists",
        ),
        (
            "imports.view",
            "nav-imports",
            p.t.number(&numbers.imports),
            "/imports",
        ),
        (
            "fields.view",
            "dashboard-own-fields",
            p.t.number(&numbers.own_fields),
            "/fields",
        ),
    ] {
        if p.may(right) {
            tiles.push((p.t(key), number, p.url(url)));
        }
    }
    tiles
}

/// The first steps tick themselves off; once all are done they are gone.
fn steps(p: &Frame, numbers: &Numbers) -> Vec<(bool, String, String)> {
    let mut steps = Vec::new();
    for (right, done, key, url) in [
        (
            "fields.create",
            numbers.own_fields > 0,
            "dashboard-step-fields",
            "/fields",
        ),
        (
            "lists.create",
            numbers.lists > 0,
            "dashboard-step-lists",
            "/lists/new",
        ),
        (
            "imports.run",
            numbers.recipients.count > 0,
            "dashboard-step-import",
            "/imports/new",
        ),
    ] {
        let here = p
            .tenant
            .as_ref()
            .is_some_and(|tenant| !tenant.is_inner() || right == "imports.run");
        if p.may(right) && here {
            steps.push((done, p.t(key), p.url(url)));
        }
    }
    if steps.iter().all(|(done, ..)| *done) {
        Vec::new()
    } else {
        steps
    }
}
