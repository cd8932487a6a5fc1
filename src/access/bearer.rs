//! The second way to a `Context`: programs come with a token instead of a session. Here is no cookie and
//! no form's token, and pages take no token; what the gates make of the context is the same.
//!
//! One query decides everything anew in each request, so that a token dies at once with its expiry, its
//! revocation, its user's deactivation, his password or his membership.

#![expect(
    clippy::disallowed_methods,
    reason = "token, user, tenant and rights are one query, in every request"
)]

use super::client;
use super::context::{Context, TokenHere};
use super::load::{TenantRow, UserRow, browser_language, named_tenant};
use super::rights::ChangeFields;
use super::throttle::Budget;
use super::used;
use crate::app::App;
use crate::db::ids::{TokenId, UserId};
use crate::db::pool::Pools;
use crate::db::{Source, control};
use crate::error::{AppError, Result};
use crate::web::problem;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Integer, Nullable, Text, Timestamptz};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

/// What every token begins with, so that scanners of code and mail know it.
pub const PREFIX: &str = "mdt_";

/// What is kept of a token.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Loads the context of a token, counts the request, hands it on, and gives an error its answer.
///
/// # Errors
/// Never by itself.
pub async fn load(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = match context(&req).await {
        Ok(context) => Rc::new(context),
        Err(error) => {
            let answer = problem::of_app(&error, &outline(&req));
            return Ok(req.into_response(answer).map_into_boxed_body());
        }
    };
    let sent = req.headers().contains_key(AUTHORIZATION);
    let budget = count(&req, &context);
    let mut response = match budget {
        Some(Err(used_up)) => {
            let error = AppError::TooMany {
                wait_seconds: used_up.seconds,
            };
            req.into_response(problem::of_app(&error, &context))
                .map_into_boxed_body()
        }
        _ => {
            req.extensions_mut().insert(Rc::clone(&context));
            let response = next.call(req).await?.map_into_boxed_body();
            let answer = response
                .response()
                .error()
                .map(|error| problem::of(error, &context));
            match answer {
                Some(answer) => response.into_response(answer).map_into_boxed_body(),
                None => response,
            }
        }
    };
    if response.status() == actix_web::http::StatusCode::UNAUTHORIZED {
        let how = if sent {
            "Bearer realm=\"mandant\", error=\"invalid_token\""
        } else {
            "Bearer realm=\"mandant\""
        };
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(how));
    }
    if let Some(Ok(budget) | Err(budget)) = budget {
        tell(response.headers_mut(), budget);
    }
    Ok(response)
}

fn count(req: &ServiceRequest, context: &Context) -> Option<Result<Budget, Budget>> {
    let app = req.app_data::<web::Data<App>>()?;
    let token = context.token.as_ref()?;
    Some(app.throttle.take(token.id, Instant::now()))
}

/// As the IETF's draft of RateLimit header fields has it.
fn tell(headers: &mut HeaderMap, budget: Budget) {
    let Budget {
        limit,
        remaining,
        seconds,
    } = budget;
    let fields = [
        ("ratelimit-policy", format!("\"token\";q={limit};w=60")),
        ("ratelimit", format!("\"token\";r={remaining};t={seconds}")),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// What is known without the database.
fn outline(req: &ServiceRequest) -> Context {
    Context {
        source: Source::Api,
        language: browser_language(req).to_owned(),
        request_id: crate::telemetry::request_id(req.request()).unwrap_or_default(),
        ..Context::default()
    }
}

async fn context(req: &ServiceRequest) -> Result<Context> {
    let mut context = outline(req);
    let Some(token) = token(req) else {
        return Ok(context);
    };
    let app = req
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| AppError::internal("the application state is missing"))?;
    context.address = client::address(req.request(), &app).parse().ok();
    let named = named_tenant(req.path(), &app.sections);
    let of_look_up = app.clone();
    let found = web::block(move || look_up(&of_look_up.pools, &token, named))
        .await
        .map_err(|_| AppError::internal("the work was cut off"))??;
    if let Some(row) = found {
        row.fill(&mut context, req.headers().contains_key(ACCEPT_LANGUAGE));
    }
    used::note(&app, &context).await;
    Ok(context)
}

/// The hash of the token that the request carries.
fn token(req: &ServiceRequest) -> Option<Vec<u8>> {
    let (scheme, token) = req
        .headers()
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(PREFIX)).then(|| hash(token))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    token_id: i32,
    #[diesel(sql_type = Integer)]
    user_id: i32,
    #[diesel(sql_type = Text)]
    token_name: String,
    #[diesel(sql_type = Text)]
    token_tenant: String,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
    #[diesel(sql_type = Array<Text>)]
    token_rights: Vec<String>,
    #[diesel(sql_type = Text)]
    signed_on: String,
    #[diesel(embed)]
    user: UserRow,
}

