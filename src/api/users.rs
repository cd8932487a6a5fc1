//! The members of a tenant: who they are, adding one, his roles.

use super::body::{Body, Params};
use super::tenants::Language;
use super::{Answer, Items, Paging, Which, created, nothing, ok, url};
use crate::access::rights::{ChangeUsers, Right, ViewUsers};
use crate::access::{ControlAccess, Routes};
use crate::control::memberships::{self, Granter, Place};
use crate::control::tenants::queries;
use crate::control::users::admit::{self, Wanted};
use crate::control::users::invite::Invited;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use actix_web::web;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/users", list);
    r.post("/api/v1/t/{tenant}/users", create);
    r.get("/api/v1/t/{tenant}/users/{id}", show);
    r.put("/api/v1/t/{tenant}/users/{id}/roles", set_roles);
    r.delete("/api/v1/t/{tenant}/users/{id}", withdraw);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "users";
    d.get(
        "/api/v1/t/{tenant}/users",
        tag,
        "The users who have a place in the tenant",
    )
    .query::<Paging>()
    .answers_items::<User>();
    d.post("/api/v1/t/{tenant}/users", tag, "Give somebody a place in the tenant")
        .more("Who has an account already keeps his name and password. Nobody can give more than he holds himself.")
        .takes::<NewMember>()
        .makes::<User>();
    d.get("/api/v1/t/{tenant}/users/{id}", tag, "A user of the tenant")
        .answers::<User>();
    d.put(
        "/api/v1/t/{tenant}/users/{id}/roles",
        tag,
        "Set a user's roles in the tenant",
    )
    .takes::<NewRoles>()
    .answers::<User>();
    d.delete(
        "/api/v1/t/{tenant}/users/{id}",
        tag,
        "Take a user's place in the tenant away",
    )
    .more("He keeps his account and his places in other tenants.")
    .answers_nothing();
}

/// A user and his place in the tenant.
#[derive(Debug, Serialize, ToSchema)]
struct User {
    id: i32,
    email: String,
    name: String,
    /// Keys of his roles in this tenant.
    roles: Vec<String>,
    /// Name of his home tenant; null where it lies neither above nor below this one.
    home: Option<String>,
    /// Whether that is this one.
    at_home: bool,
    /// Whether he may log in.
    active: bool,
    last_login_at: Option<DateTime<Utc>>,
    /// Only in the answer that made somebody new without a password, and only where no mail takes it to him: the
    /// link to hand over, by which he sets one. It is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
}

impl From<queries::Member> for User {
    fn from(member: queries::Member) -> Self {
        let roles = member.roles.split(", ").filter(|role| !role.is_empty());
        Self {
            id: member.id,
            email: member.email,
            name: member.name,
            roles: roles.map(str::to_owned).collect(),
            home: member.home,
            at_home: member.at_home,
            active: member.active,
            last_login_at: member.last_login_at,
            invitation: None,
        }
    }
}

async fn one<R: Right>(access: &ControlAccess<R>, id: UserId) -> Result<User> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| Ok(queries::member(conn.pg(), tenant, id)?.into()))
        .await
}

async fn list(access: ControlAccess<ViewUsers>, paging: Params<Paging>) -> Answer {
    let (tenant, limit) = (access.tenant().id, paging.0.limit()?);
    let (first, filtered) = (paging.0.after.is_none(), !paging.0.q.is_empty());
    let found = access
        .run(move |conn| {
            let after = UserId(paging.0.after.unwrap_or(0));
            queries::page_of_members(conn.pg(), tenant, &paging.0.q, after, limit + 1)
        })
        .await?;
    let users: Vec<User> = found.into_iter().map(User::from).collect();
    let items = Items::of(users, limit, |user| user.id.to_string());
    if items.is_export(first) {
        let data = json!({ "filtered": filtered });
        access.record_look("export.users", "", data).await?;
    }
    ok(&items)
}

async fn show(access: ControlAccess<ViewUsers>, which: web::Path<Which>) -> Answer {
    ok(&one(&access, UserId(which.id)).await?)
}

/// Somebody who gets a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    email: String,
    /// Needed for somebody new.
    #[serde(default)]
    name: String,
    /// For somebody new; left out, he is invited to set one.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Answer with the link of the invitation, also where a mail could take it to him.
    #[serde(default)]
    hand_over: bool,
    /// For somebody new; that of the token's user if left out.
    language: Option<Language>,
    /// Keys of roles.
    roles: Vec<String>,
}

pub(super) fn refused(error: AppError) -> Fault {
    Fault::of(error, |key| admit::input_of(key).to_owned())
}

async fn create(access: ControlAccess<ChangeUsers>, body: Body<NewMember>) -> Answer {
    let granter = Granter::of(&access).await?;
    let language = match body.0.language {
        Some(language) => language.key().to_owned(),
        None => access.user().language.clone(),
    };
    let wanted = Wanted {
        email: body.0.email,
        name: body.0.name,
        password: body.0.password,
        hand_over: body.0.hand_over,
        language,
        roles: body.0.roles,
    };
    let post = access.app().post();
    let admitted = access
        .run(move |conn| admit::admit(conn.pg(), &granter, &post, &wanted))
        .await
        .map_err(refused)?;
    let id = admitted.user;
    let mut made = one(&access, id).await?;
    made.invitation = admitted.invited.and_then(Invited::link);
    created(&url(access.tenant(), &format!("/users/{id}")), &made)
}

/// The roles that a user is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoles {
    /// Keys of roles; at least one.
    #[schema(min_items = 1)]
    roles: Vec<String>,
}

/// Nobody changes his own rights.
pub(super) fn another(access: &ControlAccess<ChangeUsers>, id: i32) -> Result<UserId> {
    if access.user().id.0 == id {
        return Err(AppError::invalid("users-own-roles"));
    }
    Ok(UserId(id))
}

/// Sets the roles if the token may give what comes and take what goes; without any the place ends.
async fn set(
    access: &ControlAccess<ChangeUsers>,
    user: UserId,
    roles: Option<Vec<String>>,
) -> Result<()> {
    let granter = Granter::of(access).await?;
    access
        .run(move |conn| {
            let tenant = granter.tenant;
            let (_, version, before) =
                memberships::place_of(conn.pg(), user, tenant)?.ok_or(AppError::NotFound)?;
            let wanted = match roles {
                Some(roles) => Place { roles, ..before },
                None => Place::default(),
            };
            let which = memberships::Which {
                user,
                tenant,
                version,
            };
            memberships::set(conn.pg(), &granter, which, wanted)
        })
        .await
}

async fn set_roles(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<Which>,
    body: Body<NewRoles>,
) -> Answer {
    let user = another(&access, which.id)?;
    if body.0.roles.is_empty() {
        return Err(refused(AppError::invalid("users-roles-missing")));
    }
    set(&access, user, Some(body.0.roles))
        .await
        .map_err(refused)?;
    ok(&one(&access, user).await?)
}

async fn withdraw(access: ControlAccess<ChangeUsers>, which: web::Path<Which>) -> Answer {
    let user = another(&access, which.id)?;
    set(&access, user, None).await.map_err(refused)?;
    nothing()
}
