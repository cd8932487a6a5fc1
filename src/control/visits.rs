//! Entering a tenant below for a time, without a place in it: for administrators above who hold
//! `tenants.enter`. There they may what they may where they come from, within the tenant's ceiling. Each
//! visit is an entry in the audit of the tenant that is entered.

use crate::access::rights::EnterTenants;
use crate::access::{ControlAccess, LoggedIn, Routes};
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::ceilings;
use crate::control::memberships;
use crate::control::tenants::{by_id, path_of};
use crate::db::Write;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::visits;
use crate::error::{AppError, Result};
use crate::web::form::{NoFields, Submitted};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, see_other, see_other_saying};
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

/// How long a visit lasts at most.
pub const HOURS: i64 = 8;

/// The routes. Which kind of tenant is entered makes no difference; each list has its own link.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}/enter", ask);
    r.post("/t/{tenant}/tenants/{id}/enter", enter);
    r.get("/t/{tenant}/inner/{id}/enter", ask);
    r.post("/t/{tenant}/inner/{id}/enter", enter);
    r.post("/tenants/leave", leave);
}

#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

async fn ask(access: ControlAccess<EnterTenants>, path: web::Path<Which>) -> Result<HttpResponse> {
    let (top, id) = (access.tenant().id, TenantId(path.id));
    let below = access
        .run(move |conn| ceilings::one(conn.pg(), top, id))
        .await?;
    let section = if below.kind == "inner" {
        "inner"
    } else {
        "tenants"
    };
    let p = Frame::new(access.context(), "tenants-enter").section(section);
    let here = p.url(&format!("/{section}/{id}"));
    let p = p.crumb(below.trail.clone(), here.clone());
    let form = FormView::new(format!("{here}/enter"), p.t("tenants-enter")).cancel(here);
    let said = [("tenant", below.trail), ("hours", HOURS.to_string())];
    let intro = p.t.with_all("tenants-enter-help", &said);
    p.render(|p| FormPage { p, intro, form })
}

async fn enter(
    access: ControlAccess<EnterTenants>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (user, from, to) = (access.user().id, access.tenant().id, TenantId(path.id));
    let path = access
        .run(move |conn| begin(conn.pg(), user, from, to))
        .await?;
    let said = [("hours", HOURS.to_string())];
    Ok(see_other_saying(
        &format!("/t/{path}"),
        "success",
        "said-entered",
        &said,
    ))
}

/// Begins a visit, or lets one that lasts last longer; answers the tenant's path.
///
/// # Errors
/// `NotFound` where the tenant is not below; `Invalid` where the user is himself a visitor in the one above.
pub fn begin(
    conn: &mut PgConnection,
    user: UserId,
    from: TenantId,
    to: TenantId,
) -> Result<String> {
    ceilings::one(conn, from, to)?;
    let tenant = by_id(conn, to)?;
    let path = path_of(conn, &tenant)?;
    let own = memberships::place_of(conn, user, from)?;
    let (membership, ..) = own.ok_or(AppError::invalid("visits-from-visit"))?;
    let ends_at = clock::now() + chrono::Duration::hours(HOURS);
    diesel::insert_into(visits::table)
        .values((
            visits::user_id.eq(user.0),
            visits::tenant_id.eq(to.0),
            visits::membership_id.eq(membership.0),
            visits::ends_at.eq(ends_at),
        ))
        .on_conflict((visits::user_id, visits::tenant_id))
        .do_update()
        .set((
            visits::membership_id.eq(membership.0),
            visits::ends_at.eq(ends_at),
        ))
        .execute(conn)?;
    let data = json!({ "from": from, "until": ends_at });
    audit::record(
        conn,
        Actor::form(user),
        to,
        "visit.begin",
        &user.to_string(),
        &data,
    )?;
    Ok(path)
}

/// The tenant that is left.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default)]
struct Left {
    tenant: i32,
}

async fn leave(visitor: LoggedIn, sent: Submitted<Left>) -> Result<HttpResponse> {
    let Ok(left) = sent.validated() else {
        return Ok(see_other("/tenants"));
    };
    let (user, tenant) = (visitor.user().id, TenantId(left.tenant));
    visitor
        .run::<Write, _>(move |conn| end(conn.pg(), user, tenant))
        .await?;
    Ok(see_other("/tenants"))
}

/// Ends a visit; without one nothing happens.
///
/// # Errors
/// When the database does not answer.
pub fn end(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> Result<()> {
    let visit = visits::table.find((user.0, tenant.0));
    if diesel::delete(visit).execute(conn)? == 0 {
        return Ok(());
    }
    let (actor, object) = (Actor::form(user), user.to_string());
    audit::record(conn, actor, tenant, "visit.end", &object, &json!({}))
}
