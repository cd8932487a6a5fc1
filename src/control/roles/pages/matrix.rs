//! Rights down, roles across: the roles made here can be changed in it. What was changed is shown before it
//! counts.

use super::super::acts::{self, Draft};
use super::super::grid::{self, Changes, Filter, Look, MatrixForm, MatrixPage};
use super::super::{self as roles, Whole};
use super::{frame, label_of};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeRoles, Right, RightInfo, ViewRoles};
use crate::control::memberships::Granter;
use crate::db::control::taken_back;
use crate::db::ids::RoleId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::matrix::{Change, Matrix, MatrixCell, MatrixColumn};
use crate::web::{Frame, see_other_saying};
use actix_web::{HttpRequest, HttpResponse};
use diesel::PgConnection;

fn matrix(p: &Frame, usable: &[Whole], shown: &Filter) -> Matrix {
    let columns = shown.columns(usable, |whole| whole.role.id);
    let rights = shown.rights(p.t.language(), columns.len(), |right| {
        let holding = columns.iter().filter(|whole| whole.all.contains(right.key));
        holding.count()
    });
    let change = p.may("roles.change");
    let column = |whole: &&Whole| MatrixColumn {
        key: whole.role.id.to_string(),
        label: label_of(p, &whole.role),
        href: p.url(&format!("/roles/{}", whole.role.id)),
        editable: change && is_own(p, whole),
        version: whole.role.version,
    };
    Matrix {
        caption: p.t("roles-matrix"),
        things: p.t("matrix-what"),
        columns: columns.iter().map(column).collect(),
        groups: grid::rows(p, &rights, |right| {
            let cells = columns.iter().map(|whole| cell(p, whole, usable, right));
            cells.collect()
        }),
    }
}

/// Whether it was made in the tenant of the page.
fn is_own(p: &Frame, whole: &Whole) -> bool {
    whole.role.tenant_id.is_some()
        && whole.role.tenant_id == p.tenant.as_ref().map(|tenant| tenant.id.0)
}

fn cell(p: &Frame, whole: &Whole, usable: &[Whole], right: &RightInfo) -> MatrixCell {
    let own = whole.own.contains(right.key);
    let by = usable
        .iter()
        .find(|other| whole.includes.contains(&other.role.key) && other.all.contains(right.key));
    let beyond = !p.may(right.key);
    let name = label_of(p, &whole.role);
    MatrixCell {
        value: format!("{}:{}", whole.role.id, right.key),
        label: format!("{}: {name}", right.label(p.t.language())),
        on: own,
        held: !own && by.is_some(),
        fixed: beyond || !is_own(p, whole),
        why: match by {
            Some(other) => {
                p.t.with("membership-by-role", "role", &label_of(p, &other.role))
            }
            None if beyond => p.t("matrix-beyond"),
            None => String::new(),
        },
    }
}

async fn usable<R: Right>(access: &ControlAccess<R>) -> Result<Vec<Whole>> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await
}

fn named(p: &Frame, usable: &[Whole]) -> Vec<(i32, String)> {
    let name = |whole: &Whole| (whole.role.id, label_of(p, &whole.role));
    usable.iter().map(name).collect()
}

fn matrix_page<R: Right>(access: &ControlAccess<R>, usable: &[Whole], shown: Filter) -> MatrixPage {
    let p = frame(access.context(), "roles-matrix");
    MatrixPage {
        intro: p.t("roles-matrix-intro"),
        columns: named(&p, usable),
        matrix: matrix(&p, usable, &shown),
        action: p.url("/roles/matrix/check"),
        error: String::new(),
        shown,
        p,
    }
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let shown = Filter::read(req.query_string())?;
    let usable = usable(&access).await?;
    matrix_page(&access, &usable, shown).answer()
}

pub(super) async fn check(
    access: ControlAccess<ChangeRoles>,
    sent: Submitted<MatrixForm>,
) -> Result<HttpResponse> {
    let typed = sent.unchecked();
    let (usable, shown) = (usable(&access).await?, typed.filter());
    let changes = typed.changes(matrix_page(&access, &usable, shown.clone()).matrix);
    look(&access, &usable, shown, changes).await
}

/// Tries the changes, takes them back and shows them.
async fn look(
    access: &ControlAccess<ChangeRoles>,
    usable: &[Whole],
    shown: Filter,
    changes: Vec<Change>,
) -> Result<HttpResponse> {
    let granter = Granter::of(access).await?;
    let tried = changes.clone();
    let outcome = access
        .run(move |conn| {
            let ids: Vec<RoleId> = tried.iter().map(|change| RoleId(change.column)).collect();
            let concerned = roles::holders(conn.pg(), &ids)?;
            taken_back(conn.pg(), |pg| apply(pg, &granter, &tried))?;
            Ok(concerned)
        })
        .await;
    match outcome {
        Ok(concerned) => {
            let p = frame(access.context(), "roles-check");
            let concerns = p.t.count("roles-concerns", &concerned);
            let (holders, page) = (named(&p, usable), p.url("/roles/matrix"));
            Look::at_changes(&p, concerns, &holders, &changes, (&page, &shown)).answer()
        }
        Err(error) => refuse(access, shown, &changes, error).await,
    }
}

/// The matrix as it is now, with the changes made in it, and why they could not be.
async fn refuse(
    access: &ControlAccess<ChangeRoles>,
    shown: Filter,
    changes: &[Change],
    error: AppError,
) -> Result<HttpResponse> {
    let usable = usable(access).await?;
    let page = matrix_page(access, &usable, shown);
    let chosen = page.matrix.chosen_after(changes);
    page.refuse(error, &chosen)
}

/// Applies changes, role by role.
fn apply(conn: &mut PgConnection, granter: &Granter, changes: &[Change]) -> Result<()> {
    roles::lock(conn)?;
    for of_role in changes.chunk_by(|one, next| one.column == next.column) {
        let Some(first) = of_role.first() else {
            continue;
        };
        let id = RoleId(first.column);
        let mut draft = Draft::of(&roles::one(conn, granter.tenant, id)?);
        grid::apply(of_role, &mut draft.rights);
        acts::change(conn, granter, (id, first.version), draft)?;
    }
    Ok(())
}

pub(super) async fn save(
    access: ControlAccess<ChangeRoles>,
    sent: Submitted<Changes>,
) -> Result<HttpResponse> {
    let changes = match sent.validated() {
        Ok(form) => form.read()?,
        // After a log-in in the middle it is looked at once more.
        Err(Faulty { typed, .. }) => {
            let (usable, changes) = (usable(&access).await?, typed.read()?);
            return look(&access, &usable, Filter::of(&changes), changes).await;
        }
    };
    let granter = Granter::of(&access).await?;
    let wanted = changes.clone();
    let outcome = access
        .run(move |conn| apply(conn.pg(), &granter, &wanted))
        .await;
    match outcome {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/roles/matrix", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(error) => refuse(&access, Filter::of(&changes), &changes, error).await,
    }
}
