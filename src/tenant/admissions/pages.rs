//! The pages of admissions, for the administrators of the tenant whose data it is.

use super::{Admission, Entrance};
use crate::access::rights::DecideAdmissions;
use crate::access::{Access, ControlAccess, Routes};
use crate::control::tenants::fence::Fence;
use crate::control::tenants::preview::{self, Standing};
use crate::db::ids::{AdmissionId, ListId};
use crate::db::schema::control::{tenants, users};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::lists;
use crate::tenant::recipients::query;
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::sealed::Seal;
use crate::web::view::TablePage;
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;
use validator::Validate;

/// Rows of a page.
const ROWS: i64 = 50;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/admissions", index);
    r.get("/t/{tenant}/admissions/{id}", show);
    r.post("/t/{tenant}/admissions/{id}/admit", admit);
    r.post("/t/{tenant}/admissions/{id}/decline", decline);
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    state: String,
    before: Option<AdmissionId>,
}

#[derive(Debug, Deserialize)]
struct Which {
    id: AdmissionId,
}

/// Names behind the numbers: inner tenants of this tenant, and users.
struct Names {
    inner: HashMap<i32, (String, Option<serde_json::Value>)>,
    users: HashMap<i32, String>,
}

async fn names(access: &ControlAccess<DecideAdmissions>, of: &[Admission]) -> Result<Names> {
    let top = access.tenant().id;
    let inner: Vec<i32> = of.iter().map(|one| one.inner).collect();
    let asked: Vec<i32> = of.iter().filter_map(|one| one.user).collect();
    access
        .run(move |conn| {
            let inner: Vec<(i32, String, Option<serde_json::Value>)> = tenants::table
                .filter(tenants::parent_id.eq(top.0))
                .filter(tenants::id.eq_any(inner))
                .select((tenants::id, tenants::name, tenants::fence))
                .load(conn.pg())?;
            let users: Vec<(i32, String)> = users::table
                .filter(users::id.eq_any(asked))
                .select((users::id, users::name))
                .load(conn.pg())?;
            Ok(Names {
                inner: inner
                    .into_iter()
                    .map(|(id, name, fence)| (id, (name, fence)))
                    .collect(),
                users: users.into_iter().collect(),
            })
        })
        .await
}

