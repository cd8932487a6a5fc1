//! Roles down, users across: whoever has which role here. What was changed is shown before it counts.

use super::super::query::{self, Person, Wanted};
use super::frame;
use crate::access::ControlAccess;
use crate::access::rights::{ChangeUsers, Right, ViewUsers};
use crate::control::memberships::{self, Granter, Which};
use crate::control::roles::grid::{self, Changes, Look, MOST_COLUMNS};
use crate::control::roles::words::{label, label_of};
use crate::control::roles::{self, Whole};
use crate::db::control::taken_back;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::matrix::{Change, Matrix, MatrixCell, MatrixColumn, MatrixGroup, MatrixRow};
use crate::web::{Frame, see_other_saying};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use validator::Validate;

/// What the URL says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Filter {
    /// Part of a user's name or address.
    q: String,
    /// Only users with this role.
    role: String,
    /// Part of a role's name or key.
    find: String,
    /// `differs` or blank.
    only: String,
    /// The user after whom this part begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i32>,
    /// These users, whatever else is asked for.
    column: Vec<i32>,
}

impl Filter {
    fn url(&self, page: &str) -> String {
        let query = serde_html_form::to_string(self).unwrap_or_default();
        format!("{page}?{query}")
    }
}

/// What the matrix sends: the cells that are chosen, whom and what it showed, and which versions.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct MatrixForm {
    cell: Vec<String>,
    /// `user:version` of those shown.
    version: Vec<String>,
    find: String,
    only: String,
}

impl MatrixForm {
    fn versions(&self) -> BTreeMap<i32, i32> {
        let read = |text: &String| {
            let (id, version) = text.split_once(':')?;
            Some((id.parse().ok()?, version.parse().ok()?))
        };
        self.version.iter().filter_map(read).collect()
    }

    fn filter(&self) -> Filter {
        Filter {
            find: self.find.clone(),
            only: self.only.clone(),
            column: self.versions().into_keys().collect(),
            ..Filter::default()
        }
    }
}

#[derive(Template)]
#[template(path = "control/users/matrix.html")]
struct MatrixPage {
    p: Frame,
    shown: Filter,
    roles: Vec<(String, String)>,
    count: String,
    matrix: Matrix,
    first: String,
    next: String,
    error: String,
}

struct Loaded {
    people: Vec<Person>,
    versions: BTreeMap<i32, i32>,
    usable: Vec<Whole>,
    count: i64,
    more: bool,
}

/// Four statements, however many users and roles: the users shown, their count, the versions of their places, the roles.
async fn load<R: Right>(access: &ControlAccess<R>, shown: &Filter) -> Result<Loaded> {
    let (tenant, shown) = (access.tenant().id, shown.clone());
    access
        .run(move |conn| {
            let wanted = Wanted {
                search: shown.q.clone(),
                role: shown.role.clone(),
                placed: true,
                ..Wanted::default()
            };
            let (mut people, count) = if shown.column.is_empty() {
                let after = shown.after.map(UserId);
                let people = query::page(conn.pg(), tenant, &wanted, after, MOST_COLUMNS + 1)?;
                (people, query::count(conn.pg(), tenant, &wanted)?)
            } else {
                let people = query::those(conn.pg(), tenant, &shown.column)?;
                let count = people.len() as i64;
                (people, count)
            };
            people.retain(|person| person.member);
            let more = people.len() > MOST_COLUMNS;
            people.truncate(MOST_COLUMNS);
            let ids: Vec<i32> = people.iter().map(|person| person.id).collect();
            Ok(Loaded {
                versions: memberships::versions(conn.pg(), tenant, &ids)?,
                usable: roles::usable_whole(conn.pg(), tenant)?,
                people,
                count,
                more,
            })
        })
        .await
}

fn matrix<R: Right>(access: &ControlAccess<R>, p: &Frame, of: &Loaded, shown: &Filter) -> Matrix {
    let change = p.may("users.change");
    let column = |person: &Person| MatrixColumn {
        key: person.id.to_string(),
        label: person.name.clone(),
        href: p.url(&format!("/users/{}", person.id)),
        editable: change && access.user().id.0 != person.id,
        version: of.versions.get(&person.id).copied().unwrap_or_default(),
    };
    let wanted = shown.find.trim().to_lowercase();
    let fits = |whole: &&Whole| {
        let holding = of
            .people
            .iter()
            .filter(|person| person.roles.contains(&whole.role.key));
        let text = format!("{} {}", label_of(p, &whole.role), whole.role.key).to_lowercase();
        text.contains(&wanted)
            && (shown.only != "differs" || (1..of.people.len()).contains(&holding.count()))
    };
    let rows: Vec<MatrixRow> = of
        .usable
        .iter()
        .filter(fits)
        .map(|whole| row(access, p, of, whole))
        .collect();
    Matrix {
        caption: p.t("users-matrix"),
        things: p.t("users-role"),
        columns: of.people.iter().map(column).collect(),
        groups: vec![MatrixGroup {
            key: "roles".into(),
            label: String::new(),
            rows,
        }],
    }
}

fn row<R: Right>(access: &ControlAccess<R>, p: &Frame, of: &Loaded, whole: &Whole) -> MatrixRow {
    let beyond = whole.all.iter().any(|right| !p.may(right));
    let name = label_of(p, &whole.role);
    let cell = |person: &Person| {
        let own = access.user().id.0 == person.id;
        MatrixCell {
            value: format!("{}:{}", person.id, whole.role.key),
            label: format!("{name}: {}", person.name),
            on: person.roles.contains(&whole.role.key),
            held: false,
            fixed: beyond || own,
            why: match (own, beyond) {
                (true, _) => p.t("users-own-roles"),
                (_, true) => p.t("users-matrix-beyond"),
                _ => String::new(),
            },
        }
    };
    MatrixRow {
        href: p.url(&format!("/roles/{}", whole.role.id)),
        help: whole.role.description.clone(),
        cells: of.people.iter().map(cell).collect(),
        label: name.clone(),
        ..MatrixRow::default()
    }
}

