//! The status of a separate tenant: active, no sending, no log-in, locked.

use super::super::provision::SetStatus;
use super::{Which, found};
use crate::access::rights::ChangeTenants;
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::Submitted;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}/status", status_page);
    r.post("/t/{tenant}/tenants/{id}/status", set_status);
}

#[derive(Debug, Default, Deserialize, Validate)]
struct StatusForm {
    #[serde(default)]
    status: String,
}

async fn status_page(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let p = Frame::new(access.context(), "tenants-change-status")
        .section("tenants")
        .crumb(tenant.trail.clone(), format!("/t/{}", tenant.path));
    let option = |value: &str, key: &str| (value.to_owned(), p.t(key), p.t(&format!("{key}-help")));
    let options = vec![
        option("active", "tenant-status-active"),
        option("no_sending", "tenant-status-no-sending"),
        option("no_login", "tenant-status-no-login"),
        option("locked", "tenant-status-locked"),
    ];
    let form = FormView::new(
        p.url(&format!("/tenants/{}/status", tenant.id)),
        p.t("save"),
    )
    .input(
        Input::new(InputKind::Radios(options), "status", p.t("tenants-status"))
            .value(&tenant.status),
    )
    .cancel(p.url("/tenants"));
    p.render(|p| FormPage {
        intro: tenant.trail,
        form,
        p,
    })
}

async fn set_status(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
    form: Submitted<StatusForm>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let form = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    if !matches!(
        form.status.as_str(),
        "active" | "no_sending" | "no_login" | "locked"
    ) {
        return Err(AppError::invalid("form-unreadable"));
    }
    let order = SetStatus {
        actor: Actor::form(access.user().id),
        tenant: TenantId(tenant.id),
        status: form.status.clone(),
    };
    access.provision(order).await?;
    Ok(see_other_saying(
        &format!("{}/tenants", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}
