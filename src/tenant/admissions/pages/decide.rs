//! The two decisions, and the form of the one that asks for something.

use super::show::{Loaded, view};
use super::{Which, names};
use crate::access::rights::DecideAdmissions;
use crate::access::{Access, ControlAccess};
use crate::control::tenants::fence::Fence;
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::tenant::admissions::{self, Admission, Entrance};
use crate::web::form::{Errors, NoFields, Submitted, error_at};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct AdmitForm {
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

/// The form that lets him in, where that is possible from here: what his fields lack is changed at himself.
pub(super) fn admit_form(
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

pub(super) async fn admit(
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
    let one = control
        .look(move |conn| admissions::by_id(conn, id))
        .await?;
    let names = names(&control, std::slice::from_ref(&one)).await?;
    let (fence, through) = (names.fence(&one)?, form.entrance());
    let done = access
        .run(move |conn| admissions::admit(conn, id, &fence, through.as_ref()))
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

pub(super) async fn decline(
    access: Access<DecideAdmissions>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = path.id;
    access
        .run(move |conn| admissions::decline(conn, id))
        .await?;
    Ok(see_other_saying(
        &format!("{}/admissions", access.tenant().base()),
        "success",
        "said-declined",
        &[],
    ))
}
