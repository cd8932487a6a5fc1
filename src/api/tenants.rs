//! Separate tenants: this one, and those below it.

use super::body::{Body, Params};
use super::{Answer, Items, Paging, Which, actor, aside, created, nothing, ok, url};
use crate::access::rights::{
    ChangeTenants, CreateTenants, DeleteTenants, Right, ViewDashboard, ViewTenants,
};
use crate::access::{ControlAccess, Routes};
use crate::control::tenants::provision::{
    Basics, CreateSeparate, FirstUser, Restore, SetStatus, Trash,
};
use crate::control::tenants::queries::{self, Below};
use crate::control::tenants::slug::Slug;
use crate::control::tenants::{self, Tenant};
use crate::control::users::{NewUser, admit};
use crate::db::ids::TenantId;
use crate::db::{ControlConn, Mode, Write};
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use actix_web::web;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}", here);
    r.get("/api/v1/t/{tenant}/tenants", list);
    r.post("/api/v1/t/{tenant}/tenants", create);
    r.get("/api/v1/t/{tenant}/tenants/{id}", show);
    r.put("/api/v1/t/{tenant}/tenants/{id}/status", set_status);
    r.delete("/api/v1/t/{tenant}/tenants/{id}", trash);
    r.post("/api/v1/t/{tenant}/tenants/{id}/restore", restore);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "tenants";
    d.get("/api/v1/t/{tenant}", tag, "The tenant of the URL")
        .answers::<Shown>();
    d.get(
        "/api/v1/t/{tenant}/tenants",
        tag,
        "The separate tenants below, at any depth",
    )
    .query::<Paging>()
    .answers_items::<Shown>();
    d.post(
        "/api/v1/t/{tenant}/tenants",
        tag,
        "Create a separate tenant below",
    )
    .takes::<NewTenant>()
    .makes::<Shown>();
    d.get(
        "/api/v1/t/{tenant}/tenants/{id}",
        tag,
        "A separate tenant below",
    )
    .answers::<Shown>();
    d.put(
        "/api/v1/t/{tenant}/tenants/{id}/status",
        tag,
        "Lock a tenant, or unlock it",
    )
    .takes::<NewStatus>()
    .answers::<Shown>();
    d.delete(
        "/api/v1/t/{tenant}/tenants/{id}",
        tag,
        "Move a tenant to the trash",
    )
    .more("It goes for good after 30 days.")
    .answers_nothing();
    d.post(
        "/api/v1/t/{tenant}/tenants/{id}/restore",
        tag,
        "Take a tenant out of the trash",
    )
    .answers::<Shown>();
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct Shown {
    id: i32,
    /// Its own short name.
    slug: String,
    /// Its address: `nord`, or `nord/vip` for an inner tenant.
    path: String,
    /// `main`, `separate` or `inner`.
    kind: String,
    name: String,
    /// Its own status: `active`, `no_sending`, `no_login`, `locked`, or `trashed`.
    status: String,
    colour: String,
    /// Language of what it sends: `en` or `de`.
    language: String,
    time_zone: String,
    created_at: DateTime<Utc>,
    /// Since when it is in the trash.
    trashed_at: Option<DateTime<Utc>>,
    /// Counts changes.
    version: i32,
}

impl Shown {
    fn of(tenant: Tenant, path: String) -> Self {
        Self {
            id: tenant.id,
            path,
            status: match tenant.trashed_at {
                Some(_) => "trashed".into(),
                None => tenant.status,
            },
            slug: tenant.slug,
            kind: tenant.kind,
            name: tenant.name,
            colour: tenant.colour,
            language: tenant.locale,
            time_zone: tenant.time_zone,
            created_at: tenant.created_at,
            trashed_at: tenant.trashed_at,
            version: tenant.version,
        }
    }

    pub(super) fn id(&self) -> i32 {
        self.id
    }
}

/// A tenant as the API shows it.
pub(super) fn shown<M: Mode>(conn: &mut ControlConn<'_, M>, tenant: Tenant) -> Result<Shown> {
    let path = tenants::path_of(conn.pg(), &tenant)?;
    Ok(Shown::of(tenant, path))
}

/// A tenant that lies below the one of the URL.
pub(super) async fn below<R: Right>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Result<Shown> {
    let top = access.tenant().id;
    access
        .run(move |conn| {
            queries::one_below(conn.pg(), top, which, TenantId(id))?;
            let tenant = tenants::by_id(conn.pg(), TenantId(id))?;
            shown(conn, tenant)
        })
        .await
}

/// Those that lie below, page by page in the order of their ids.
pub(super) async fn page<R: Right>(
    access: &ControlAccess<R>,
    which: Below,
    paging: Paging,
) -> Answer {
    let (top, limit) = (access.tenant().id, paging.limit()?);
    let found: Vec<Shown> = access
        .run(move |conn| {
            let after = TenantId(paging.after.unwrap_or(0));
            let found = queries::page_below(conn.pg(), top, which, &paging.q, after, limit + 1)?;
            tenants::whole(conn.pg(), found)
        })
        .await?
        .into_iter()
        .map(|(tenant, listed)| Shown::of(tenant, listed.path))
        .collect();
    ok(&Items::of(found, limit, |tenant| tenant.id.to_string()))
}

async fn here(access: ControlAccess<ViewDashboard>) -> Answer {
    let id = access.tenant().id;
    let found = access
        .run(move |conn| {
            let tenant = tenants::by_id(conn.pg(), id)?;
            shown(conn, tenant)
        })
        .await?;
    ok(&found)
}

async fn list(access: ControlAccess<ViewTenants>, paging: Params<Paging>) -> Answer {
    page(&access, Below::Separate, paging.0).await
}

