//! Rights down, the tenants below across.

use super::super::packages;
use super::super::{self as ceilings, Capped, spelled_out};
use super::{frame, names};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeCeilings, Right, RightInfo, ViewCeilings};
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::control::roles::filter::Filter;
use crate::control::roles::words::{choice, group_label};
use crate::db::control::taken_back;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::matrix::{Change, Matrix, MatrixCell, MatrixColumn, MatrixGroup, MatrixRow};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use diesel::PgConnection;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use validator::Validate;

fn matrix(p: &Frame, below: &[Capped], shown: &Filter) -> Matrix {
    let columns = shown.columns(below, |tenant| tenant.id);
    let rights = shown.rights(p.t.language(), columns.len(), |right| {
        let key = right.key.to_owned();
        let lets = |tenant: &&&Capped| tenant.ceiling().is_none_or(|set| set.contains(&key));
        columns.iter().filter(lets).count()
    });
    let mut groups: Vec<MatrixGroup> = Vec::new();
    for right in rights {
        if groups.last().is_none_or(|group| group.key != right.group()) {
            groups.push(MatrixGroup {
                key: right.group().to_owned(),
                label: group_label(p, right.group()),
                rows: Vec::new(),
            });
        }
        let row = MatrixRow {
            label: choice(p, right).label,
            help: choice(p, right).help,
            notes: right
                .personal
                .then(|| p.t("rights-personal"))
                .into_iter()
                .collect(),
            cells: columns
                .iter()
                .map(|tenant| cell(p, tenant, right))
                .collect(),
            ..MatrixRow::default()
        };
        if let Some(group) = groups.last_mut() {
            group.rows.push(row);
        }
    }
    let column = |tenant: &Capped| MatrixColumn {
        key: tenant.id.to_string(),
        label: tenant.trail.clone(),
        href: p.url(&format!("/ceilings/{}", tenant.id)),
        editable: p.may("ceilings.change"),
        version: tenant.version,
    };
    Matrix {
        caption: p.t("ceilings-matrix"),
        columns: columns.into_iter().map(column).collect(),
        groups,
    }
}

fn cell(p: &Frame, tenant: &Capped, right: &RightInfo) -> MatrixCell {
    let on = tenant.ceiling().is_none_or(|set| set.contains(right.key));
    let capped = tenant.above().is_some_and(|set| !set.contains(right.key));
    let beyond = !p.may(right.key);
    let absent = tenant.kind == "inner" && !right.inner;
    MatrixCell {
        value: format!("{}:{}", tenant.id, right.key),
        label: format!("{}: {}", right.label(p.t.language()), tenant.trail),
        on: on && !capped && !absent,
        held: false,
        fixed: capped || beyond || absent,
        why: match (absent, capped, beyond) {
            (true, ..) => p.t("ceilings-not-inner"),
            (_, true, _) => p.t("ceilings-capped"),
            (.., true) => p.t("matrix-beyond"),
            _ => String::new(),
        },
    }
}

#[derive(Template)]
#[template(path = "control/roles/matrix.html")]
struct Page {
    p: Frame,
    intro: String,
    shown: Filter,
    groups: Vec<(String, String)>,
    columns: Vec<(i32, String)>,
    matrix: Matrix,
    editable: bool,
    error: String,
    action: String,
}

fn render<R: Right>(
    access: &ControlAccess<R>,
    below: &[Capped],
    shown: Filter,
    error: Option<AppError>,
) -> Result<HttpResponse> {
    let p = frame(access.context(), "ceilings-matrix");
    let said = match error {
        None => String::new(),
        Some(AppError::Conflict) => p.t("roles-changed-meanwhile"),
        Some(AppError::Invalid { key, params }) => p.t.with_all(key, &params),
        Some(other) => return Err(other),
    };
    let again = !said.is_empty();
    let matrix = matrix(&p, below, &shown);
    let page = Page {
        intro: p.t("ceilings-matrix-intro"),
        groups: Filter::groups(&p),
        columns: below
            .iter()
            .map(|tenant| (tenant.id, tenant.trail.clone()))
            .collect(),
        editable: matrix.columns.iter().any(|column| column.editable),
        action: p.url("/ceilings/matrix/check"),
        error: said,
        matrix,
        shown,
        p,
    };
    if again {
        page.p.clone().render_again(|_| page)
    } else {
        page.p.clone().render(|_| page)
    }
}

async fn below<R: Right>(access: &ControlAccess<R>) -> Result<Vec<Capped>> {
    let top = access.tenant().id;
    access
        .run(move |conn| ceilings::below(conn.pg(), top, ""))
        .await
}

