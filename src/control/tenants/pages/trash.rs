//! Moving a tenant to the trash, the list of what lies there, and taking it out again.

use super::super::provision::{Restore, Trash};
use super::super::purge::goes_at;
use super::super::queries::{self, Listed};
use super::place::{INNER, Place, SEPARATE};
use super::{Which, field_errors, name_cell};
use crate::access::rights::{DeleteInner, DeleteTenants, Right, ViewInner, ViewTenants};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::Write;
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::flash::Undo;
use crate::web::form::{Errors, NoFields, Submitted, Valid, error_at};
use crate::web::page::see_other_undoable;
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The routes; the list of the trash comes before the page of one tenant.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/trash", separate_list);
    r.critical(|r| {
        r.get("/t/{tenant}/tenants/{id}/delete", delete_separate_page);
        r.post("/t/{tenant}/tenants/{id}/delete", delete_separate);
    });
    r.get("/t/{tenant}/tenants/{id}/restore", restore_separate_page);
    r.post("/t/{tenant}/tenants/{id}/restore", restore_separate);
    r.get("/t/{tenant}/inner/trash", inner_list);
    r.critical(|r| {
        r.get("/t/{tenant}/inner/{id}/delete", delete_inner_page);
        r.post("/t/{tenant}/inner/{id}/delete", delete_inner);
    });
    r.get("/t/{tenant}/inner/{id}/restore", restore_inner_page);
    r.post("/t/{tenant}/inner/{id}/restore", restore_inner);
}

async fn separate_list(access: ControlAccess<ViewTenants>) -> Result<HttpResponse> {
    list(&access, SEPARATE, "tenants.delete").await
}

async fn inner_list(access: ControlAccess<ViewInner>) -> Result<HttpResponse> {
    list(&access, INNER, "inner.delete").await
}

async fn delete_separate_page(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    delete_page(&access, SEPARATE, path.id).await
}

async fn delete_inner_page(
    access: ControlAccess<DeleteInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    delete_page(&access, INNER, path.id).await
}

async fn delete_separate(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    form: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    delete(&access, SEPARATE, path.id, form).await
}

async fn delete_inner(
    access: ControlAccess<DeleteInner>,
    path: web::Path<Which>,
    form: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    delete(&access, INNER, path.id, form).await
}

async fn restore_separate_page(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    restore_page(&access, SEPARATE, path.id).await
}

async fn restore_inner_page(
    access: ControlAccess<DeleteInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    restore_page(&access, INNER, path.id).await
}

async fn restore_separate(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    restore(&access, SEPARATE, path.id).await
}

async fn restore_inner(
    access: ControlAccess<DeleteInner>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    restore(&access, INNER, path.id).await
}

async fn list<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    may_restore: &str,
) -> Result<HttpResponse> {
    let top = access.tenant().id;
    let found = access
        .run(move |conn| queries::below(conn.pg(), top, place.below, true, ""))
        .await?;
    let p = Frame::new(access.context(), "trash-title").section(place.section);
    let label = p.t(&format!("nav-{}", place.section));
    let p = p.crumb(label, place.list(access));
    let columns = [
        "tenants-name",
        "tenants-address",
        "trash-since",
        "trash-goes",
        "tenants-acts",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("trash-title"), columns);
    for tenant in &found {
        let Some(since) = tenant.trashed_at else {
            continue;
        };
        let mut acts = Vec::new();
        if p.may(may_restore) {
            let url = format!("{}/restore", place.page(access, tenant.id));
            acts.push((p.t("tenants-restore"), url));
        }
        table.row(vec![
            name_cell(tenant),
            Cell::Text(tenant.path.clone()),
            Cell::Moment(p.t.moment(&since)),
            Cell::Moment(p.t.moment(&goes_at(since))),
            Cell::Acts(acts),
        ]);
    }
    let empty = Empty {
        text: p.t("trash-empty"),
        act: Some((p.t("trash-back"), place.list(access))),
    };
    p.render(|p| TablePage {
        intro: p.t("trash-intro"),
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

#[derive(Debug, Default, Deserialize, Validate)]
struct DeleteForm {
    #[serde(default)]
    slug: String,
}

async fn delete_page<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    if tenant.trashed() {
        return view_restore(access, place, &tenant, None);
    }
    let children = access
        .run(move |conn| queries::children(conn.pg(), TenantId(id)))
        .await?;
    view_delete(access, place, &tenant, "", children, None)
}

fn view_delete<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    tenant: &Listed,
    typed: &str,
    children: i64,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = place.frame(access, "tenants-delete", tenant);
    let label = p.t.with("tenants-delete-type", "slug", &tenant.path);
    let form = FormView::new(
        format!("{}/delete", place.page(access, tenant.id)),
        p.t("tenants-delete"),
    )
    .input(Input::line("slug", label, typed).required())
    .danger()
    .cancel(place.page(access, tenant.id));
    let intro = match children {
        0 => p.t.with("tenants-delete-intro", "name", &tenant.trail),
        // Before a name is typed in vain.
        _ => {
            p.t.with("tenant-has-children", "count", &children.to_string())
        }
    };
    FormPage::answer(p, intro, form, errors)
}

async fn delete<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
    form: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    let typed = form
        .validated()
        .map_or_else(|faulty| faulty.typed, Valid::into_inner);
    if typed.slug.trim() != tenant.path {
        let errors = error_at("slug", "tenants-delete-wrong", &[]);
        return view_delete(access, place, &tenant, &typed.slug, 0, Some(&errors));
    }
    let order = Trash {
        actor: Actor::form(access.user().id),
        tenant: TenantId(tenant.id),
    };
    match access.provision(order).await {
        Ok(()) => Ok(see_other_undoable(
            &format!("{}/trash", place.list(access)),
            "said-tenant-trashed",
            &[("name", tenant.name.clone())],
            Undo::new(
                access.context(),
                format!("{}/restore", place.page(access, tenant.id)),
                &[],
            ),
        )),
        Err(error) => {
            let errors = field_errors("", error)?;
            view_delete(access, place, &tenant, &typed.slug, 0, Some(&errors))
        }
    }
}

async fn restore_page<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    view_restore(access, place, &tenant, None)
}

fn view_restore<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    tenant: &Listed,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = place.frame(access, "tenants-restore", tenant);
    let form = FormView::new(
        format!("{}/restore", place.page(access, tenant.id)),
        p.t("tenants-restore"),
    )
    .cancel(format!("{}/trash", place.list(access)));
    let intro = p.t.with("tenants-restore-intro", "name", &tenant.trail);
    FormPage::answer(p, intro, form, errors)
}

async fn restore<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
) -> Result<HttpResponse> {
    let tenant = place.find(access, id).await?;
    let order = Restore {
        actor: Actor::form(access.user().id),
        tenant: TenantId(tenant.id),
    };
    match access.provision(order).await {
        Ok(()) => {
            let to = place.page(access, id);
            let name = [("name", tenant.name.clone())];
            Ok(see_other_saying(
                &to,
                "success",
                "said-tenant-restored",
                &name,
            ))
        }
        Err(error) => view_restore(access, place, &tenant, Some(&field_errors("", error)?)),
    }
}
