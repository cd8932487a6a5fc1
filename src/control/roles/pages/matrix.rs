//! Rights down, roles across: the roles made here can be changed in it. What was changed is shown before it
//! counts.

use super::super::acts::{self, Draft};
use super::super::filter::Filter;
use super::super::{self as roles, Whole};
use super::{choice, frame, group_label, label_of};
use crate::access::ControlAccess;
use crate::access::rights::{self, ChangeRoles, Right, RightInfo, ViewRoles};
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::db::control::taken_back;
use crate::db::ids::RoleId;
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

fn matrix(p: &Frame, usable: &[Whole], shown: &Filter, here: i32) -> Matrix {
    let columns = shown.columns(usable, |whole| whole.role.id);
    let rows = shown.rights(p.t.language(), columns.len(), |right| {
        let holding = columns.iter().filter(|whole| whole.all.contains(right.key));
        holding.count()
    });
    let change = p.may("roles.change");
    let mut groups: Vec<MatrixGroup> = Vec::new();
    for right in rows {
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
                .map(|whole| cell(p, whole, usable, right))
                .collect(),
            ..MatrixRow::default()
        };
        if let Some(group) = groups.last_mut() {
            group.rows.push(row);
        }
    }
    Matrix {
        caption: p.t("roles-matrix"),
        columns: columns
            .into_iter()
            .map(|whole| MatrixColumn {
                key: whole.role.id.to_string(),
                label: label_of(p, &whole.role),
                href: p.url(&format!("/roles/{}", whole.role.id)),
                editable: change && whole.role.tenant_id == Some(here),
                version: whole.role.version,
            })
            .collect(),
        groups,
    }
}

fn cell(p: &Frame, whole: &Whole, usable: &[Whole], right: &RightInfo) -> MatrixCell {
    let own = whole.own.contains(right.key);
    let by = usable
        .iter()
        .find(|other| whole.includes.contains(&other.role.key) && other.all.contains(right.key));
    let label = format!(
        "{}: {}",
        right.label(p.t.language()),
        label_of(p, &whole.role)
    );
    let beyond = !p.may(right.key);
    MatrixCell {
        value: format!("{}:{}", whole.role.id, right.key),
        label,
        on: own,
        held: !own && by.is_some(),
        fixed: beyond || whole.role.tenant_id != p.tenant.as_ref().map(|tenant| tenant.id.0),
        why: match by {
            Some(other) => {
                p.t.with("membership-by-role", "role", &label_of(p, &other.role))
            }
            None if beyond => p.t("matrix-beyond"),
            None => String::new(),
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
    /// The holders to choose from.
    columns: Vec<(i32, String)>,
    matrix: Matrix,
    editable: bool,
    /// What was wrong with the last try.
    error: String,
    action: String,
}

fn render<R: Right>(
    access: &ControlAccess<R>,
    usable: &[Whole],
    shown: Filter,
    chosen: Option<&BTreeSet<String>>,
    error: Option<AppError>,
) -> Result<HttpResponse> {
    let p = frame(access.context(), "roles-matrix");
    let mut matrix = matrix(&p, usable, &shown, access.tenant().id.0);
    if let Some(chosen) = chosen {
        let rows = matrix.groups.iter_mut().flat_map(|group| &mut group.rows);
        for cell in rows.flat_map(|row| &mut row.cells) {
            cell.on = cell.fixed && cell.on || chosen.contains(&cell.value);
        }
    }
    let said = match error {
        None => String::new(),
        Some(AppError::Conflict) => p.t("roles-changed-meanwhile"),
        Some(AppError::Invalid { key, params }) => p.t.with_all(key, &params),
        Some(other) => return Err(other),
    };
    let again = !said.is_empty();
    let page = Page {
        intro: p.t("roles-matrix-intro"),
        groups: Filter::groups(&p),
        columns: usable
            .iter()
            .map(|whole| (whole.role.id, label_of(&p, &whole.role)))
            .collect(),
        editable: matrix.columns.iter().any(|column| column.editable),
        action: p.url("/roles/matrix/check"),
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

async fn usable<R: Right>(access: &ControlAccess<R>) -> Result<Vec<Whole>> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let shown = serde_html_form::from_str(req.query_string())
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    let usable = usable(&access).await?;
    render(&access, &usable, shown, None, None)
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
    /// `column:version` of those that could be changed.
    version: Vec<String>,
}

/// What was changed, role by role.
#[derive(Template)]
#[template(path = "control/roles/matrix_check.html")]
struct Check {
    p: Frame,
    concerns: String,
    holders: Vec<(String, Vec<String>, Vec<String>)>,
    form: FormView,
}

pub(super) async fn check(
    access: ControlAccess<ChangeRoles>,
    sent: Submitted<MatrixForm>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, .. }) => typed,
    };
    let mut usable = usable(&access).await?;
    let shown = Filter {
        q: typed.q.clone(),
        group: typed.group.clone(),
        only: typed.only.clone(),
        column: typed.column.clone(),
    };
    let chosen = typed.cell.iter().cloned().collect();
    let p = frame(access.context(), "roles-check");
    // The versions that were seen, not those of now.
    let seen: BTreeMap<i32, i32> = typed
        .version
        .iter()
        .filter_map(|text| text.split_once(':'))
        .filter_map(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)))
        .collect();
    for whole in &mut usable {
        if let Some(version) = seen.get(&whole.role.id) {
            whole.role.version = *version;
        }
    }
    let changes = matrix(&p, &usable, &shown, access.tenant().id.0).changes(&chosen);
    let (granter, actor) = (
        Granter::of(access.context())?,
        Actor::form(access.user().id),
    );
    let tried = changes.clone();
    let outcome = access
        .run(move |conn| {
            let ids: Vec<RoleId> = tried.iter().map(|change| RoleId(change.column)).collect();
            let concerned = roles::holders(conn.pg(), &ids)?;
            taken_back(conn.pg(), |pg| apply(pg, actor, &granter, &tried))?;
            Ok(concerned)
        })
        .await;
    let concerned = match outcome {
        Ok(concerned) => concerned,
        Err(error) => {
            let usable = self::usable(&access).await?;
            return render(&access, &usable, shown, Some(&chosen), Some(error));
        }
    };
    let hidden = changes
        .iter()
        .map(|change| Input::new(InputKind::Hidden, "change", "").value(change.to_string()));
    let form = FormView::new(p.url("/roles/matrix"), p.t("roles-save"))
        .inputs(hidden)
        .cancel(shown.url(&p.url("/roles/matrix")));
    let page = Check {
        concerns: p.t.count("roles-concerns", &concerned),
        holders: by_role(&p, &usable, &changes),
        form,
        p,
    };
    page.p.clone().render(|_| page)
}

