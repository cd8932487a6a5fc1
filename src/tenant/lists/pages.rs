//! The pages of mailing lists: index, form, deletion.

use super::usage::{self, Usage};
use super::{BLAME, List, active, all, by_id};
use crate::access::rights::{ChangeLists, CreateLists, DeleteLists, Right, ViewLists};
use crate::access::{Access, ControlAccess};
use crate::db::constraint::blame;
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, csv, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The list that the URL names.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    id: ListId,
}

#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct ListForm {
    #[validate(length(min = 1, max = 100, message = "list-name-length"))]
    name: String,
    #[serde(default)]
    #[validate(length(max = 1000, message = "list-description-length"))]
    description: String,
    #[serde(default)]
    version: i32,
}

pub(super) async fn index(access: Access<ViewLists>) -> Result<HttpResponse> {
    let (lists, active) = access.run(|conn| Ok((all(conn)?, active(conn)?))).await?;
    let p = Frame::new(access.context(), "lists-title").section("lists");
    let may_change = p.may("lists.change") && !access.tenant().is_inner();
    let mut table = Table::new(
        p.t("lists-title"),
        ["list-name", "list-description", "list-active"].map(|key| p.t(key)),
    );
    table.columns[2].number = true;
    for list in &lists {
        let number = p.t.number(active.get(&list.id).unwrap_or(&0));
        let name = if may_change {
            Cell::Link {
                href: p.url(&format!("/lists/{}/edit", list.id)),
                text: list.name.clone(),
            }
        } else {
            Cell::Text(list.name.clone())
        };
        table.row(vec![
            name,
            Cell::Text(list.description.clone()),
            Cell::LinkedNumber {
                href: p.url(&format!("/recipients?list={}&status=active", list.id)),
                text: number,
            },
        ]);
    }
    let may_create = p.may("lists.create") && !access.tenant().is_inner();
    let act = may_create.then(|| (p.t("list-new"), p.url("/lists/new")));
    let export = (p.t("export-csv"), p.url("/lists/export"));
    let empty = Empty {
        text: p.t("lists-none"),
        act: act.clone(),
    };
    p.render(|p| TablePage {
        p,
        intro: String::new(),
        acts: act
            .into_iter()
            .chain([export])
            .filter(|_| !lists.is_empty())
            .collect(),
        table,
        empty,
    })
}

/// GET `…/lists/export`.
pub(super) async fn export(access: Access<ViewLists>) -> Result<HttpResponse> {
    access
        .record_look("export.lists", "", serde_json::json!({}))
        .await?;
    let (lists, active) = access.run(|conn| Ok((all(conn)?, active(conn)?))).await?;
    let p = Frame::new(access.context(), "lists-title");
    let headings = ["list-name", "list-description", "list-active"].map(|key| p.t(key));
    let line = |list: List| {
        let active = active.get(&list.id).unwrap_or(&0).to_string();
        vec![list.name, list.description, active]
    };
    let name = csv::file_name(&access.tenant().path, "lists");
    let lines = lists.into_iter().map(line).collect();
    Ok(csv::short(&name, headings.to_vec(), lines))
}

fn frame<A>(access: &Access<A>, title: &str) -> Frame
where
    A: Right,
{
    let p = Frame::new(access.context(), title).section("lists");
    let (label, url) = (p.t("lists-title"), p.url("/lists"));
    p.crumb(label, url)
}

fn form_view(p: &Frame, list: Option<ListId>, typed: &ListForm, errors: &Errors) -> FormView {
    let action = match list {
        Some(id) => format!("/lists/{id}/edit"),
        None => "/lists/new".into(),
    };
    let mut description = Input::new(InputKind::Area(3), "description", p.t("list-description"))
        .value(&typed.description);
    description.max = 1000;
    FormView::new(p.url(&action), p.t("save"))
        .input(
            Input::line("name", p.t("list-name"), &typed.name)
                .required()
                .max(100),
        )
        .input(description)
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(p.url("/lists"))
        .errors(&p.t, errors)
}

fn show_form(p: Frame, list: Option<ListId>, faulty: &Faulty<ListForm>) -> Result<HttpResponse> {
    let form = form_view(&p, list, &faulty.typed, &faulty.errors);
    p.render_again(|p| FormPage {
        p,
        intro: String::new(),
        form,
    })
}

pub(super) async fn new(access: Access<CreateLists>) -> Result<HttpResponse> {
    let p = frame(&access, "list-new");
    let form = form_view(&p, None, &ListForm::default(), &Errors::new());
    p.render(|p| FormPage {
        p,
        intro: String::new(),
        form,
    })
}

pub(super) async fn create(
    access: Access<CreateLists>,
    form: Submitted<ListForm>,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => return show_form(frame(&access, "list-new"), None, &faulty),
    };
    let wanted = form.clone();
    let made = access
        .run(move |conn| super::create(conn, &wanted.name, &wanted.description))
        .await;
    match fault(made, form)? {
        Ok(list) => Ok(said(&access, "said-list-created", &list.name)),
        Err(faulty) => show_form(frame(&access, "list-new"), None, &faulty),
    }
}

/// A refusal that the form can show, at its field.
fn fault<T>(outcome: Result<T>, typed: ListForm) -> Result<Result<T, Faulty<ListForm>>> {
    let errors = match blame(outcome, BLAME) {
        Ok(Ok(value)) => return Ok(Ok(value)),
        Ok(Err((field, key))) => error_at(field, key, &[]),
        Err(AppError::Invalid { key, params }) => {
            let field = if key == "list-description-length" {
                "description"
            } else {
                "name"
            };
            error_at(field, key, &params)
        }
        Err(other) => return Err(other),
    };
    Ok(Err(Faulty { typed, errors }))
}

