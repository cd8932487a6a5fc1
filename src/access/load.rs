//! The middleware that loads what a request needs to know: session, user, tenant, rights. It decides
//! nothing; the gates do, from what it loaded.

#![expect(
    clippy::disallowed_methods,
    reason = "the whole context is one call of a control function"
)]

use super::context::{Context, Seen, SessionUser, TenantHere};
use super::session;
use crate::app::App;
use crate::db::ids::{TenantId, UserId};
use crate::db::migrate::tenant_version;
use crate::db::pool::Pools;
use crate::db::schema::tenant::admissions;
use crate::db::tenant::{self, Acting};
use crate::db::{Read, Source, control};
use crate::error::{AppError, Result};
use crate::web::form::{USER_FIELD, same_origin};
use crate::web::{error_page, flash};
use actix_session::SessionExt;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, time::Duration as CookieDuration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Loads the context, hands the request on, and gives an error its page.
///
/// # Errors
/// When the database does not answer.
pub async fn load(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = Rc::new(context(&req).await?);
    if context.user.is_none()
        && let Some(kept) = kept_form(&mut req).await?
    {
        // The session ended in the middle of a form: what was typed waits behind the log-in.
        let page = error_page::log_in_again(&context, &req.get_session(), &kept)?;
        return Ok(req.into_response(page).map_into_boxed_body());
    }
    req.extensions_mut().insert(Rc::clone(&context));
    // PostgreSQL takes no NUL, and nobody types one. Forms refuse it themselves.
    if req.query_string().contains("%00") {
        let error = AppError::invalid("form-unreadable");
        let page = error_page::of(&error, &context, req.request())?;
        return Ok(req.into_response(page).map_into_boxed_body());
    }
    let response = next.call(req).await?.map_into_boxed_body();
    let error = response
        .response()
        .error()
        .and_then(|error| error.as_error::<AppError>());
    let mut response = match error.map(|error| error_page::of(error, &context, response.request()))
    {
        Some(page) => response.into_response(page?).map_into_boxed_body(),
        None => response,
    };
    if !context.flash.is_empty() && !response.status().is_redirection() {
        // It has been shown; the next page does not repeat it.
        let gone = Cookie::build(flash::COOKIE, "")
            .path("/")
            .max_age(CookieDuration::ZERO)
            .finish();
        let _ = response.response_mut().add_cookie(&gone);
    }
    Ok(response)
}

/// A form sent without a session, to a page that needs one.
#[derive(Debug)]
pub struct KeptForm {
    /// Where it was sent.
    pub action: String,
    /// Who filled it in, as the form itself said; nobody else gets it back.
    pub user: String,
    /// What was typed; no passwords, no tokens.
    pub pairs: Vec<(String, String)>,
}

async fn kept_form(req: &mut ServiceRequest) -> Result<Option<KeptForm>> {
    let kind = req
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Another site's form is not brought back: whoever logs in would find filled in what a stranger wrote.
    if req.method() != Method::POST
        || !same_origin(req.request())
        || !req.path().starts_with("/t/")
        || !kind.starts_with("application/x-www-form-urlencoded")
    {
        return Ok(None);
    }
    let action = req
        .uri()
        .path_and_query()
        .map(ToString::to_string)
        .unwrap_or_default();
    let body = req
        .extract::<web::Bytes>()
        .await
        .map_err(|_| AppError::invalid("form-too-large"))?;
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(&body).map_err(|_| AppError::invalid("form-unreadable"))?;
    let user = pairs.iter().find(|(name, _)| name == USER_FIELD);
    let user = user.map(|(_, id)| id.clone()).unwrap_or_default();
    let pairs = pairs
        .into_iter()
        .filter(|(name, _)| !name.starts_with('_') && !name.contains("password"))
        .collect();
    Ok(Some(KeptForm {
        action,
        user,
        pairs,
    }))
}

async fn context(req: &ServiceRequest) -> Result<Context> {
    let session = req.get_session();
    let state = |key| {
        session
            .get::<String>(key)
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    let user: Option<i32> = session.get(session::USER).ok().flatten();
    let csrf = state(session::CSRF);
    let mut context = Context {
        csrf: csrf.clone(),
        language: browser_language(req).to_owned(),
        request_id: req
            .extensions()
            .get::<tracing_actix_web::RequestId>()
            .map(ToString::to_string)
            .unwrap_or_default(),
        flash: req
            .cookie(flash::COOKIE)
            .and_then(|cookie| flash::Message::decode(cookie.value(), &csrf))
            .into_iter()
            .collect(),
        ..Context::default()
    };
    let Some(user) = user.map(UserId) else {
        return Ok(context);
    };
    let app = req
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| AppError::internal("the application state is missing"))?;
    let named = named_tenant(req.path(), &app.sections);
    let shows = req.method() == Method::GET;
    let seen: Option<Seen> = session.get(session::SEE_AS).ok().flatten();
    let found = web::block(move || found(&app.pools, user, named, seen, shows));
    let found = found
        .await
        .map_err(|_| AppError::internal("the work was cut off"))??;
    if let Some(found) = found {
        context.language.clone_from(&found.user.language);
        context.user = Some(found.user);
        context.tenant = found.tenant;
        context.waiting = found.waiting;
        context.seen = found.seen;
    }
    Ok(context)
}