/// The changes by role, each right by name.
fn by_role(
    p: &Frame,
    usable: &[Whole],
    changes: &[Change],
) -> Vec<(String, Vec<String>, Vec<String>)> {
    let changed = usable
        .iter()
        .filter(|whole| changes.iter().any(|change| change.column == whole.role.id));
    changed
        .map(|whole| {
            let names = |gives| {
                let of_role = changes
                    .iter()
                    .filter(|change| change.column == whole.role.id && change.gives == gives);
                of_role
                    .filter_map(|change| rights::by_key(&change.thing))
                    .map(|right| right.label(p.t.language()).to_owned())
                    .collect()
            };
            (label_of(p, &whole.role), names(true), names(false))
        })
        .collect()
}

/// Applies changes, role by role.
fn apply(
    conn: &mut PgConnection,
    actor: Actor,
    granter: &Granter,
    changes: &[Change],
) -> Result<()> {
    roles::lock(conn)?;
    for of_role in changes.chunk_by(|one, next| one.column == next.column) {
        let Some(first) = of_role.first() else {
            continue;
        };
        let id = RoleId(first.column);
        let mut draft = Draft::of(&roles::one(conn, granter.tenant, id)?);
        for change in of_role {
            if change.gives {
                draft.rights.insert(change.thing.clone());
            } else {
                draft.rights.remove(&change.thing);
            }
        }
        acts::change(conn, actor, granter, (id, first.version), draft)?;
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
    access: ControlAccess<ChangeRoles>,
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
        let usable = usable(&access).await?;
        return render(&access, &usable, Filter::default(), None, Some(error));
    }
    outcome?;
    Ok(see_other_saying(
        &format!("{}/roles/matrix", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}
