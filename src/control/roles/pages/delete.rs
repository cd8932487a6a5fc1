//! Deleting a role that nobody holds.

use super::super::acts;
use super::super::{self as roles};
use super::{Which, frame, label_of};
use crate::access::ControlAccess;
use crate::access::rights::DeleteRoles;
use crate::control::memberships::Granter;
use crate::db::ids::RoleId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// What the form sends: the version that was seen.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct DeleteForm {
    #[serde(default)]
    version: i32,
}

async fn page(
    access: &ControlAccess<DeleteRoles>,
    id: RoleId,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let whole = access
        .run(move |conn| roles::one(conn.pg(), tenant, id))
        .await?;
    let p = frame(access.context(), "roles-delete");
    let here = p.url(&format!("/roles/{id}"));
    let version = whole.role.version.to_string();
    let form = FormView::new(format!("{here}/delete"), p.t("roles-delete"))
        .input(Input::new(InputKind::Hidden, "version", "").value(version))
        .cancel(here)
        .danger();
    let name = label_of(&p, &whole.role);
    let intro = p.t.with("roles-delete-help", "name", &name);
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn ask(
    access: ControlAccess<DeleteRoles>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&access, RoleId(path.id), None).await
}

pub(super) async fn delete(
    access: ControlAccess<DeleteRoles>,
    path: web::Path<Which>,
    sent: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    let id = RoleId(path.id);
    let version = match sent.validated() {
        Ok(form) => form.into_inner().version,
        Err(Faulty { errors, .. }) => return page(&access, id, Some(&errors)).await,
    };
    let granter = Granter::of(&access).await?;
    let outcome = access
        .run(move |conn| acts::delete(conn.pg(), &granter, (id, version)))
        .await;
    let refusal = match outcome {
        Ok(role) => {
            return Ok(see_other_saying(
                &format!("{}/roles", access.tenant().base()),
                "success",
                "said-role-deleted",
                &[("name", role.name)],
            ));
        }
        Err(AppError::Conflict) => error_at("", "roles-changed-meanwhile", &[]),
        Err(AppError::Invalid { key, params }) => error_at("", key, &params),
        Err(other) => return Err(other),
    };
    page(&access, id, Some(&refusal)).await
}
