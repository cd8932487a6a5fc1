//! The list of separate tenants below one, and making one.

use super::super::provision::CreateSeparate;
use super::super::queries;
use super::form::{TenantForm, admin_inputs, basic_inputs};
use super::place::{SEPARATE, badge};
use super::{Index, Search, address, field_errors, linked_name, made, nothing, statuses};
use crate::access::rights::{CreateTenants, ViewTenants};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::error::Result;
use crate::web::form::{Errors, Faulty, Submitted};
use crate::web::view::FormPage;
use crate::web::{Cell, FormView, Frame, Table};
use actix_web::{HttpResponse, web};

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants", index);
    // Whoever makes a tenant hands rights in it on.
    r.critical(|r| {
        r.get("/t/{tenant}/tenants/new", new);
        r.post("/t/{tenant}/tenants", create);
    });
}

async fn index(
    access: ControlAccess<ViewTenants>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let (top, asked) = (access.tenant().id, query.clone());
    let user = access.user().id;
    let (found, sizes, open) = access
        .run(move |conn| {
            let found = queries::below_in(
                conn.pg(),
                top,
                SEPARATE.below,
                false,
                &asked.q,
                &asked.status,
            )?;
            let sizes = queries::sizes(conn.pg(), &found)?;
            let ids: Vec<i32> = found.iter().map(|one| one.id).collect();
            let open = queries::open_to(conn.pg(), user, &ids)?;
            Ok((found, sizes, open))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-tenants").section("tenants");
    let columns = [
        "tenants-name",
        "tenants-address",
        "nav-users",
        "tenants-about-recipients",
        "tenants-about-storage",
        "tenants-active-at",
        "tenants-status",
    ];
    let mut table = Table::new(p.t("nav-tenants"), columns.map(|key| p.t(key)));
    table.columns[2].number = true;
    table.columns[3].number = true;
    table.columns[4].number = true;
    let (above, searched) = (access.tenant().trail.len(), !query.is_empty());
    for tenant in &found {
        let address = address(tenant, &open);
        let page = SEPARATE.page(&access, tenant.id);
        let size = sizes.get(&tenant.id).copied().unwrap_or_default();
        table.row(vec![
            linked_name(tenant, page, above, searched),
            address,
            members(&p, tenant.id, size.members),
            Cell::Number(p.t.number(&size.recipients.unwrap_or(0))),
            Cell::Number(p.t.megabytes(size.storage.unwrap_or(0))),
            Cell::Moment(
                size.active_at
                    .map_or_else(String::new, |at| p.t.moment(&at)),
            ),
            badge(&p, tenant),
        ]);
    }
    let new = (p.t("tenants-new"), p.url("/tenants/new"));
    let mut acts = Vec::new();
    if p.may("tenants.create") {
        acts.push(new.clone());
    }
    acts.push((p.t("export-csv"), p.url("/tenants/export")));
    acts.push((p.t("trash-title"), p.url("/tenants/trash")));
    if access.tenant().kind == "main" && p.may("tenants.change") {
        let own = SEPARATE.page(&access, access.tenant().id.0);
        acts.push((p.t("tenants-own"), own));
    }
    let new = Some(&new).filter(|_| p.may("tenants.create"));
    let empty = nothing(&p, &query, "tenants-empty", new, &p.url("/tenants"));
    let cut = found.len() >= queries::MOST as usize;
    p.render(|p| Index {
        intro: p.t("tenants-intro"),
        acts,
        statuses: statuses(&p),
        status: query.status.clone(),
        q: query.into_inner().q,
        cut,
        table,
        empty,
        p,
    })
}

/// How many work in it, leading to them.
fn members(p: &Frame, tenant: i32, number: i64) -> Cell {
    let text = p.t.number(&number);
    if p.may("users.view") && number > 0 {
        let href = p.url(&format!("/users?below={tenant}"));
        Cell::LinkedNumber { href, text }
    } else {
        Cell::Number(text)
    }
}

fn new_form(p: &Frame, typed: &TenantForm) -> FormView {
    FormView::new(p.url("/tenants"), p.t("tenants-create"))
        .inputs(basic_inputs(p, typed))
        .inputs(admin_inputs(p, typed))
        .cancel(p.url("/tenants"))
}

async fn new(access: ControlAccess<CreateTenants>) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "tenants-new").section("tenants");
    let form = new_form(&p, &TenantForm::default());
    p.render(|p| FormPage {
        intro: p.t("tenants-new-intro"),
        form,
        p,
    })
}

async fn create(
    access: ControlAccess<CreateTenants>,
    form: Submitted<TenantForm>,
) -> Result<HttpResponse> {
    let again = |typed: TenantForm, errors: Errors| {
        let p = Frame::new(access.context(), "tenants-new").section("tenants");
        let form = new_form(&p, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t("tenants-new-intro"),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    let basics = match form.basics(&access.app().sections) {
        Ok(basics) => basics,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let admin = match form.admin(&form.locale) {
        Ok(admin) => admin,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let to = format!("/t/{}", basics.slug.as_str());
    let first = admin.as_ref().map(|first| first.user.email.clone());
    let order = CreateSeparate {
        actor: Actor::form(access.user().id),
        granter: Some(Granter::of(&access).await?),
        parent: Some(access.tenant().id),
        basics,
        admin,
    };
    match access.provision(order).await {
        Ok(id) => made(&access, id, first, form, to).await,
        Err(error) => again(form, field_errors("", error)?),
    }
}