impl Names {
    fn inner(&self, one: &Admission) -> String {
        self.inner
            .get(&one.inner)
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    fn asker(&self, p: &Frame, one: &Admission) -> String {
        let source = p.t(&format!("source-{}", one.source));
        match one.user.and_then(|id| self.users.get(&id)) {
            Some(name) => format!("{name} ({source})"),
            None => source,
        }
    }

    fn fence(&self, one: &Admission) -> Result<Fence> {
        let (_, stored) = self.inner.get(&one.inner).ok_or(AppError::NotFound)?;
        Fence::from_stored(stored.as_ref().unwrap_or(&serde_json::Value::Null))
    }
}

async fn index(
    access: ControlAccess<DecideAdmissions>,
    place: web::Query<Place>,
) -> Result<HttpResponse> {
    let state = match place.state.as_str() {
        "admitted" => "admitted",
        "declined" => "declined",
        _ => "open",
    };
    let before = place.before;
    let mut found = access
        .look(move |conn| super::page(conn, state, before, ROWS + 1))
        .await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let names = names(&access, &found).await?;
    let p = Frame::new(access.context(), "admissions-title").section("inner");
    let (label, url) = (p.t("nav-inner"), p.url("/inner"));
    let p = p.crumb(label, url);
    let columns = [
        "admissions-recipient",
        "admissions-inner",
        "admissions-asked-by",
        "admissions-at",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("admissions-title"), columns);
    for one in &found {
        table.row(vec![
            Cell::Link {
                href: p.url(&format!("/admissions/{}", one.id)),
                text: one.email.clone(),
            },
            Cell::Text(names.inner(one)),
            Cell::Text(names.asker(&p, one)),
            Cell::Text(p.t.moment(&one.at)),
        ]);
    }
    let at = |rest: &str| p.url(&format!("/admissions?state={state}{rest}"));
    if before.is_some() {
        table.first = at("");
    }
    if let Some(last) = found.last().filter(|_| more) {
        table.next = at(&format!("&before={}", last.id));
    }
    let acts = ["open", "admitted", "declined"]
        .into_iter()
        .filter(|other| *other != state)
        .map(|other| {
            let label = p.t(&format!("admissions-{other}"));
            (label, p.url(&format!("/admissions?state={other}")))
        })
        .collect();
    let empty = Empty {
        text: p.t(&format!("admissions-none-{state}")),
        act: None,
    };
    p.render(|p| TablePage {
        intro: p.t("admissions-intro"),
        acts,
        table,
        empty,
        p,
    })
}

#[derive(Template)]
#[template(path = "tenant/admissions/show.html")]
struct Show {
    p: Frame,
    facts: Vec<(String, String)>,
    recipient_url: String,
    inner_url: String,
    /// What was entered there, beside what is here.
    entered: Table,
    /// Where the recipient stands, in words.
    notes: Vec<String>,
    /// The ways to decide; none where it has been.
    forms: Vec<FormView>,
}

/// All that the page shows, read as the tenant.
struct Loaded {
    fields: Vec<Field>,
    lists: Vec<lists::List>,
    values: Vec<Option<String>>,
    standing: Standing,
}

#[derive(Debug, Default, Deserialize, Validate)]
struct AdmitForm {
    #[serde(default)]
    list: String,
    #[serde(default)]
    status: String,
    #[validate(length(max = 1000, message = "admission-consent-length"))]
    #[serde(default)]
    consent: String,
}

impl AdmitForm {
    fn entrance(&self) -> Option<Entrance> {
        let list: ListId = self.list.parse().ok()?;
        let status = if self.status == "active" {
            "active"
        } else {
            "waiting"
        };
        let consent = Some(self.consent.trim().to_owned()).filter(|text| !text.is_empty());
        Some(Entrance {
            list,
            status,
            consent,
        })
    }
}

#[derive(Debug, Deserialize, Validate)]
struct Nothing {}

async fn show(
    access: ControlAccess<DecideAdmissions>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    view(&access, path.id, &AdmitForm::default(), None).await
}

async fn view(
    access: &ControlAccess<DecideAdmissions>,
    id: AdmissionId,
    typed: &AdmitForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let one = access.look(move |conn| super::by_id(conn, id)).await?;
    let names = names(access, std::slice::from_ref(&one)).await?;
    let fence = names.fence(&one)?;
    let (recipient, data, of_fence) = (one.recipient, one.data.clone(), fence.clone());
    let loaded = access
        .look(move |conn| {
            let entered = |field: &Field| {
                let column = field.column().ok()?.to_string();
                data.get(&column).is_some().then(|| field.clone())
            };
            let fields: Vec<Field> = fields::all(conn.pg())?.iter().filter_map(entered).collect();
            let columns = fields
                .iter()
                .map(Field::column)
                .collect::<Result<Vec<_>>>()?;
            Ok(Loaded {
                values: query::one(conn, recipient, &columns)?.values,
                standing: preview::standing(conn, &of_fence, recipient)?,
                lists: lists::all(conn)?,
                fields,
            })
        })
        .await?;
    let p = Frame::new(access.context(), "admissions-one")
        .titled(one.email.clone())
        .section("inner");
    let (label, url) = (p.t("admissions-title"), p.url("/admissions"));
    let p = p.crumb(label, url);
    let seal = Seal::new(&access.app().secret, access.tenant().id);
    let recipient_url = p.url(&format!("/recipients/{}", seal.recipient(one.recipient)));
    let mut facts = vec![
        (p.t("admissions-inner"), names.inner(&one)),
        (p.t("admissions-asked-by"), names.asker(&p, &one)),
        (p.t("admissions-at"), p.t.moment(&one.at)),
        (
            p.t("admissions-state"),
            p.t(&format!("admissions-{}", one.state)),
        ),
    ];
    let chosen: Vec<&str> = loaded
        .lists
        .iter()
        .filter(|list| one.lists.contains(&list.id.0))
        .map(|list| list.name.as_str())
        .collect();
    if !chosen.is_empty() {
        facts.push((p.t("admissions-lists"), chosen.join(", ")));
    }
    let mut forms = Vec::new();
    if one.state == "open" {
        forms.extend(admit_form(&p, &one, &fence, &loaded, typed, errors));
        forms.push(
            FormView::new(
                p.url(&format!("/admissions/{id}/decline")),
                p.t("admissions-decline"),
            )
            .cancel(p.url("/admissions")),
        );
    }
    let page = Show {
        facts,
        recipient_url,
        inner_url: p.url(&format!("/inner/{}", one.inner)),
        entered: entered(&p, &one, &loaded)?,
        notes: notes(&p, &loaded.standing),
        forms,
        p: p.clone(),
    };
    match errors {
        None => p.render(|_| page),
        Some(_) => p.render_again(|_| page),
    }
}

/// What was entered there beside what the recipient has.
fn entered(p: &Frame, one: &Admission, loaded: &Loaded) -> Result<Table> {
    let columns = [
        "admissions-field",
        "admissions-entered",
        "admissions-present",
    ];
    let mut table = Table::new(p.t("admissions-entered"), columns.map(|key| p.t(key)));
    for (field, value) in loaded.fields.iter().zip(&loaded.values) {
        let kind = field.kind()?;
        let entered = match one.data.get(field.column()?.to_string()) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        };
        let show = |value: Option<&str>| {
            Cell::Text(crate::tenant::recipients::show::show(&p.t, &kind, value))
        };
        table.row(vec![
            Cell::Text(field.label(p.t.language()).to_owned()),
            show(entered.as_deref()),
            show(value.as_deref()),
        ]);
    }
    Ok(table)
}