async fn show(access: ControlAccess<ViewTenants>, which: web::Path<Which>) -> Answer {
    ok(&below(&access, Below::Separate, which.id).await?)
}

/// The first administrator of a new tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAdministrator {
    /// Who has an account already keeps his name and password.
    email: String,
    #[serde(default)]
    name: String,
    /// Needed for somebody new.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A tenant to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// Its name in URLs: a letter, then letters, digits and hyphens, 40 at most.
    pub(super) slug: String,
    pub(super) name: String,
    /// `#rrggbb`; that of the tenant above if left out.
    pub(super) colour: Option<String>,
    /// `en` or `de`; that of the tenant above if left out.
    pub(super) language: Option<Language>,
    /// IANA name; that of the tenant above if left out.
    pub(super) time_zone: Option<String>,
    /// Its first administrator.
    pub(super) administrator: Option<NewAdministrator>,
}

/// A language of the program.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Language {
    En,
    De,
}

impl Language {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

/// What is checked of a tenant before anything is made.
pub(super) struct Checked {
    pub(super) basics: Basics,
    pub(super) admin: Option<FirstUser>,
}

impl NewTenant {
    pub(super) async fn check<R: Right>(self, access: &ControlAccess<R>) -> Result<Checked, Fault> {
        let here = access.tenant();
        let slug = Slug::parse(&self.slug, &access.app().sections)
            .map_err(|error| Fault::of(error, |_| "slug".into()))?;
        let language = match self.language {
            Some(language) => language.key().to_owned(),
            None => here.locale.clone(),
        };
        let basics = Basics::check(
            slug,
            &self.name,
            self.colour.as_deref().unwrap_or(&here.colour),
            &language,
            self.time_zone.as_deref().unwrap_or(&here.time_zone),
        )
        .map_err(|error| Fault::of(error, input_of))?;
        let admin = match self.administrator {
            None => None,
            Some(wanted) => {
                let check = aside(move || {
                    let password = Some(&wanted.password);
                    NewUser::check(&wanted.email, &wanted.name, password, &language)
                });
                let user = check.await.map_err(|error| {
                    Fault::of(error, |key| {
                        format!("administrator.{}", admit::input_of(key))
                    })
                })?;
                let roles = vec!["administrator".to_owned()];
                Some(FirstUser { user, roles })
            }
        };
        Ok(Checked { basics, admin })
    }
}

/// The field that a message about a tenant belongs to.
fn input_of(key: &str) -> String {
    match key {
        key if key.starts_with("slug-") => "slug",
        "tenant-name-length" => "name",
        "tenant-colour-invalid" => "colour",
        "time-zone-unknown" => "time_zone",
        "rule-invalid" => "fence.rule",
        "fence-empty" | "list-unknown" => "fence.lists",
        _ => "",
    }
    .to_owned()
}

/// A refusal of an order about a tenant.
pub(super) fn refused(error: AppError) -> Fault {
    match error {
        AppError::Constraint(name) if name.starts_with("tenants_") && name.contains("slug") => {
            Fault::at("slug", "slug-taken", &[])
        }
        other => Fault::of(other, input_of),
    }
}

async fn create(access: ControlAccess<CreateTenants>, body: Body<NewTenant>) -> Answer {
    let Checked { basics, admin } = body.0.check(&access).await?;
    let order = CreateSeparate {
        actor: actor(&access),
        parent: Some(access.tenant().id),
        basics,
        admin,
    };
    let id = access.provision(order).await.map_err(refused)?;
    let made = below(&access, Below::Separate, id.0).await?;
    let location = url(access.tenant(), &format!("/tenants/{id}"));
    created(&location, &made)
}

/// A status of a tenant.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    NoSending,
    NoLogin,
    Locked,
}

/// The status that a tenant is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    status: Status,
}

pub(super) async fn set_status_of<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
    to: &NewStatus,
) -> Answer {
    let tenant = below(access, which, id).await?;
    let status = match to.status {
        Status::Active => "active",
        Status::NoSending => "no_sending",
        Status::NoLogin => "no_login",
        Status::Locked => "locked",
    };
    let order = SetStatus {
        actor: actor(access),
        tenant: TenantId(tenant.id),
        status: status.into(),
    };
    access.provision(order).await.map_err(refused)?;
    ok(&below(access, which, id).await?)
}

pub(super) async fn trash_one<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Answer {
    let tenant = below(access, which, id).await?;
    // Again does no harm, and does not begin the days anew.
    if tenant.trashed_at.is_none() {
        let order = Trash {
            actor: actor(access),
            tenant: TenantId(tenant.id),
        };
        access.provision(order).await.map_err(refused)?;
    }
    nothing()
}

pub(super) async fn restore_one<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Answer {
    let tenant = below(access, which, id).await?;
    if tenant.trashed_at.is_some() {
        let order = Restore {
            actor: actor(access),
            tenant: TenantId(tenant.id),
        };
        access.provision(order).await.map_err(refused)?;
    }
    ok(&below(access, which, id).await?)
}

async fn set_status(
    access: ControlAccess<ChangeTenants>,
    which: web::Path<Which>,
    body: Body<NewStatus>,
) -> Answer {
    set_status_of(&access, Below::Separate, which.id, &body.0).await
}

async fn trash(access: ControlAccess<DeleteTenants>, which: web::Path<Which>) -> Answer {
    trash_one(&access, Below::Separate, which.id).await
}

async fn restore(access: ControlAccess<DeleteTenants>, which: web::Path<Which>) -> Answer {
    restore_one(&access, Below::Separate, which.id).await
}