/// What the database knows of user and tenant.
struct Found {
    user: SessionUser,
    tenant: Option<TenantHere>,
    waiting: i64,
    seen: Option<Seen>,
}

/// Blocking; `shows` tells that a page will be shown.
fn found(
    pools: &Pools,
    user: UserId,
    named: Option<(String, Option<String>)>,
    seen: Option<Seen>,
    shows: bool,
) -> Result<Option<Found>> {
    let Some((user, mut tenant)) = look_up(pools, user, named)? else {
        return Ok(None);
    };
    let seen = match (&mut tenant, seen) {
        (Some(tenant), Some(seen)) if seen.tenant == tenant.id => look_as(pools, tenant, seen)?,
        _ => None,
    };
    let waiting = match &tenant {
        Some(tenant) if shows => waiting(pools, &user, tenant),
        _ => 0,
    };
    Ok(Some(Found {
        user,
        tenant,
        waiting,
        seen,
    }))
}

/// How many requests to admit wait for this user to decide. Where that cannot be read it is none: what is
/// wrong with the tenant its page says.
fn waiting(pools: &Pools, user: &SessionUser, here: &TenantHere) -> i64 {
    // Only where there are inner tenants is it worth a transaction.
    let possible = here.inner_below && here.schema_version == tenant_version();
    if !possible || !here.may("inner.admit") {
        return 0;
    }
    let acting = Acting::request(user.id, Source::Form);
    tenant::run::<Read, i64>(pools, here.scope(), acting, |conn| {
        let open = admissions::table.filter(admissions::state.eq("open"));
        Ok(open.count().get_result(conn.pg())?)
    })
    .unwrap_or(0)
}

/// Slug and inner slug that a path names: `/t/nord/vip/lists` names `nord` and `vip`, `/t/nord/lists`
/// only `nord`, because `lists` is a section.
/// The API's paths name it alike, behind their own beginning.
pub(super) fn named_tenant(
    path: &str,
    sections: &BTreeSet<String>,
) -> Option<(String, Option<String>)> {
    let path = path.strip_prefix(super::routes::API).unwrap_or(path);
    let mut words = path.strip_prefix("/t/")?.split('/');
    let slug = words.next().filter(|slug| is_slug(slug))?;
    let inner = match words.next() {
        None => None,
        Some(section) if sections.contains(section) => None,
        Some(inner) if is_slug(inner) => Some(inner.to_owned()),
        // `/t/nord/VIP/lists`: whoever writes an inner tenant's name otherwise never means the whole one.
        Some(_) => return None,
    };
    Some((slug.to_owned(), inner))
}

fn is_slug(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(crate) fn browser_language(req: &ServiceRequest) -> &'static str {
    let wanted = req
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let first = wanted
        .split(',')
        .map(|part| {
            part.trim()
                .get(..2)
                .unwrap_or_default()
                .to_ascii_lowercase()
        })
        .find(|language| language == "de" || language == "en");
    if first.as_deref() == Some("de") {
        "de"
    } else {
        "en"
    }
}

#[derive(QueryableByName)]
pub(super) struct UserRow {
    #[diesel(sql_type = Text)]
    user_name: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Text)]
    theme: String,
    #[diesel(sql_type = Text)]
    user_zone: String,
    #[diesel(embed)]
    tenant: TenantRow,
}

#[derive(QueryableByName)]
pub(super) struct TenantRow {
    #[diesel(sql_type = Nullable<Integer>)]
    id: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    slug: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    parent_id: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    parent_slug: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    colour: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    locale: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    schema_version: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    moves_allowed: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    lists_fence: Option<bool>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    trail: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    rights: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Bool>)]
    other_tenants: Option<bool>,
    #[diesel(sql_type = Nullable<Integer>)]
    visits_from: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    inner_below: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    second_factor_missing: Option<bool>,
}

const LOOK_UP: &str = "SELECT u.name AS user_name, u.language, u.theme, u.time_zone AS user_zone, c.* \
    FROM control.users u LEFT JOIN control.context($1, $2, $3) c ON true WHERE u.id = $1 AND u.state = 'active'";

fn look_up(
    pools: &Pools,
    user: UserId,
    named: Option<(String, Option<String>)>,
) -> Result<Option<(SessionUser, Option<TenantHere>)>> {
    let row = control::statement(pools, |conn| look_up_on(conn, user, named))?;
    Ok(row.map(|row| {
        let (user, tenant) = row.split(user);
        (user, tenant.into_tenant())
    }))
}

