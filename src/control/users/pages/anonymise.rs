//! Anonymising a user: a page that says what goes, and asks for his mail address to be typed.

use super::super::query::{self, Person};
use super::change::{care, other};
use super::{Which, frame};
use crate::access::ControlAccess;
use crate::access::rights::AnonymiseUsers;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Input, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// What the form sends: his mail address, to be sure.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct SureForm {
    #[serde(default)]
    email: String,
}

async fn view(
    access: &ControlAccess<AnonymiseUsers>,
    person: &Person,
    typed: &SureForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let (tenant, user) = (access.tenant().id, UserId(person.id));
    let places = access
        .run(move |conn| query::places(conn.pg(), tenant, user))
        .await?;
    let p = frame(access.context(), "users-anonymise");
    let here = p.url(&format!("/users/{}", person.id));
    let p = p.crumb(person.name.clone(), here.clone());
    let sure = p.t.with("users-anonymise-sure", "email", &person.email);
    let form = FormView::new(format!("{here}/anonymise"), p.t("users-anonymise-now"))
        .input(
            Input::line("email", sure, &typed.email)
                .required()
                .autocomplete("off")
                .max(254),
        )
        .danger()
        .cancel(here);
    let intro = format!(
        "{} {}",
        p.t.with("users-anonymise-what", "name", &person.name),
        p.t.count("users-anonymise-places", &(places.len() as i64))
    );
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn page(
    access: ControlAccess<AnonymiseUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    view(&access, &person, &SureForm::default(), None).await
}

pub(super) async fn anonymise(
    access: ControlAccess<AnonymiseUsers>,
    path: web::Path<Which>,
    form: Submitted<SureForm>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let typed = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            return view(&access, &person, &typed, Some(&errors)).await;
        }
    };
    if typed.email.trim().to_lowercase() != person.email {
        let errors = error_at("email", "users-anonymise-wrong", &[]);
        return view(&access, &person, &typed, Some(&errors)).await;
    }
    let care = care(&access, person.id);
    match access.run(move |conn| care.anonymise(conn.pg())).await {
        Ok(()) => {
            let to = format!("{}/users", access.tenant().base());
            let name = [("name", person.name)];
            Ok(see_other_saying(
                &to,
                "success",
                "said-user-anonymised",
                &name,
            ))
        }
        Err(AppError::Invalid { key, params }) => {
            view(&access, &person, &typed, Some(&error_at("", key, &params))).await
        }
        Err(other) => Err(other),
    }
}
