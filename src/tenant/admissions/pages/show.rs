//! One request: what was entered, where the recipient stands, and the ways to decide.

use super::decide::{AdmitForm, admit_form};
use super::{Which, names};
use crate::access::ControlAccess;
use crate::access::rights::DecideAdmissions;
use crate::control::tenants::preview::{self, Standing};
use crate::db::ids::AdmissionId;
use crate::error::Result;
use crate::tenant::admissions::{self, Admission};
use crate::tenant::fields::{self, Field};
use crate::tenant::lists;
use crate::tenant::recipients::query;
use crate::web::form::Errors;
use crate::web::sealed::Seal;
use crate::web::{Cell, FormView, Frame, InputKind, Table};
use actix_web::{HttpResponse, web};
use askama::Template;

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
    form: Option<FormView>,
}

/// All that the page shows, read as the tenant.
pub(super) struct Loaded {
    fields: Vec<Field>,
    pub(super) lists: Vec<lists::List>,
    values: Vec<Option<String>>,
    pub(super) standing: Standing,
}

pub(super) async fn show(
    access: ControlAccess<DecideAdmissions>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    view(&access, path.id, &AdmitForm::default(), None).await
}

pub(super) async fn view(
    access: &ControlAccess<DecideAdmissions>,
    id: AdmissionId,
    typed: &AdmitForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let one = access.look(move |conn| admissions::by_id(conn, id)).await?;
    let names = names(access, std::slice::from_ref(&one)).await?;
    let fence = names.fence(&one)?;
    let (recipient, data, of_fence) = (one.recipient, one.data.clone(), fence.clone());
    let loaded = access
        .look(move |conn| {
            let entered = |field: &Field| {
                let column = field.column().ok()?.to_string();
                data.get(&column).is_some().then(|| field.clone())
            };
            let fields: Vec<Field> = fields::all(conn)?.iter().filter_map(entered).collect();
            let columns = fields
                .iter()
                .map(Field::shown)
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
    let form = (one.state == "open").then(|| {
        let (label, action) = (
            p.t("admissions-decline"),
            p.url(&format!("/admissions/{id}/decline")),
        );
        let form = match admit_form(&p, &one, &fence, &loaded, typed, errors) {
            Some(mut admit) => {
                admit.other = Some((label, action));
                admit
            }
            None => {
                let mut decline = FormView::new(action, label);
                decline.quiet = true;
                decline
            }
        };
        form.cancel(p.url("/admissions"))
    });
    let page = Show {
        facts,
        recipient_url,
        inner_url: p.url(&format!("/inner/{}", one.inner)),
        entered: entered(&p, &one, &loaded)?,
        notes: notes(&p, &loaded.standing),
        form,
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
        let kind = field.shown_kind()?;
        let entered = match one.data.get(field.column()?.to_string()) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        };
        let entered = field.seen(entered.as_deref())?;
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
    if standing.unmet_unseen {
        notes.push(p.t("admissions-unmet-unseen"));
    }
    notes
}