fn matrix_page<R: Right>(access: &ControlAccess<R>, of: &Loaded, shown: Filter) -> MatrixPage {
    let p = frame(access.context(), "users-matrix");
    let url = |after| {
        let part = Filter {
            after,
            ..shown.clone()
        };
        part.url(&p.url("/users/matrix"))
    };
    let last = of
        .people
        .last()
        .filter(|_| of.more && shown.column.is_empty());
    MatrixPage {
        roles: of
            .usable
            .iter()
            .map(|whole| (whole.role.key.clone(), label_of(&p, &whole.role)))
            .collect(),
        count: p.t.count("users-count", &of.count),
        matrix: matrix(access, &p, of, &shown),
        first: shown.after.map(|_| url(None)).unwrap_or_default(),
        next: last.map(|person| url(Some(person.id))).unwrap_or_default(),
        error: String::new(),
        shown,
        p,
    }
}

pub(super) async fn page(
    access: ControlAccess<ViewUsers>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let shown: Filter = serde_html_form::from_str(req.query_string())
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    let loaded = load(&access, &shown).await?;
    let page = matrix_page(&access, &loaded, shown);
    page.p.clone().render(|_| page)
}

pub(super) async fn check(
    access: ControlAccess<ChangeUsers>,
    sent: Submitted<MatrixForm>,
) -> Result<HttpResponse> {
    let typed = sent.unchecked();
    let shown = typed.filter();
    let mut loaded = load(&access, &shown).await?;
    // What was seen is sent along, not what is there now.
    loaded.versions.extend(typed.versions());
    let chosen: BTreeSet<String> = typed.cell.iter().cloned().collect();
    let changes = matrix_page(&access, &loaded, shown.clone())
        .matrix
        .changes(&chosen);
    look(&access, &loaded, shown, changes).await
}

/// Tries the changes, takes them back and shows them.
async fn look(
    access: &ControlAccess<ChangeUsers>,
    loaded: &Loaded,
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
    let p = frame(access.context(), "roles-check");
    let mut concerned: Vec<i32> = changes.iter().map(|change| change.column).collect();
    concerned.dedup();
    let names: Vec<(i32, String)> = loaded
        .people
        .iter()
        .map(|person| (person.id, person.name.clone()))
        .collect();
    let page = p.url("/users/matrix");
    let back = shown.url(&page);
    let in_words = |key: &str| {
        let found = loaded.usable.iter().find(|whole| whole.role.key == key);
        found.map_or_else(|| label(&p, key, ""), |whole| label_of(&p, &whole.role))
    };
    let concerns = p.t.count("users-bulk-concerns", &(concerned.len() as i64));
    Look::at_things(
        p.clone(),
        concerns,
        &names,
        &changes,
        (&page, back),
        in_words,
    )
    .answer()
}

/// The matrix as it is now, with the changes made in it, and why they could not be.
async fn refuse(
    access: &ControlAccess<ChangeUsers>,
    shown: Filter,
    changes: &[Change],
    error: AppError,
) -> Result<HttpResponse> {
    let loaded = load(access, &shown).await?;
    let mut page = matrix_page(access, &loaded, shown);
    page.error = match error {
        AppError::Conflict => page.p.t("roles-changed-meanwhile"),
        AppError::Invalid { key, params } => page.p.t.with_all(key, &params),
        other => return Err(other),
    };
    let chosen = page.matrix.chosen_after(changes);
    page.matrix.choose(&chosen);
    page.p.clone().render_again(|_| page)
}

/// Applies changes, user by user: at most as many as a matrix has columns.
fn apply(conn: &mut PgConnection, granter: &Granter, changes: &[Change]) -> Result<()> {
    for of_user in changes.chunk_by(|one, next| one.column == next.column) {
        let Some(first) = of_user.first() else {
            continue;
        };
        let (user, tenant) = (UserId(first.column), granter.tenant);
        let (.., mut place) =
            memberships::place_of(conn, user, tenant)?.ok_or(AppError::Conflict)?;
        let mut held: BTreeSet<String> = place.roles.into_iter().collect();
        grid::apply(of_user, &mut held);
        place.roles = held.into_iter().collect();
        let which = Which {
            user,
            tenant,
            version: first.version,
        };
        memberships::set(conn, granter, which, place)?;
    }
    Ok(())
}

pub(super) async fn save(
    access: ControlAccess<ChangeUsers>,
    sent: Submitted<Changes>,
) -> Result<HttpResponse> {
    let of = |changes: &[Change]| Filter {
        column: changes.iter().map(|change| change.column).collect(),
        ..Filter::default()
    };
    let changes = match sent.validated() {
        Ok(form) => form.read()?,
        // After a log-in in the middle it is looked at once more.
        Err(Faulty { typed, .. }) => {
            let changes = typed.read()?;
            let shown = of(&changes);
            let loaded = load(&access, &shown).await?;
            return look(&access, &loaded, shown, changes).await;
        }
    };
    let granter = Granter::of(&access).await?;
    let wanted = changes.clone();
    let outcome = access
        .run(move |conn| apply(conn.pg(), &granter, &wanted))
        .await;
    match outcome {
        Ok(()) => {
            let url = format!("{}/users/matrix", access.tenant().base());
            Ok(see_other_saying(&url, "success", "said-saved", &[]))
        }
        Err(error) => refuse(&access, of(&changes), &changes, error).await,
    }
}
