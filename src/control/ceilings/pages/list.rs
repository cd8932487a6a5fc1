//! The tenants below with what they may at most; several can be given the same at once.

use super::super::packages::{self, Package};
use super::super::query::MOST;
use super::super::{self as ceilings, Capped};
use super::in_words;
use crate::access::ControlAccess;
use crate::access::rights::ViewCeilings;
use crate::error::Result;
use crate::web::{Cell, Column, Empty, Frame, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
}

#[derive(Template)]
#[template(path = "control/ceilings/index.html")]
struct Index {
    p: Frame,
    q: String,
    cut: bool,
    acts: Vec<(String, String)>,
    packages: Vec<Package>,
    table: Table,
    empty: Empty,
}

pub(super) async fn index(
    access: ControlAccess<ViewCeilings>,
    search: web::Query<Search>,
) -> Result<HttpResponse> {
    let (tenant, q) = (access.tenant().id, search.into_inner().q);
    let wanted = q.clone();
    let (mut below, packages) = access
        .run(move |conn| {
            Ok((
                ceilings::below(conn.pg(), tenant, &wanted)?,
                packages::all(conn.pg(), tenant)?,
            ))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-ceilings").section("ceilings");
    let cut = below.len() > MOST;
    below.truncate(MOST);
    let mut acts = vec![(p.t("roles-matrix"), p.url("/ceilings/matrix"))];
    acts.push((p.t("roles-compare"), p.url("/ceilings/compare")));
    acts.push((p.t("packages-title"), p.url("/ceilings/packages")));
    let page = Index {
        table: table(&p, &below, &packages),
        empty: Empty {
            text: p.t(if q.is_empty() {
                "ceilings-none"
            } else {
                "tenants-no-match"
            }),
            act: None,
        },
        cut,
        q,
        acts,
        packages,
        p,
    };
    page.p.clone().render(|_| page)
}

fn table(p: &Frame, below: &[Capped], packages: &[Package]) -> Table {
    let columns = [
        "tenants-name",
        "ceilings-own",
        "ceilings-package",
        "ceilings-in-force",
    ];
    let mut table = Table::new(p.t("nav-ceilings"), columns.map(|key| p.t(key)));
    let mut people = Column::new(p.t("ceilings-people"));
    people.number = true;
    table.columns.push(people);
    if p.may("ceilings.change") {
        table.choose = "tenant";
    }
    for tenant in below {
        let ceiling = tenant.ceiling();
        let same = packages
            .iter()
            .filter(|package| ceiling.as_ref() == Some(&package.ceiling()));
        let names: Vec<&str> = same.map(|package| package.name.as_str()).collect();
        let cells = vec![
            Cell::Link {
                href: p.url(&format!("/ceilings/{}", tenant.id)),
                text: tenant.trail.clone(),
            },
            Cell::Text(in_words(p, &ceiling)),
            Cell::Text(names.join(", ")),
            Cell::Text(in_words(p, &tenant.in_force())),
            Cell::Number(p.t.number(&tenant.people)),
        ];
        let key = format!("{}:{}", tenant.id, tenant.version);
        table.rows.push((key, cells));
    }
    table
}