fn notes(p: &Frame, standing: &Standing) -> Vec<String> {
    if standing.is_inside() {
        return vec![p.t("admissions-inside")];
    }
    let mut notes = Vec::new();
    if !standing.rule_fits {
        notes.push(p.t("admissions-rule-broken"));
    }
    if !standing.on_list {
        notes.push(p.t("admissions-not-on-list"));
    }
    notes.extend(
        standing
            .unmet
            .iter()
            .map(|condition| p.t.with("admissions-unmet", "condition", condition)),
    );
    notes
}

/// The form that lets him in, where that is possible from here: what his fields lack is changed at himself.
fn admit_form(
    p: &Frame,
    one: &Admission,
    fence: &Fence,
    loaded: &Loaded,
    typed: &AdmitForm,
    errors: Option<&Errors>,
) -> Option<FormView> {
    let standing = &loaded.standing;
    if !standing.rule_fits || !standing.unmet.is_empty() {
        return None;
    }
    let mut form = FormView::new(
        p.url(&format!("/admissions/{}/admit", one.id)),
        p.t("admissions-admit"),
    );
    if !standing.on_list {
        form = form.inputs(list_inputs(p, one, fence, loaded, typed));
    }
    Some(match errors {
        Some(errors) => form.errors(&p.t, errors),
        None => form,
    })
}

fn list_inputs(
    p: &Frame,
    one: &Admission,
    fence: &Fence,
    loaded: &Loaded,
    typed: &AdmitForm,
) -> Vec<Input> {
    let lists: Vec<(String, String, String)> = loaded
        .lists
        .iter()
        .filter(|list| fence.lists.contains(&list.id))
        .map(|list| (list.id.to_string(), list.name.clone(), String::new()))
        .collect();
    // The one that was asked for; else the only one.
    let asked = one.lists.iter().map(ToString::to_string);
    let proposed = asked
        .chain((lists.len() == 1).then(|| lists[0].0.clone()))
        .find(|id| lists.iter().any(|(known, ..)| known == id));
    let list = match typed.list.as_str() {
        "" => proposed.unwrap_or_default(),
        typed => typed.to_owned(),
    };
    let status = if typed.status.is_empty() {
        "waiting"
    } else {
        &typed.status
    };
    let statuses = ["waiting", "active"]
        .map(|status| {
            let key = format!("admissions-as-{status}");
            (status.to_owned(), p.t(&key), p.t(&format!("{key}-help")))
        })
        .to_vec();
    vec![
        Input::new(InputKind::Radios(lists), "list", p.t("admissions-list")).value(list),
        Input::new(InputKind::Radios(statuses), "status", p.t("admissions-as")).value(status),
        Input::new(InputKind::Area(3), "consent", p.t("admissions-consent"))
            .value(&typed.consent)
            .help(p.t("admissions-consent-help")),
    ]
}

async fn admit(
    access: Access<DecideAdmissions>,
    control: ControlAccess<DecideAdmissions>,
    path: web::Path<Which>,
    form: Submitted<AdmitForm>,
) -> Result<HttpResponse> {
    let id = path.id;
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => return view(&control, id, &faulty.typed, Some(&faulty.errors)).await,
    };
    let one = control.look(move |conn| super::by_id(conn, id)).await?;
    let names = names(&control, std::slice::from_ref(&one)).await?;
    let (fence, through) = (names.fence(&one)?, form.entrance());
    let done = access
        .run(move |conn| super::admit(conn, id, &fence, through.as_ref()))
        .await;
    match done {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/admissions", access.tenant().base()),
            "success",
            "said-admitted",
            &[("name", names.inner(&one))],
        )),
        Err(AppError::Invalid { key, params }) => {
            let field = if key == "admission-needs-list" {
                "list"
            } else {
                ""
            };
            view(&control, id, &form, Some(&error_at(field, key, &params))).await
        }
        Err(other) => Err(other),
    }
}

async fn decline(
    access: Access<DecideAdmissions>,
    path: web::Path<Which>,
    _: Submitted<Nothing>,
) -> Result<HttpResponse> {
    let id = path.id;
    access.run(move |conn| super::decline(conn, id)).await?;
    Ok(see_other_saying(
        &format!("{}/admissions", access.tenant().base()),
        "success",
        "said-declined",
        &[],
    ))
}
