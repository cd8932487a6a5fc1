//! The pages of separate and of inner tenants, for whoever administers the tenant above.

mod export;
mod fence;
mod form;
mod inner;
mod place;
mod settings;
mod show;
mod status;
mod tenants;
mod trash;

use self::form::TenantForm;
use super::queries::{Listed, STATUSES};
use crate::access::rights::Right;
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::control::users::invite::{Invited, invite_first};
use crate::db::Write;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, error_at};
use crate::web::view::HandOverPage;
use crate::web::{Cell, Empty, Frame, Table, see_other_saying};
use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The routes of both kinds.
pub fn routes(r: &mut Routes) {
    tenants::routes(r);
    inner::routes(r);
    // `/tenants/new` and `/tenants/trash` come before `/tenants/{id}`.
    trash::routes(r);
    export::routes(r);
    show::routes(r);
    settings::routes(r);
    status::routes(r);
    fence::routes(r);
}

/// Where it goes on after a tenant was made: into it; before that the link for its administrator, if one is to be
/// handed over.
async fn made<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    tenant: TenantId,
    first: Option<String>,
    form: TenantForm,
    to: String,
) -> Result<HttpResponse> {
    let (actor, post) = (Actor::form(access.user().id), access.app().post());
    let invited = match first {
        None => None,
        Some(email) => {
            access
                .run(move |conn| invite_first(conn.pg(), &post, actor, tenant, &email))
                .await?
        }
    };
    let Some(Invited::Link(link)) = invited else {
        let name = [("name", form.name)];
        return Ok(see_other_saying(
            &to,
            "success",
            "said-tenant-created",
            &name,
        ));
    };
    let p = Frame::new(access.context(), "invitation-made");
    let intro = p.t.with("invitation-made-intro", "name", &form.admin_name);
    p.render(|p| HandOverPage {
        p,
        intro,
        link,
        back: to,
    })
}

/// The thing that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

#[derive(Clone, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    /// The status in force, or blank for any.
    #[serde(default)]
    status: String,
}

impl Search {
    fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.status.is_empty()
    }
}

/// The statuses to choose from.
fn statuses(p: &Frame) -> Vec<(String, String)> {
    let text = |status: &str| p.t(&format!("tenant-status-{}", status.replace('_', "-")));
    STATUSES
        .iter()
        .map(|status| ((*status).to_owned(), text(status)))
        .collect()
}

/// A tenant's address, leading there for who can open it; others enter by its page.
fn address(tenant: &Listed, open: &BTreeSet<i32>) -> Cell {
    if open.contains(&tenant.id) {
        Cell::Link {
            href: format!("/t/{}", tenant.path),
            text: tenant.path.clone(),
        }
    } else {
        Cell::Text(tenant.path.clone())
    }
}

fn name_cell(tenant: &Listed) -> Cell {
    Cell::Swatch(
        tenant.colour.trim_start_matches('#').to_owned(),
        tenant.trail.clone(),
    )
}

/// The name as it leads to the tenant's page, as deep below `above` names as it lies in the tree; in what a
/// search found, where rows between are missing, the whole trail.
fn linked_name(tenant: &Listed, href: String, above: usize, searched: bool) -> Cell {
    let depth = tenant.trail.split(" › ").count();
    Cell::LinkedSwatch {
        colour: tenant.colour.trim_start_matches('#').to_owned(),
        href,
        text: match searched {
            true => tenant.trail.clone(),
            false => tenant.name.clone(),
        },
        depth: match searched {
            true => 0,
            false => depth.saturating_sub(above + 1).min(8),
        },
    }
}

/// An error of an act at the field it belongs to; any other is handed on.
fn field_errors(field: &'static str, error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(field, key, &params)),
        AppError::Rule(faults) => Ok(Errors::from([(field.to_owned(), faults)])),
        AppError::Constraint(name) if name.starts_with("tenants_") => {
            Ok(error_at("slug", "slug-taken", &[]))
        }
        other => Err(other),
    }
}

/// A list of tenants with a search above it.
#[derive(Template)]
#[template(path = "control/tenants/index.html")]
struct Index {
    p: Frame,
    intro: String,
    /// Buttons beside the heading: label and URL.
    acts: Vec<(String, String)>,
    q: String,
    /// The statuses to choose from, and the one chosen.
    statuses: Vec<(String, String)>,
    status: String,
    /// Whether more match than are shown.
    cut: bool,
    table: Table,
    empty: Empty,
}

/// What stands where the list would: nothing made yet, or nothing found.
fn nothing(
    p: &Frame,
    query: &Search,
    key: &str,
    new: Option<&(String, String)>,
    list: &str,
) -> Empty {
    if query.is_empty() {
        return Empty {
            text: p.t(key),
            act: new.cloned(),
        };
    }
    Empty {
        text: p.t("tenants-none-found"),
        act: Some((p.t("tenants-all"), list.to_owned())),
    }
}
