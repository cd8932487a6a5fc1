//! Inner tenants of the tenant of the URL, and their fences.

use super::body::{Body, Params};
use super::tenants::{self as outer, Checked, Language, NewAdministrator, NewTenant, refused};
use super::{Answer, Paging, Which, actor, created, ok, url};
use crate::access::rights::{
    ChangeInner, CreateInner as MayCreateInner, DeleteInner, Right, ViewInner,
};
use crate::access::{ControlAccess, Routes};
use crate::control::memberships::Granter;
use crate::control::tenants::fence::{Fence, WantedFence};
use crate::control::tenants::provision::{ChangeFence, CreateInner};
use crate::control::tenants::queries::{self, Below};
use crate::control::tenants::{self, Tenant};
use crate::db::ids::{ListId, TenantId};
use crate::error::Result;
use crate::tenant::fields;
use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/inner", list);
    r.post("/api/v1/t/{tenant}/inner", create);
    r.get("/api/v1/t/{tenant}/inner/{id}", show);
    r.put("/api/v1/t/{tenant}/inner/{id}/fence", change_fence);
    r.put("/api/v1/t/{tenant}/inner/{id}/status", set_status);
    r.delete("/api/v1/t/{tenant}/inner/{id}", trash);
    r.post("/api/v1/t/{tenant}/inner/{id}/restore", restore);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "inner tenants";
    d.get("/api/v1/t/{tenant}/inner", tag, "The inner tenants")
        .query::<Paging>()
        .answers_items::<outer::Shown>();
    d.post("/api/v1/t/{tenant}/inner", tag, "Create an inner tenant")
        .takes::<NewInner>()
        .makes::<Shown>();
    d.get(
        "/api/v1/t/{tenant}/inner/{id}",
        tag,
        "An inner tenant and its fence",
    )
    .answers::<Shown>();
    d.put(
        "/api/v1/t/{tenant}/inner/{id}/fence",
        tag,
        "Change the fence of an inner tenant",
    )
    .more("In force at once, for pages, imports and jobs alike.")
    .takes::<NewFence>()
    .answers::<Shown>();
    let one = "/api/v1/t/{tenant}/inner/{id}";
    d.put(
        &format!("{one}/status"),
        tag,
        "Lock an inner tenant, or unlock it",
    )
    .takes::<outer::NewStatus>()
    .answers::<outer::Shown>();
    d.delete(one, tag, "Move an inner tenant to the trash")
        .more("It goes for good after 30 days; its recipients stay with the tenant above.")
        .answers_nothing();
    d.post(
        &format!("{one}/restore"),
        tag,
        "Take an inner tenant out of the trash",
    )
    .answers::<outer::Shown>();
}

/// What narrows an inner tenant: lists, a rule, or both (then both must hold).
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FenceText {
    /// Ids of mailing lists.
    #[serde(default)]
    #[schema(value_type = Vec<i32>)]
    lists: Vec<ListId>,
    /// A rule; empty for none.
    #[serde(default)]
    rule: String,
}

impl FenceText {
    fn wanted<R: Right>(self, access: &ControlAccess<R>) -> WantedFence {
        WantedFence {
            lists: self.lists,
            rule: self.rule,
            ..WantedFence::by(access.tenant().viewer.clone())
        }
    }
}

/// An inner tenant and its fence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InnerTenant)]
struct Shown {
    #[serde(flatten)]
    tenant: outer::Shown,
    fence: FenceText,
    /// Whether an edit may move a recipient out of the fence.
    moves_allowed: bool,
}

async fn one<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Shown> {
    let top = access.tenant().id;
    let (row, tenant): (Tenant, outer::Shown) = access
        .run(move |conn| {
            queries::one_below(conn.pg(), top, Below::Inner, TenantId(id))?;
            let row = tenants::by_id(conn.pg(), TenantId(id))?;
            Ok((row.clone(), outer::shown(conn, row)?))
        })
        .await?;
    let stored = row.fence.unwrap_or_default();
    let fence = access
        .look(move |conn| {
            let catalog = fields::catalog(&fields::every(conn.pg())?)?;
            let fence = Fence::from_stored(&stored)?;
            // A rule that no longer fits the fields keeps its fence closed; it has no text any more.
            let rule = fence.checked_rule(&catalog).ok().flatten();
            Ok(FenceText {
                rule: rule.map(|rule| rule.show()).unwrap_or_default(),
                lists: fence.lists,
            })
        })
        .await?;
    Ok(Shown {
        tenant,
        fence,
        moves_allowed: row.moves_allowed,
    })
}

async fn list(access: ControlAccess<ViewInner>, paging: Params<Paging>) -> Answer {
    outer::page(&access, Below::Inner, paging.0).await
}

async fn show(access: ControlAccess<ViewInner>, which: web::Path<Which>) -> Answer {
    ok(&one(&access, which.id).await?)
}

/// An inner tenant to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInner {
    /// Its name in URLs, behind that of the tenant above.
    slug: String,
    name: String,
    /// `#rrggbb`; that of the tenant above if left out.
    colour: Option<String>,
    /// `en` or `de`; that of the tenant above if left out.
    language: Option<Language>,
    /// IANA name; that of the tenant above if left out.
    time_zone: Option<String>,
    /// Its first administrator.
    administrator: Option<NewAdministrator>,
    fence: FenceText,
    /// Whether an edit may move a recipient out of the fence.
    #[serde(default)]
    moves_allowed: bool,
}

async fn create(access: ControlAccess<MayCreateInner>, body: Body<NewInner>) -> Answer {
    let body = body.0;
    let tenant = NewTenant {
        slug: body.slug,
        name: body.name,
        colour: body.colour,
        language: body.language,
        time_zone: body.time_zone,
        administrator: body.administrator,
    };
    let Checked { basics, admin } = tenant.check(&access).await?;
    let order = CreateInner {
        actor: actor(&access),
        granter: Some(Granter::of(&access).await?),
        parent: access.tenant().id,
        basics,
        fence: body.fence.wanted(&access),
        moves_allowed: body.moves_allowed,
        admin,
    };
    let id = access.provision(order).await.map_err(refused)?;
    let made = one(&access, id.0).await?;
    created(&url(access.tenant(), &format!("/inner/{id}")), &made)
}

/// The fence that an inner tenant is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFence {
    /// The `version` that was seen.
    version: i32,
    fence: FenceText,
    /// Whether an edit may move a recipient out of the fence.
    moves_allowed: bool,
}

async fn change_fence(
    access: ControlAccess<ChangeInner>,
    which: web::Path<Which>,
    body: Body<NewFence>,
) -> Answer {
    let seen = one(&access, which.id).await?;
    let order = ChangeFence {
        actor: actor(&access),
        inner: TenantId(seen.tenant.id()),
        version: body.0.version,
        fence: body.0.fence.wanted(&access),
        moves_allowed: body.0.moves_allowed,
    };
    access.provision(order).await.map_err(refused)?;
    ok(&one(&access, which.id).await?)
}

async fn set_status(
    access: ControlAccess<ChangeInner>,
    which: web::Path<Which>,
    body: Body<outer::NewStatus>,
) -> Answer {
    outer::set_status_of(&access, Below::Inner, which.id, &body.0).await
}

async fn trash(access: ControlAccess<DeleteInner>, which: web::Path<Which>) -> Answer {
    outer::trash_one(&access, Below::Inner, which.id).await
}

async fn restore(access: ControlAccess<DeleteInner>, which: web::Path<Which>) -> Answer {
    outer::restore_one(&access, Below::Inner, which.id).await
}