/// Notes that the token was used, at most once a minute.
const LOOK_UP: &str = "WITH hit AS (
        SELECT k.id, k.name, k.expires_at, k.rights, k.signed_on, k.last_used_at, m.tenant_id, u.id AS user_id, u.name AS user_name,
            u.language, u.theme, u.time_zone
        FROM control.api_tokens k JOIN control.memberships m ON m.id = k.membership_id JOIN control.users u ON u.id = m.user_id
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND k.expires_at > now() AND u.state = 'active'
          AND k.password_mark = sha256(convert_to(COALESCE(u.password_hash, ''), 'UTF8'))
    ), seen AS (
        UPDATE control.api_tokens k SET last_used_at = now() FROM hit
        WHERE k.id = hit.id AND (hit.last_used_at IS NULL OR hit.last_used_at < now() - interval '1 minute')
    )
    SELECT hit.id AS token_id, hit.user_id, hit.name AS token_name, hit.expires_at, hit.rights AS token_rights, hit.signed_on,
        CASE t.kind WHEN 'inner' THEN p.slug || '/' || t.slug ELSE t.slug END AS token_tenant,
        hit.user_name, hit.language, hit.theme, hit.time_zone AS user_zone, c.*,
        control.roles_now(hit.user_id, c.id) AS roles,
        s.mark AS sign_on, s.slug AS sign_on_slug, s.label AS sign_on_label
    FROM hit JOIN control.tenants t ON t.id = hit.tenant_id LEFT JOIN control.tenants p ON p.id = t.parent_id
    LEFT JOIN LATERAL control.context(hit.user_id, $2, $3) c ON c.id = hit.tenant_id
    LEFT JOIN LATERAL control.sign_on_asked(hit.user_id, c.id) s ON true";

fn look_up(
    pools: &Pools,
    hash: &[u8],
    named: Option<(String, Option<String>)>,
) -> Result<Option<Row>> {
    let (slug, inner) = named.unzip();
    control::statement(pools, |conn| {
        diesel::sql_query(LOOK_UP)
            .bind::<Binary, _>(hash)
            .bind::<Nullable<Text>, _>(slug)
            .bind::<Nullable<Text>, _>(inner.flatten())
            .get_result(conn)
            .optional()
    })
}

impl Row {
    fn fill(self, context: &mut Context, language_asked: bool) {
        let rights: BTreeSet<String> = self.token_rights.into_iter().collect();
        let (user, tenant): (_, TenantRow) = self.user.split(UserId(self.user_id));
        if !language_asked {
            context.language.clone_from(&user.language);
        }
        context.user = Some(user);
        context.signed_on = vec![self.signed_on];
        context.tenant = tenant.into_tenant().map(|mut tenant| {
            // A token acts in its membership; what its user may as a visitor is not the token's.
            let here = tenant.visits_from.is_none();
            tenant.rights.retain(|right| here && rights.contains(right));
            let defines = tenant.allows::<ChangeFields>().is_ok();
            tenant.viewer = tenant.viewer.clone().defining(defines);
            tenant
        });
        context.token = Some(TokenHere {
            id: TokenId(self.token_id),
            name: self.token_name,
            tenant: self.token_tenant,
            expires_at: self.expires_at,
            rights,
        });
    }
}
