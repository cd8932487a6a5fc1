//! The page of one tenant: what it is, how it stands, and what can be done with it.

use super::super::by_id;
use super::super::preview;
use super::super::queries::{self, Below, Facts, Listed};
use super::Which;
use super::fence::words;
use super::place::{INNER, Place, SEPARATE, status_text};
use crate::access::rights::{Right, ViewInner, ViewTenants};
use crate::access::{ControlAccess, Routes};
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::Frame;
use actix_web::{HttpResponse, web};
use askama::Template;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}", separate);
    r.get("/t/{tenant}/inner/{id}", inner);
}

#[derive(Template)]
#[template(path = "control/tenants/show.html")]
struct Show {
    p: Frame,
    colour: String,
    /// Kind of badge and the status in force.
    status: (&'static str, String),
    /// What, how it stands.
    facts: Vec<(String, String)>,
    /// Label and URL.
    acts: Vec<(String, String)>,
}

async fn separate(
    access: ControlAccess<ViewTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let tenant = SEPARATE.find_or_main(&access, path.id).await?;
    let facts = read(&access, tenant.id).await?;
    let acts: &[(&str, &str, &str)] = match (tenant.kind.as_str(), tenant.trashed()) {
        ("main", _) => &[("tenants.change", "tenants-settings", "settings")],
        (_, true) => &[("tenants.delete", "tenants-restore", "restore")],
        _ => &[
            ("tenants.change", "tenants-settings", "settings"),
            ("tenants.change", "tenants-change-status", "status"),
            ("tenants.enter", "tenants-enter", "enter"),
            ("tenants.delete", "tenants-delete", "delete"),
        ],
    };
    let recipients = facts.recipients.map(|n| (n, false));
    view(&access, SEPARATE, &tenant, &facts, recipients, (acts, None))
}

async fn inner(access: ControlAccess<ViewInner>, path: web::Path<Which>) -> Result<HttpResponse> {
    let tenant = INNER.find(&access, path.id).await?;
    let facts = read(&access, tenant.id).await?;
    let acts: &[(&str, &str, &str)] = if tenant.trashed() {
        &[("inner.delete", "tenants-restore", "restore")]
    } else {
        &[
            ("inner.change", "inner-change-fence", "fence"),
            ("inner.change", "tenants-settings", "settings"),
            ("inner.change", "tenants-change-status", "status"),
            ("tenants.enter", "tenants-enter", "enter"),
            ("inner.delete", "tenants-delete", "delete"),
        ]
    };
    let id = TenantId(tenant.id);
    let fence = access
        .run(move |conn| Ok(by_id(conn.pg(), id)?.fence))
        .await?;
    // Its recipients are this tenant's own, so they may be counted.
    let (size, words) = access
        .look(move |conn| {
            let words = words(conn)?;
            Ok((preview::size(conn, fence.as_ref())?, (words, fence)))
        })
        .await?;
    let p = Frame::new(access.context(), "tenants-one");
    let fence = (p.t("inner-fence"), words.0.fence(&p, words.1.as_ref()));
    view(
        &access,
        INNER,
        &tenant,
        &facts,
        size.map(|n| (n, true)),
        (acts, Some(fence)),
    )
}

async fn read<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Facts> {
    access
        .run(move |conn| queries::facts(conn.pg(), TenantId(id)))
        .await
}

/// An act: the right it needs, its text's key, its part of the URL.
type Possible<'a> = (&'a str, &'a str, &'a str);

fn view<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    tenant: &Listed,
    facts: &Facts,
    recipients: Option<(i64, bool)>,
    (acts, fence): (&[Possible<'_>], Option<(String, String)>),
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "tenants-one")
        .titled(tenant.name.clone())
        .section(place.section);
    let label = p.t(&format!("nav-{}", place.section));
    let p = p.crumb(label, place.list(access));
    let recipients = match recipients {
        Some((n, true)) => p.t.number(&n),
        Some((n, false)) => p.t.with("about-number", "number", &p.t.number(&n)),
        None => p.t("tenants-too-many"),
    };
    let mut rows = vec![
        (
            p.t("tenants-kind"),
            p.t(&format!("tenants-kind-{}", tenant.kind)),
        ),
        (p.t("tenants-address"), format!("/t/{}", tenant.path)),
        (p.t("tenants-trail"), tenant.trail.clone()),
        (p.t("nav-recipients"), recipients),
        (p.t("nav-users"), p.t.number(&facts.members)),
        (p.t("tenants-at-home"), p.t.number(&facts.at_home)),
        (p.t("tenants-created"), p.t.moment(&facts.created_at)),
    ];
    rows.extend(fence);
    if let Some(at) = &facts.active_at {
        rows.push((p.t("tenants-active-at"), p.t.moment(at)));
    }
    if let Some(bytes) = facts.storage {
        rows.push((p.t("tenants-storage"), p.t.megabytes(bytes)));
    }
    if place.below == Below::Separate {
        rows.push((p.t("nav-inner"), p.t.number(&facts.inner)));
        rows.push((p.t("nav-tenants"), p.t.number(&facts.separate)));
    }
    if let Some(at) = tenant.trashed_at {
        let day = super::super::purge::goes_at(at);
        rows.push((p.t("trash-goes"), p.t.moment(&day)));
    }
    let acts = acts
        .iter()
        .filter(|(right, ..)| p.may(right))
        .map(|(_, key, what)| {
            (
                p.t(key),
                format!("{}/{what}", place.page(access, tenant.id)),
            )
        })
        .collect();
    let status = status_text(&p, tenant);
    p.render(|p| Show {
        p,
        colour: tenant.colour.trim_start_matches('#').to_owned(),
        status,
        facts: rows,
        acts,
    })
}
