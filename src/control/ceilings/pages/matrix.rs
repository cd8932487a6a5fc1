//! Rights down, the tenants below across.

use super::super::{self as ceilings, Capped, Wanted, spelled_out};
use super::frame;
use crate::access::ControlAccess;
use crate::access::rights::{ChangeCeilings, Right, RightInfo, ViewCeilings};
use crate::control::memberships::Granter;
use crate::control::roles::grid::{self, Changes, Filter, Look, MatrixForm, MatrixPage};
use crate::db::control::taken_back;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::matrix::{Change, Matrix, MatrixCell, MatrixColumn};
use crate::web::{Frame, see_other_saying};
use actix_web::{HttpRequest, HttpResponse};
use diesel::PgConnection;

fn matrix(p: &Frame, below: &[Capped], shown: &Filter) -> Matrix {
    let columns = shown.columns(below, |tenant| tenant.id);
    let rights = shown.rights(p.t.language(), columns.len(), |right| {
        let lets = |tenant: &&&Capped| tenant.lets(right.key);
        columns.iter().filter(lets).count()
    });
    let column = |tenant: &&Capped| MatrixColumn {
        key: tenant.id.to_string(),
        label: tenant.trail.clone(),
        href: p.url(&format!("/ceilings/{}", tenant.id)),
        editable: p.may("ceilings.change"),
        version: tenant.version,
    };
    Matrix {
        caption: p.t("ceilings-matrix"),
        things: p.t("matrix-what"),
        columns: columns.iter().map(column).collect(),
        groups: grid::rows(p, &rights, |right| {
            columns
                .iter()
                .map(|tenant| cell(p, tenant, right))
                .collect()
        }),
    }
}

fn cell(p: &Frame, tenant: &Capped, right: &RightInfo) -> MatrixCell {
    let capped = !tenant.could(right.key);
    let beyond = !p.may(right.key);
    let absent = tenant.kind == "inner" && !right.inner;
    MatrixCell {
        value: format!("{}:{}", tenant.id, right.key),
        label: format!("{}: {}", right.label(p.t.language()), tenant.trail),
        on: tenant.lets(right.key) && !capped && !absent,
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

async fn below<R: Right>(access: &ControlAccess<R>) -> Result<Vec<Capped>> {
    let top = access.tenant().id;
    access
        .run(move |conn| ceilings::below(conn.pg(), top, ""))
        .await
}

fn named(below: &[Capped]) -> Vec<(i32, String)> {
    let name = |tenant: &Capped| (tenant.id, tenant.trail.clone());
    below.iter().map(name).collect()
}

fn matrix_page<R: Right>(access: &ControlAccess<R>, below: &[Capped], shown: Filter) -> MatrixPage {
    let p = frame(access.context(), "ceilings-matrix");
    MatrixPage {
        intro: p.t("ceilings-matrix-intro"),
        columns: named(below),
        matrix: matrix(&p, below, &shown),
        action: p.url("/ceilings/matrix/check"),
        error: String::new(),
        shown,
        p,
    }
}

pub(super) async fn page(
    access: ControlAccess<ViewCeilings>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let shown = Filter::read(req.query_string())?;
    let below = below(&access).await?;
    matrix_page(&access, &below, shown).answer()
}

pub(super) async fn check(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<MatrixForm>,
) -> Result<HttpResponse> {
    let typed = sent.unchecked();
    let (below, shown) = (below(&access).await?, typed.filter());
    let changes = typed.changes(matrix_page(&access, &below, shown.clone()).matrix);
    look(&access, &below, shown, changes).await
}

/// Tries the changes, takes them back and shows them.
async fn look(
    access: &ControlAccess<ChangeCeilings>,
    below: &[Capped],
    shown: Filter,
    changes: Vec<Change>,
) -> Result<HttpResponse> {
    let granter = Granter::of(access).await?;
    let tried = changes.clone();
    let outcome = access
        .run(move |conn| taken_back(conn.pg(), |pg| apply(pg, &granter, &tried)))
        .await;
    if let Err(error) = outcome {
        return refuse(access, shown, &changes, error).await;
    }
    let changed = below
        .iter()
        .filter(|tenant| changes.iter().any(|change| change.column == tenant.id));
    let people = changed.map(|tenant| tenant.people).sum();
    let p = frame(access.context(), "roles-check");
    let concerns = p.t.count("ceilings-concerns", &people);
    let (holders, page) = (named(below), p.url("/ceilings/matrix"));
    Look::at_changes(&p, concerns, &holders, &changes, (&page, &shown)).answer()
}

/// The matrix as it is now, with the changes made in it, and why they could not be.
async fn refuse(
    access: &ControlAccess<ChangeCeilings>,
    shown: Filter,
    changes: &[Change],
    error: AppError,
) -> Result<HttpResponse> {
    let below = below(access).await?;
    let page = matrix_page(access, &below, shown);
    let chosen = page.matrix.chosen_after(changes);
    page.refuse(error, &chosen)
}

/// Applies changes. Whoever takes the first right from a tenant without a limit leaves it all others that
/// there are.
fn apply(conn: &mut PgConnection, granter: &Granter, changes: &[Change]) -> Result<()> {
    let columns = || changes.chunk_by(|one, next| one.column == next.column);
    let ids: Vec<TenantId> = columns()
        .filter_map(|of_tenant| of_tenant.first())
        .map(|change| TenantId(change.column))
        .collect();
    let now = ceilings::some(conn, granter.tenant, &ids)?;
    let wanted: Vec<Wanted> = columns()
        .zip(&now)
        .map(|(of_tenant, tenant)| {
            let mut rights = spelled_out(&tenant.ceiling());
            grid::apply(of_tenant, &mut rights);
            Wanted {
                tenant: tenant.id(),
                version: of_tenant.first().map_or(0, |change| change.version),
                ceiling: Some(rights),
            }
        })
        .collect();
    ceilings::set(conn, granter, &wanted)
}

pub(super) async fn save(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<Changes>,
) -> Result<HttpResponse> {
    let changes = match sent.validated() {
        Ok(form) => form.read()?,
        // After a log-in in the middle it is looked at once more.
        Err(Faulty { typed, .. }) => {
            let (below, changes) = (below(&access).await?, typed.read()?);
            return look(&access, &below, Filter::of(&changes), changes).await;
        }
    };
    let granter = Granter::of(&access).await?;
    let wanted = changes.clone();
    let outcome = access
        .run(move |conn| apply(conn.pg(), &granter, &wanted))
        .await;
    match outcome {
        Ok(()) => {
            let url = format!("{}/ceilings/matrix", access.tenant().base());
            Ok(see_other_saying(&url, "success", "said-saved", &[]))
        }
        Err(error) => refuse(&access, Filter::of(&changes), &changes, error).await,
    }
}