pub(super) async fn page(
    access: ControlAccess<ViewCeilings>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let shown = serde_html_form::from_str(req.query_string())
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    let below = below(&access).await?;
    render(&access, &below, shown, None)
}

/// What the matrix sends: the cells that are chosen, and which rows and columns were shown.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct MatrixForm {
    cell: Vec<String>,
    q: String,
    group: String,
    only: String,
    column: Vec<i32>,
    version: Vec<String>,
}

#[derive(Template)]
#[template(path = "control/roles/matrix_check.html")]
struct Check {
    p: Frame,
    concerns: String,
    holders: Vec<(String, Vec<String>, Vec<String>)>,
    form: FormView,
}

pub(super) async fn check(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<MatrixForm>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, .. }) => typed,
    };
    let shown = Filter {
        q: typed.q,
        group: typed.group,
        only: typed.only,
        column: typed.column,
    };
    let seen: BTreeMap<i32, i32> = typed
        .version
        .iter()
        .filter_map(|text| text.split_once(':'))
        .filter_map(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)))
        .collect();
    let mut tenants = below(&access).await?;
    for tenant in &mut tenants {
        if let Some(version) = seen.get(&tenant.id) {
            tenant.version = *version;
        }
    }
    let p = frame(access.context(), "roles-check");
    let chosen: BTreeSet<String> = typed.cell.into_iter().collect();
    let changes = matrix(&p, &tenants, &shown).changes(&chosen);
    let (granter, actor) = (
        Granter::of(access.context())?,
        Actor::form(access.user().id),
    );
    let tried = changes.clone();
    let outcome = access
        .run(move |conn| taken_back(conn.pg(), |pg| apply(pg, actor, &granter, &tried)))
        .await;
    if let Err(error) = outcome {
        let tenants = below(&access).await?;
        return render(&access, &tenants, shown, Some(error));
    }
    let concerned = tenants
        .iter()
        .filter(|tenant| changes.iter().any(|change| change.column == tenant.id));
    let holders: Vec<_> = concerned
        .clone()
        .map(|tenant| {
            let of = |gives| {
                let found = changes
                    .iter()
                    .filter(|change| change.column == tenant.id && change.gives == gives);
                names(&p, &found.map(|change| change.thing.clone()).collect())
            };
            (tenant.trail.clone(), of(true), of(false))
        })
        .collect();
    let hidden = changes
        .iter()
        .map(|change| Input::new(InputKind::Hidden, "change", "").value(change.to_string()));
    let page = Check {
        concerns: p.t.count(
            "ceilings-concerns",
            &concerned.map(|tenant| tenant.people).sum(),
        ),
        holders,
        form: FormView::new(p.url("/ceilings/matrix"), p.t("roles-save"))
            .inputs(hidden)
            .cancel(shown.url(&p.url("/ceilings/matrix"))),
        p,
    };
    page.p.clone().render(|_| page)
}

/// Applies changes, tenant by tenant. Whoever takes the first right from a tenant without a limit leaves it
/// all others that there are.
fn apply(
    conn: &mut PgConnection,
    actor: Actor,
    granter: &Granter,
    changes: &[Change],
) -> Result<()> {
    for of_tenant in changes.chunk_by(|one, next| one.column == next.column) {
        let Some(first) = of_tenant.first() else {
            continue;
        };
        let id = TenantId(first.column);
        let mut rights = spelled_out(&ceilings::one(conn, granter.tenant, id)?.ceiling());
        for change in of_tenant {
            if change.gives {
                rights.insert(change.thing.clone());
            } else {
                rights.remove(&change.thing);
            }
        }
        packages::give(conn, actor, granter, &[(id, first.version)], &Some(rights))?;
    }
    Ok(())
}

/// What the preview sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct Changes {
    change: Vec<String>,
}

pub(super) async fn save(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<Changes>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, .. }) => typed,
    };
    let changes: Option<Vec<Change>> = typed
        .change
        .iter()
        .map(|text| Change::parse(text))
        .collect();
    let mut changes = changes.ok_or(AppError::invalid("form-unreadable"))?;
    changes.sort();
    let (granter, actor) = (
        Granter::of(access.context())?,
        Actor::form(access.user().id),
    );
    let outcome = access
        .run(move |conn| apply(conn.pg(), actor, &granter, &changes))
        .await;
    if let Err(error @ (AppError::Conflict | AppError::Invalid { .. })) = outcome {
        let tenants = below(&access).await?;
        return render(&access, &tenants, Filter::default(), Some(error));
    }
    outcome?;
    let url = format!("{}/ceilings/matrix", access.tenant().base());
    Ok(see_other_saying(&url, "success", "said-saved", &[]))
}