fn look_up_on(
    conn: &mut PgConnection,
    user: UserId,
    named: Option<(String, Option<String>)>,
) -> QueryResult<Option<UserRow>> {
    let (slug, inner) = named.unzip();
    diesel::sql_query(LOOK_UP)
        .bind::<Integer, _>(user.0)
        .bind::<Nullable<Text>, _>(slug)
        .bind::<Nullable<Text>, _>(inner.flatten())
        .get_result(conn)
        .optional()
}

#[derive(QueryableByName)]
struct Rights {
    #[diesel(sql_type = Nullable<Array<Text>>)]
    rights: Option<Vec<String>>,
}

/// Narrows the rights to those of whom the user looks as. Where nothing would be left there is nothing to
/// see, and he stays himself.
fn look_as(pools: &Pools, tenant: &mut TenantHere, seen: Seen) -> Result<Option<Seen>> {
    let theirs: Rights = control::statement(pools, |conn| {
        match (seen.user, seen.role) {
        (Some(user), _) => diesel::sql_query("SELECT rights FROM control.rights_now($1, $2)")
            .bind::<Integer, _>(user)
            .bind::<Integer, _>(tenant.id.0)
            .get_result(conn),
        (None, role) => diesel::sql_query(
            "SELECT control.within(control.rights_of_roles(ARRAY[$1]), t.ceiling_in_force) AS rights
             FROM control.tenants t WHERE t.id = $2",
        )
        .bind::<Integer, _>(role.unwrap_or_default())
        .bind::<Integer, _>(tenant.id.0)
        .get_result(conn),
    }
    })?;
    let theirs = theirs.rights.unwrap_or_default();
    let both = tenant.rights.iter().filter(|right| theirs.contains(right));
    let both: BTreeSet<String> = both.cloned().collect();
    if both.is_empty() {
        return Ok(None);
    }
    tenant.rights = both;
    Ok(Some(seen))
}

/// A user's place in the tenant at `nord` or `nord/vip`, as a request to it would find it: for pages that
/// are his own and concern a tenant. None where he has none.
///
/// # Errors
/// When the database does not answer.
pub fn place(conn: &mut PgConnection, user: UserId, path: &str) -> Result<Option<TenantHere>> {
    let named = match path.split_once('/') {
        Some((slug, inner)) => (slug.to_owned(), Some(inner.to_owned())),
        None => (path.to_owned(), None),
    };
    let row = look_up_on(conn, user, Some(named))?;
    Ok(row
        .and_then(|row| row.tenant.into_tenant())
        .filter(|tenant| !tenant.rights.is_empty() && tenant.status != "trashed"))
}

impl UserRow {
    pub(super) fn split(self, id: UserId) -> (SessionUser, TenantRow) {
        let user = SessionUser {
            id,
            name: self.user_name,
            language: self.language,
            theme: self.theme,
            time_zone: self.user_zone,
        };
        (user, self.tenant)
    }
}

impl TenantRow {
    pub(super) fn into_tenant(self) -> Option<TenantHere> {
        let (id, kind, slug) = (self.id?, self.kind?, self.slug?);
        Some(TenantHere {
            id: TenantId(id),
            path: match (&self.parent_slug, kind.as_str()) {
                (Some(parent), "inner") => format!("{parent}/{slug}"),
                _ => slug,
            },
            kind,
            parent: self.parent_id.map(TenantId),
            name: self.name.unwrap_or_default(),
            colour: self.colour.unwrap_or_default(),
            locale: self.locale.unwrap_or_default(),
            time_zone: self.time_zone.unwrap_or_default(),
            // Without a status nothing is open.
            status: self.status.unwrap_or_else(|| "locked".into()),
            schema_version: self.schema_version.unwrap_or_default(),
            moves_allowed: self.moves_allowed.unwrap_or_default(),
            fenced_by_lists: self.lists_fence.unwrap_or_default(),
            trail: self.trail.unwrap_or_default(),
            rights: self.rights.unwrap_or_default().into_iter().collect(),
            other_tenants: self.other_tenants.unwrap_or_default(),
            visits_from: self.visits_from.map(TenantId),
            inner_below: self.inner_below.unwrap_or_default(),
            // Unknown is missing.
            second_factor_missing: self.second_factor_missing.unwrap_or(true),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::named_tenant;

    #[test]
    fn a_section_is_never_taken_for_an_inner_tenant() {
        let sections = ["lists".to_owned()].into();
        let named = |path| named_tenant(path, &sections);
        assert_eq!(named("/t/nord/lists"), Some(("nord".into(), None)));
        assert_eq!(
            named("/t/nord/vip/lists"),
            Some(("nord".into(), Some("vip".into())))
        );
        assert_eq!(named("/t/nord"), Some(("nord".into(), None)));
        assert_eq!(named("/t/No'rd"), None);
        assert_eq!(
            named("/api/v1/t/nord/vip/lists"),
            Some(("nord".into(), Some("vip".into())))
        );
        assert_eq!(named("/login"), None);
        // What is neither is not the tenant itself.
        assert_eq!(named("/t/nord/VIP/lists"), None);
        assert_eq!(named("/t/nord/%76ip/lists"), None);
    }
}
