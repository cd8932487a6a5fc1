//! Creating, changing, deleting.

use super::{Recipient, Sealed, one, seal};
use crate::access::rights::{ChangeRecipients, DeleteRecipients};
use crate::access::{Access, ControlAccess};
use crate::api::body::Body;
use crate::api::{Answer, nothing, url};
use crate::db::ids::{ListId, RecipientId};
use crate::db::schema::tenant::recipients as table;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::write::{self, Assignment};
use crate::tenant::recipients::{entered, fence, query};
use crate::web::form::{Errors, error_at};
use crate::web::problem::Fault;
use crate::web::sealed::Seal;
use actix_web::http::header::{Header, IF_MATCH, IfMatch, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A recipient to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRecipient {
    /// Values by the fields' keys; `email` is always needed.
    #[schema(value_type = Object, example = json!({ "email": "anna@example.org", "first_name": "Anna" }))]
    fields: Map<String, Value>,
    /// Ids of mailing lists to subscribe to.
    #[serde(default)]
    #[schema(value_type = Vec<i32>)]
    lists: Vec<ListId>,
    /// What the recipient agreed to.
    #[serde(default)]
    #[schema(max_length = 5000)]
    consent: String,
}

/// A refusal of the database, at the field that it is about.
async fn refused(
    access: &Access<ChangeRecipients>,
    above: &ControlAccess<ChangeRecipients>,
    fields: &[Field],
    values: Vec<Assignment>,
    error: AppError,
) -> Fault {
    match error {
        AppError::Constraint(_) => match write::blamed(fields, error) {
            Ok((field, key)) => Fault::at(&format!("fields.{}", field.key), key, &[]),
            Err(error) => error.into(),
        },
        AppError::OutsideFence => match fence::missed(access, above, fields, values).await {
            Ok(unmet) if unmet.is_empty() => Fault::at("fields", "recipient-outside-fence", &[]),
            Ok(unmet) => {
                let conditions = [("conditions", unmet.join("; "))];
                Fault::at("fields", "recipient-outside-fence-by", &conditions)
            }
            Err(error) => error.into(),
        },
        other => Fault::of(other, |key| {
            let whole = key == "recipient-cannot-be-whole";
            if whole { "fields" } else { "lists" }.to_owned()
        }),
    }
}

/// Faults of values, each at its place in the body.
fn within_fields(errors: Errors) -> Fault {
    let errors = errors.into_iter();
    Fault::Fields(
        errors
            .map(|(key, found)| (format!("fields.{key}"), found))
            .collect(),
    )
}

pub(super) fn checked_consent(text: &str) -> Result<Option<String>, Fault> {
    if text.chars().count() > 5_000 {
        return Err(Fault::at("consent", "api-consent-length", &[]));
    }
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

pub(super) async fn create(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    body: Body<NewRecipient>,
) -> Answer {
    let body = body.0;
    let consent = checked_consent(&body.consent)?;
    let all = access.run(fields::all).await?;
    let (mut values, mut errors) = entered::assignments(&all, &body.fields)?;
    for key in entered::missing(&all, &body.fields) {
        errors.extend(error_at(key, "recipient-required", &[]));
    }
    if !errors.is_empty() {
        return Err(within_fields(errors));
    }
    values.retain(|value| value.value.is_some());
    let (asked, seal, known) = (values.clone(), seal(&access), all.clone());
    let made = access
        .run(
            move |conn| match write::enter(conn, &asked, &body.lists, consent.as_deref())? {
                Some(id) => one(conn, &known, &seal, id).map(Some),
                None => Ok(None),
            },
        )
        .await;
    match made {
        Ok(Some(made)) => {
            let location = url(access.tenant(), &format!("/recipients/{}", made.id));
            let mut response = HttpResponse::Created();
            response.insert_header((LOCATION, location));
            made.answer(response)
        }
        Ok(None) => Ok(HttpResponse::Accepted().finish()),
        Err(error) => Err(refused(&access, &above, &all, values, error).await),
    }
}

/// What of a recipient is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedRecipient {
    /// Values by the fields' keys; null empties a field.
    #[schema(value_type = Object, example = json!({ "first_name": "Anna", "title": null }))]
    fields: Map<String, Value>,
}

/// What the caller saw. Without the header he is changed as he is; one that cannot be read must not count as
/// none.
fn seen(req: &HttpRequest) -> Result<IfMatch, Fault> {
    if !req.headers().contains_key(IF_MATCH) {
        return Ok(IfMatch::Any);
    }
    IfMatch::parse(req).map_err(|_| Fault::Unreadable("If-Match: an ETag, or *".into()))
}

/// How a change went.
enum Changed {
    /// So he is now.
    Now(Recipient),
    /// He is outside of the inner tenant now.
    MovedOut,
    /// He is no longer as `If-Match` says.
    Meanwhile,
}

/// Changes the recipient if he still is as the caller saw him.
fn save(
    conn: &mut TenantConn<'_, Write>,
    all: &[Field],
    seal: &Seal,
    id: RecipientId,
    values: &[Assignment],
    seen: &IfMatch,
) -> Result<Changed> {
    // Locked, so that nobody deletes him between the look and the change.
    table::table
        .filter(table::id.eq(id.0))
        .select(table::id)
        .for_update()
        .first::<i64>(conn.pg())?;
    if let IfMatch::Items(tags) = seen {
        let now = one(conn, all, seal, id)?.etag()?;
        if !tags.iter().any(|tag| tag.strong_eq(&now)) {
            return Ok(Changed::Meanwhile);
        }
    }
    if !values.is_empty() {
        write::update(conn, id, values)?;
    }
    match one(conn, all, seal, id) {
        Ok(now) => Ok(Changed::Now(now)),
        Err(AppError::NotFound) => Ok(Changed::MovedOut),
        Err(other) => Err(other),
    }
}

pub(super) async fn change(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    which: web::Path<Sealed>,
    body: Body<ChangedRecipient>,
    req: HttpRequest,
) -> Answer {
    let seen = seen(&req)?;
    let (id, seal) = (which.open(&access)?, seal(&access));
    let (all, now) = access
        .run(move |conn| {
            let all = fields::all(conn)?;
            let columns = all.iter().map(Field::shown).collect::<Result<Vec<_>>>()?;
            let now = query::one(conn, id, &columns)?.values;
            Ok((all, now))
        })
        .await?;
    let (values, errors) = entered::assignments(&all, &body.0.fields)?;
    if !errors.is_empty() {
        return Err(within_fields(errors));
    }
    let (asked, known) = (values.clone(), all.clone());
    let done = access
        .run(move |conn| save(conn, &known, &seal, id, &asked, &seen))
        .await;
    match done {
        Ok(Changed::Now(now)) => now.answer(HttpResponse::Ok()),
        Ok(Changed::MovedOut) => Ok(HttpResponse::Accepted().finish()),
        Ok(Changed::Meanwhile) => Err(Fault::Stale),
        Err(error) => {
            let whole = over(&all, now, values)?;
            Err(refused(&access, &above, &all, whole, error).await)
        }
    }
}

/// All values as they would be: those that stand there, and what was sent over them.
fn over(all: &[Field], now: Vec<Option<String>>, sent: Vec<Assignment>) -> Result<Vec<Assignment>> {
    let mut whole = Vec::new();
    for (field, value) in all.iter().zip(now).filter(|(field, _)| !field.is_masked()) {
        whole.push(Assignment::as_it_is(field, value)?);
    }
    whole.extend(sent);
    Ok(whole)
}

pub(super) async fn delete(access: Access<DeleteRecipients>, which: web::Path<Sealed>) -> Answer {
    let id = which.open(&access)?;
    let only_lists = write::leaves_lists_only(access.tenant())?;
    let sealed = which.id.clone();
    access
        .run(move |conn| write::remove(conn, id, &sealed, only_lists))
        .await?;
    nothing()
}
