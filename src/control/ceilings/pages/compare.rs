//! Two tenants below side by side: what anybody in them can have at most, and how big they are.

use super::super::{self as ceilings, Capped, spelled_out};
use super::frame;
use crate::access::ControlAccess;
use crate::access::rights::ViewCeilings;
use crate::control::roles::side_by_side::{Comparison, Side};
use crate::control::tenants::queries::{Facts, facts};
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::{Frame, Input};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// Which two.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    one: String,
    other: String,
    all: String,
}

pub(super) async fn page(
    access: ControlAccess<ViewCeilings>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let wanted = query.into_inner();
    let top = access.tenant().id;
    let ids: Option<[TenantId; 2]> = match (wanted.one.parse(), wanted.other.parse()) {
        (Ok(one), Ok(other)) => Some([TenantId(one), TenantId(other)]),
        _ => None,
    };
    let (below, two) = access
        .run(move |conn| {
            let below = ceilings::below(conn.pg(), top, "")?;
            let Some(ids) = ids else {
                return Ok((below, Vec::new()));
            };
            let mut two = Vec::new();
            for tenant in ceilings::some(conn.pg(), top, &ids)? {
                let facts = facts(conn.pg(), tenant.id())?;
                two.push((tenant, facts));
            }
            Ok((below, two))
        })
        .await?;
    let p = frame(access.context(), "ceilings-compare");
    let everything = !wanted.all.is_empty();
    let inputs = inputs(&p, &below, &two, &wanted);
    let [one, other] = &two[..] else {
        return Comparison::asking(p, inputs).answer();
    };
    let facts = said(&p, one, other);
    let sides = [one, other].map(|(tenant, _)| Side {
        name: tenant.trail.clone(),
        rights: spelled_out(&tenant.in_force()),
    });
    let mut page = Comparison::of(p, inputs, &sides, everything);
    page.facts = facts;
    page.answer()
}

/// The tenants to choose from; the two chosen are among them, however many there are.
fn inputs(p: &Frame, below: &[Capped], two: &[(Capped, Facts)], wanted: &Wanted) -> Vec<Input> {
    let mut options: Vec<(String, String)> = below
        .iter()
        .chain(two.iter().map(|(tenant, _)| tenant))
        .map(|tenant| (tenant.id.to_string(), tenant.trail.clone()))
        .collect();
    options.sort_by(|one, other| one.1.cmp(&other.1));
    options.dedup();
    vec![
        Input::select("one", p.t("ceilings-one"), options.clone(), &wanted.one),
        Input::select("other", p.t("ceilings-other"), options, &wanted.other),
        Input::check("all", p.t("roles-compare-all"), !wanted.all.is_empty()),
    ]
}

type Two = (Capped, Facts);

fn said(p: &Frame, one: &Two, other: &Two) -> Vec<(String, [String; 2])> {
    let fact = |key, of: &dyn Fn(&Two) -> String| (p.t(key), [of(one), of(other)]);
    vec![
        fact("tenants-kind", &|(tenant, _)| {
            p.t(&format!("tenants-kind-{}", tenant.kind))
        }),
        fact("nav-users", &|(_, facts)| p.t.number(&facts.members)),
        fact("tenants-at-home", &|(_, facts)| p.t.number(&facts.at_home)),
        fact("nav-recipients", &|(_, facts)| {
            let about = |n| p.t.with("about-number", "number", &p.t.number(&n));
            facts.recipients.map(about).unwrap_or_default()
        }),
        fact("nav-inner", &|(_, facts)| p.t.number(&facts.inner)),
        fact("nav-tenants", &|(_, facts)| p.t.number(&facts.separate)),
        fact("tenants-storage", &|(_, facts)| {
            facts.storage.map(|n| p.t.megabytes(n)).unwrap_or_default()
        }),
        fact("tenants-active-at", &|(_, facts)| {
            facts
                .active_at
                .map(|at| p.t.moment(&at))
                .unwrap_or_default()
        }),
        fact("tenants-created", &|(_, facts)| {
            p.t.moment(&facts.created_at)
        }),
    ]
}
