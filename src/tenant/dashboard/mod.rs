//! A tenant's start page: what is there, what happened lately, and what to do first.

mod numbers;
mod steps;

use crate::access::rights::ViewDashboard;
use crate::access::{Access, ControlAccess, Routes};
use crate::control::audit::query::{self as audit, Entry, Wanted};
use crate::control::audit::words;
use crate::control::pending;
use crate::error::Result;
use crate::tenant::recipients::import::acts::{self as imports, Import};
use crate::web::flash::Undo;
use crate::web::form::Submitted;
use crate::web::page::see_other_undoable;
use crate::web::{Frame, see_other};
use actix_web::HttpResponse;
use askama::Template;
use numbers::{Numbers, Tile};
use serde::Deserialize;
use steps::Step;
use validator::Validate;

/// Entries of the audit shown.
const ENTRIES: usize = 8;
/// Entries read for them: log-ins, which are many, are left out.
const READ: i64 = 60;
/// Imports shown.
const IMPORTS: i64 = 5;
/// What a user keeps in a tenant once he wants to see the first steps no more.
const HIDDEN: &str = "dashboard.first-steps-hidden";

/// The start page's routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}", index);
    r.post("/t/{tenant}/first-steps", hide_steps);
}

#[derive(Template)]
#[template(path = "tenant/dashboard/index.html")]
struct Index {
    p: Frame,
    /// What waits for a decision: sentences and where they lead.
    waiting: Vec<(String, String)>,
    tiles: Vec<Tile>,
    /// None once all are done, or hidden.
    steps: Vec<Step>,
    /// What happened lately; nothing for whoever may not see it.
    entries: Option<Vec<Happened>>,
    /// The newest imports; nothing for whoever may not see them.
    imports: Option<Vec<Imported>>,
}

/// An entry of the audit as the start page tells it.
struct Happened {
    who: String,
    what: String,
    object: String,
    /// When, and where if that is not this tenant.
    when: String,
}

/// An import as the start page tells it.
struct Imported {
    href: String,
    name: String,
    state: (&'static str, String),
    when: String,
}

async fn index(
    access: Access<ViewDashboard>,
    above: ControlAccess<ViewDashboard>,
) -> Result<HttpResponse> {
    let (here, top) = (access.tenant(), access.tenant().id);
    let (sees_audit, sees_imports) = (here.may("audit.view"), here.may("imports.view"));
    let hidden = access.preference(HIDDEN).await? == Some(true.into());
    let (numbers, imports) = access
        .run(move |conn| {
            let imports = match sees_imports {
                true => Some(imports::before(conn, None, IMPORTS)?),
                false => None,
            };
            Ok((Numbers::of(conn)?, imports))
        })
        .await?;
    let (decides, me) = (here.may("users.change"), access.user().id);
    let (facts, entries, pending) = above
        .run(move |conn| {
            let entries = match sees_audit {
                true => Some(audit::entries(conn.pg(), top, &Wanted::default(), READ)?),
                false => None,
            };
            let pending = match decides {
                true => pending::waiting_for(conn.pg(), top, me)?,
                false => 0,
            };
            Ok((numbers::facts(conn, top)?, entries, pending))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-home").titled(here.name.clone());
    let waits = [
        ("admissions-waiting", p.waiting, "/admissions"),
        ("pending-waiting", pending, "/pending"),
    ];
    let waiting = waits
        .iter()
        .filter(|(_, n, _)| *n > 0)
        .map(|(key, n, page)| (p.t.count(key, n), p.url(page)))
        .collect();
    let steps = match hidden {
        true => Vec::new(),
        false => steps::steps(&p, &numbers, &facts),
    };
    p.render(|p| Index {
        waiting,
        tiles: numbers::tiles(&p, &numbers, &facts),
        steps,
        entries: entries.map(|all| lately(&p, &all)),
        imports: imports.map(|all| all.iter().map(|one| imported(&p, one)).collect()),
        p,
    })
}

fn lately(p: &Frame, entries: &[Entry]) -> Vec<Happened> {
    let acts = entries
        .iter()
        .filter(|entry| !entry.act.starts_with("session."));
    acts.take(ENTRIES).map(|one| happened(p, one)).collect()
}

fn happened(p: &Frame, entry: &Entry) -> Happened {
    let at = p.t.moment(&entry.at);
    Happened {
        who: words::who(p, entry),
        what: words::act(p, &entry.act),
        object: words::object(p, entry),
        when: if entry.tenant == p.tenant_name() {
            at
        } else {
            format!("{at} · {}", entry.tenant)
        },
    }
}

fn imported(p: &Frame, import: &Import) -> Imported {
    let kind = match import.state.as_str() {
        "done" => "success",
        "failed" | "broken" => "danger",
        "cancelled" => "warning",
        _ => "secondary",
    };
    Imported {
        href: p.url(&format!("/imports/{}", import.id)),
        name: import.file_name.clone(),
        state: (kind, p.t(&format!("import-state-{}", import.state))),
        when: p.t.moment(&import.created_at),
    }
}

/// Whether the first steps shall be seen again; the button hides them, its undo shows them.
#[derive(Debug, Deserialize, Validate)]
struct Wish {
    #[serde(default)]
    show: String,
}

/// POST `…/first-steps`.
async fn hide_steps(access: Access<ViewDashboard>, form: Submitted<Wish>) -> Result<HttpResponse> {
    let (base, shows) = (
        access.tenant().base(),
        form.validated().is_ok_and(|wish| wish.show == "on"),
    );
    if shows {
        access.set_preference(HIDDEN, false.into()).await?;
        return Ok(see_other(&base));
    }
    access.set_preference(HIDDEN, true.into()).await?;
    let undo = Undo::new(
        access.context(),
        format!("{base}/first-steps"),
        &[("show", "on")],
    );
    Ok(see_other_undoable(
        &base,
        "said-first-steps-hidden",
        &[],
        undo,
    ))
}
