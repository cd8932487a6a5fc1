//! The list of a tenant's inner tenants, and making one.

use super::super::fence::WantedFence;
use super::super::provision::CreateInner;
use super::super::{queries, whole};
use super::fence::{Words, fence_field, fence_inputs, words};
use super::form::{TenantForm, admin_inputs, basic_inputs};
use super::place::{INNER, badge};
use super::{Index, Search, address, field_errors, linked_name, made, nothing, statuses};
use crate::access::rights::{CreateInner as MayCreateInner, ViewInner};
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
    r.get("/t/{tenant}/inner", inner_index);
    r.critical(|r| {
        r.get("/t/{tenant}/inner/new", inner_new);
        r.post("/t/{tenant}/inner", inner_create);
    });
}

async fn inner_index(
    access: ControlAccess<ViewInner>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let (top, asked) = (access.tenant().id, query.clone());
    let user = access.user().id;
    let (found, open) = access
        .run(move |conn| {
            let listed =
                queries::below_in(conn.pg(), top, INNER.below, false, &asked.q, &asked.status)?;
            let ids: Vec<i32> = listed.iter().map(|one| one.id).collect();
            let open = queries::open_to(conn.pg(), user, &ids)?;
            Ok((whole(conn.pg(), listed)?, open))
        })
        .await?;
    let words = access.look(words).await?;
    let p = Frame::new(access.context(), "nav-inner").section("inner");
    let columns = [
        "tenants-name",
        "tenants-address",
        "inner-fence",
        "tenants-status",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-inner"), columns);
    let above = access.tenant().trail.len();
    for (row, tenant) in &found {
        let address = address(tenant, &open);
        let fence = Cell::Text(words.fence(&p, row.fence.as_ref()));
        let page = INNER.page(&access, tenant.id);
        table.row(vec![
            linked_name(tenant, page, above, false),
            address,
            fence,
            badge(&p, tenant),
        ]);
    }
    let new = (p.t("inner-new"), p.url("/inner/new"));
    let mut acts = Vec::new();
    if p.may("inner.create") {
        acts.push(new.clone());
    }
    if p.may("inner.admit") {
        let label = match p.waiting {
            0 => p.t("admissions-title"),
            n => {
                p.t.with("admissions-title-number", "number", &p.t.number(&n))
            }
        };
        acts.push((label, p.url("/admissions")));
    }
    acts.push((p.t("export-csv"), p.url("/inner/export")));
    acts.push((p.t("trash-title"), p.url("/inner/trash")));
    let new = Some(&new).filter(|_| p.may("inner.create"));
    let empty = nothing(&p, &query, "inner-empty", new, &p.url("/inner"));
    let cut = found.len() >= queries::MOST as usize;
    p.render(|p| Index {
        intro: p.t("inner-intro"),
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

fn inner_form(p: &Frame, words: &Words, typed: &TenantForm) -> FormView {
    FormView::new(p.url("/inner"), p.t("inner-create"))
        .inputs(basic_inputs(p, typed))
        .inputs(fence_inputs(p, words, typed))
        .inputs(admin_inputs(p, typed))
        .cancel(p.url("/inner"))
}

async fn inner_new(access: ControlAccess<MayCreateInner>) -> Result<HttpResponse> {
    let words = access.look(words).await?;
    let p = Frame::new(access.context(), "inner-new").section("inner");
    let form = inner_form(&p, &words, &TenantForm::default());
    p.render(|p| FormPage {
        intro: p.t("inner-new-intro"),
        form,
        p,
    })
}

async fn inner_create(
    access: ControlAccess<MayCreateInner>,
    form: Submitted<TenantForm>,
) -> Result<HttpResponse> {
    let known = access.look(words).await?;
    let again = |typed: TenantForm, errors: Errors| {
        let p = Frame::new(access.context(), "inner-new").section("inner");
        let form = inner_form(&p, &known, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t("inner-new-intro"),
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
    let faults = known.rule_errors(&form.rule);
    if !faults.is_empty() {
        return again(form, faults);
    }
    let to = format!("{}/{}", access.tenant().base(), basics.slug.as_str());
    let first = admin.as_ref().map(|first| first.user.email.clone());
    let order = CreateInner {
        actor: Actor::form(access.user().id),
        granter: Some(Granter::of(&access).await?),
        parent: access.tenant().id,
        basics,
        fence: WantedFence {
            lists: form.lists.clone(),
            rule: form.rule.clone(),
            ..WantedFence::by(access.tenant().viewer.clone())
        },
        moves_allowed: form.moves == "on",
        admin,
    };
    match access.provision(order).await {
        Ok(id) => made(&access, id, first, form, to).await,
        Err(error) => {
            let field = fence_field(&error);
            again(form, field_errors(field, error)?)
        }
    }
}