fn said<R: Right>(access: &Access<R>, key: &'static str, name: &str) -> HttpResponse {
    let url = format!("{}/lists", access.tenant().base());
    see_other_saying(&url, "success", key, &[("name", name.to_owned())])
}

pub(super) async fn edit(
    access: Access<ChangeLists>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = which.id;
    let list = access.run(move |conn| by_id(conn, id)).await?;
    let p = frame(&access, "list-edit").titled(&list.name);
    let typed = ListForm {
        name: list.name,
        description: list.description,
        version: list.version,
    };
    let form = form_view(&p, Some(id), &typed, &Errors::new());
    let acts = if p.may("lists.delete") {
        vec![(p.t("delete"), p.url(&format!("/lists/{id}/delete")))]
    } else {
        Vec::new()
    };
    p.render(|p| EditPage { p, form, acts })
}

#[derive(askama::Template)]
#[template(path = "tenant/lists/edit.html")]
struct EditPage {
    p: Frame,
    form: FormView,
    acts: Vec<(String, String)>,
}

pub(super) async fn change(
    access: Access<ChangeLists>,
    which: web::Path<Which>,
    form: Submitted<ListForm>,
) -> Result<HttpResponse> {
    let id = which.id;
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => return show_form(frame(&access, "list-edit"), Some(id), &faulty),
    };
    let wanted = form.clone();
    let outcome = access
        .run(move |conn| super::change(conn, id, wanted.version, &wanted.name, &wanted.description))
        .await;
    if matches!(outcome, Err(AppError::Conflict)) {
        return changed_meanwhile(&access, id, form).await;
    }
    let name = form.name.clone();
    match fault(outcome, form)? {
        Ok(()) => Ok(said(&access, "said-list-changed", &name)),
        Err(faulty) => show_form(frame(&access, "list-edit"), Some(id), &faulty),
    }
}

/// Shows what was typed and says what stands there now; sending it again replaces that.
async fn changed_meanwhile(
    access: &Access<ChangeLists>,
    id: ListId,
    mut typed: ListForm,
) -> Result<HttpResponse> {
    let now: List = access.run(move |conn| by_id(conn, id)).await?;
    typed.version = now.version;
    let errors = error_at(
        "",
        "list-changed-meanwhile",
        &[("name", now.name), ("description", now.description)],
    );
    let faulty = Faulty { typed, errors };
    show_form(frame(access, "list-edit"), Some(id), &faulty)
}

async fn usage_of(
    access: &Access<DeleteLists>,
    above: &ControlAccess<DeleteLists>,
    id: ListId,
) -> Result<(List, Usage)> {
    let parent = access.tenant().id;
    let fences = above
        .run(move |conn| usage::fences(conn, parent, id))
        .await?;
    access
        .run(move |conn| {
            let list = by_id(conn, id)?;
            let usage = Usage {
                living: usage::living(conn, id)?,
                profiles: usage::profiles(conn, id)?,
                fences,
            };
            Ok((list, usage))
        })
        .await
}

pub(super) async fn confirm_delete(
    access: Access<DeleteLists>,
    above: ControlAccess<DeleteLists>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let (list, usage) = usage_of(&access, &above, which.id).await?;
    let p = frame(&access, "list-delete");
    let back = p.url(&format!("/lists/{}/edit", list.id));
    if !usage.is_free() {
        return show_usage(p, &list, &usage);
    }
    let form = FormView::new(
        p.url(&format!("/lists/{}/delete", list.id)),
        p.t("list-delete"),
    )
    .danger()
    .cancel(back);
    let intro = p.t.with("list-delete-intro", "name", &list.name);
    p.render(|p| FormPage { p, intro, form })
}

/// Says where the list is used, instead of deleting it.
fn show_usage(p: Frame, list: &List, usage: &Usage) -> Result<HttpResponse> {
    let mut table = Table::new(
        p.t("list-used-in"),
        [p.t("list-used-in"), p.t("list-used-by")],
    );
    if usage.living > 0 {
        table.row(vec![
            Cell::Text(p.t("list-used-subscriptions")),
            Cell::Link {
                href: p.url(&format!("/recipients?list={}", list.id)),
                text: p.t.number(&usage.living),
            },
        ]);
    }
    let named = [
        ("list-used-fence", &usage.fences),
        ("list-used-profile", &usage.profiles),
    ];
    for (key, names) in named {
        for name in names {
            table.row(vec![Cell::Text(p.t(key)), Cell::Text(name.clone())]);
        }
    }
    let intro = p.t.with("list-in-use", "name", &list.name);
    let empty = Empty {
        text: String::new(),
        act: None,
    };
    p.render(|p| TablePage {
        p,
        intro,
        acts: Vec::new(),
        table,
        empty,
    })
}

pub(super) async fn delete(
    access: Access<DeleteLists>,
    above: ControlAccess<DeleteLists>,
    which: web::Path<Which>,
    form: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = which.id;
    let (list, usage) = usage_of(&access, &above, id).await?;
    if form.validated().is_err() || !usage.is_free() {
        return confirm_delete(access, above, which).await;
    }
    access.run(move |conn| super::delete(conn, id)).await?;
    Ok(said(&access, "said-list-deleted", &list.name))
}
