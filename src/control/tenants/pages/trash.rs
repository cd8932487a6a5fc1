//! Moving a tenant to the trash, and taking it out again.

use super::super::provision::{Restore, Trash};
use super::super::queries::Listed;
use super::{Which, field_errors, found};
use crate::access::rights::DeleteTenants;
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::form::{Errors, Submitted, Valid, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}/delete", delete_page);
    r.post("/t/{tenant}/tenants/{id}/delete", delete);
    r.post("/t/{tenant}/tenants/{id}/restore", restore);
}

#[derive(Debug, Default, Deserialize, Validate)]
struct DeleteForm {
    #[serde(default)]
    slug: String,
}

fn delete_form(p: &Frame, tenant: &Listed, typed: &str) -> FormView {
    FormView::new(
        p.url(&format!("/tenants/{}/delete", tenant.id)),
        p.t("tenants-delete"),
    )
    .input(
        Input::line(
            "slug",
            p.t.with("tenants-delete-type", "slug", &tenant.path),
            typed,
        )
        .required(),
    )
    .danger()
    .cancel(p.url("/tenants"))
}

async fn delete_page(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let p = Frame::new(access.context(), "tenants-delete").section("tenants");
    if tenant.trashed {
        let form = FormView::new(
            p.url(&format!("/tenants/{}/restore", tenant.id)),
            p.t("tenants-restore"),
        )
        .cancel(p.url("/tenants"));
        return p.render(|p| FormPage {
            intro: p.t.with("tenants-restore-intro", "name", &tenant.trail),
            form,
            p,
        });
    }
    let form = delete_form(&p, &tenant, "");
    p.render(|p| FormPage {
        intro: p.t.with("tenants-delete-intro", "name", &tenant.trail),
        form,
        p,
    })
}

async fn delete(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    form: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let typed = form
        .validated()
        .map_or_else(|faulty| faulty.typed, Valid::into_inner);
    let again = |errors: Errors| {
        let p = Frame::new(access.context(), "tenants-delete").section("tenants");
        let form = delete_form(&p, &tenant, &typed.slug).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t.with("tenants-delete-intro", "name", &tenant.trail),
            form,
            p,
        })
    };
    if typed.slug.trim() != tenant.path {
        return again(error_at("slug", "tenants-delete-wrong", &[]));
    }
    match access
        .provision(Trash {
            actor: Actor::form(access.user().id),
            tenant: TenantId(tenant.id),
        })
        .await
    {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/tenants", access.tenant().base()),
            "success",
            "said-tenant-trashed",
            &[("name", tenant.name.clone())],
        )),
        Err(error) => again(field_errors("", error)?),
    }
}

#[derive(Debug, Deserialize, Validate)]
struct NothingElse {}

async fn restore(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    access
        .provision(Restore {
            actor: Actor::form(access.user().id),
            tenant: TenantId(tenant.id),
        })
        .await?;
    Ok(see_other_saying(
        &format!("{}/tenants", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}
