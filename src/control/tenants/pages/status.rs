//! The status of a tenant: active, no sending, no log-in, locked. What those above it forbid comes on top.

use super::super::provision::SetStatus;
use super::Which;
use super::place::{INNER, Place, SEPARATE};
use crate::access::rights::{ChangeInner, ChangeTenants, Right};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::Write;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::flash::Undo;
use crate::web::form::Submitted;
use crate::web::page::see_other_undoable;
use crate::web::view::FormPage;
use crate::web::{FormView, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}/status", separate_page);
    r.post("/t/{tenant}/tenants/{id}/status", set_separate);
    r.get("/t/{tenant}/inner/{id}/status", inner_page);
    r.post("/t/{tenant}/inner/{id}/status", set_inner);
}

#[derive(Debug, Default, Deserialize, Validate)]
struct StatusForm {
    #[serde(default)]
    status: String,
}

async fn separate_page(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&access, SEPARATE, path.id).await
}

async fn inner_page(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&access, INNER, path.id).await
}

async fn set_separate(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
    form: Submitted<StatusForm>,
) -> Result<HttpResponse> {
    set(&access, SEPARATE, path.id, form).await
}

async fn set_inner(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
    form: Submitted<StatusForm>,
) -> Result<HttpResponse> {
    set(&access, INNER, path.id, form).await
}

/// Value and label of each status; the help's key follows from the label's.
const STATUSES: [(&str, &str); 4] = [
    ("active", "tenant-status-active"),
    ("no_sending", "tenant-status-no-sending"),
    ("no_login", "tenant-status-no-login"),
    ("locked", "tenant-status-locked"),
];

async fn page<R: Right>(access: &ControlAccess<R>, place: Place, id: i32) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    let p = place.frame(access, "tenants-change-status", &tenant);
    let options = STATUSES
        .map(|(value, key)| (value.to_owned(), p.t(key), p.t(&format!("{key}-help"))))
        .to_vec();
    let mut input = Input::new(InputKind::Radios(options), "status", p.t("tenants-status"))
        .value(&tenant.status);
    if let (status, Some(name)) = tenant.in_force() {
        let key = STATUSES
            .iter()
            .find(|(value, _)| *value == status)
            .map_or("tenant-status-locked", |(_, key)| key);
        let params = [("status", p.t(key)), ("name", name.to_owned())];
        input = input.help(p.t.with_all("tenant-status-inherited", &params));
    }
    let form = FormView::new(format!("{}/status", place.page(access, id)), p.t("save"))
        .input(input)
        .cancel(place.page(access, id));
    p.render(|p| FormPage {
        intro: tenant.trail,
        form,
        p,
    })
}

async fn set<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
    form: Submitted<StatusForm>,
) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    let unreadable = || AppError::invalid("form-unreadable");
    let form = form.validated().map_err(|_| unreadable())?;
    if !STATUSES.iter().any(|(value, _)| *value == form.status) {
        return Err(unreadable());
    }
    let order = SetStatus {
        actor: Actor::form(access.user().id),
        tenant: TenantId(tenant.id),
        status: form.status.clone(),
    };
    access.provision(order).await?;
    let to = place.page(access, id);
    if tenant.status == form.status {
        return Ok(see_other_saying(&to, "success", "said-saved", &[]));
    }
    let p = place.frame(access, "tenants-change-status", &tenant);
    let now = STATUSES.iter().find(|(value, _)| *value == form.status);
    let said = [
        ("name", tenant.name.clone()),
        ("status", now.map_or_else(String::new, |(_, key)| p.t(key))),
    ];
    let undo = Undo::new(
        access.context(),
        format!("{to}/status"),
        &[("status", &tenant.status)],
    );
    Ok(see_other_undoable(&to, "said-tenant-status", &said, undo))
}
