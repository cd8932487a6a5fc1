//! Recipients and their subscriptions. A recipient is an object by the keys of the tenant's fields; its id
//! is sealed, as in the pages' URLs.

use super::body::{Body, Params};
use super::{Answer, Items, created, limit, nothing, ok, url};
use crate::access::rights::{ChangeRecipients, DeleteRecipients, Right, ViewRecipients};
use crate::access::{Access, ControlAccess, Routes};
use crate::db::ids::{ListId, RecipientId};
use crate::db::schema::tenant::recipients as table;
use crate::db::{Mode, TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::export::Export;
use crate::tenant::recipients::query::{self, Cursor, Filter, Row};
use crate::tenant::recipients::state::State;
use crate::tenant::recipients::write::{self, Assignment};
use crate::tenant::recipients::{entered, fence, subscriptions};
use crate::web::form::{Errors, error_at};
use crate::web::problem::Fault;
use crate::web::sealed::Seal;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// How long an exact count may take.
const COUNT_MS: u32 = 2_000;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/recipients", list);
    r.get("/api/v1/t/{tenant}/recipients/count", count);
    r.post("/api/v1/t/{tenant}/recipients", create);
    r.get("/api/v1/t/{tenant}/recipients/{id}", show);
    r.patch("/api/v1/t/{tenant}/recipients/{id}", change);
    r.delete("/api/v1/t/{tenant}/recipients/{id}", delete);
    r.get(
        "/api/v1/t/{tenant}/recipients/{id}/subscriptions",
        subscriptions_of,
    );
    r.put(
        "/api/v1/t/{tenant}/recipients/{id}/subscriptions/{list}",
        subscribe,
    );
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "recipients";
    let asked =
        "An inner tenant gets 202 and no recipient, whether he is new or known outside its fence.";
    d.get(
        "/api/v1/t/{tenant}/recipients",
        tag,
        "Recipients, newest first unless sorted",
    )
    .query::<Listing>()
    .answers_items::<Recipient>();
    d.get(
        "/api/v1/t/{tenant}/recipients/count",
        tag,
        "How many recipients there are",
    )
    .query::<Narrowing>()
    .answers::<Count>();
    d.post("/api/v1/t/{tenant}/recipients", tag, "Create a recipient")
        .more(asked)
        .takes::<NewRecipient>()
        .makes::<Recipient>()
        .or_accepts("Entered, in an inner tenant.");
    d.get("/api/v1/t/{tenant}/recipients/{id}", tag, "A recipient")
        .answers::<Recipient>();
    d.patch(
        "/api/v1/t/{tenant}/recipients/{id}",
        tag,
        "Change fields of a recipient",
    )
    .more("Fields that are left out stay; null empties one.")
    .takes::<ChangedRecipient>()
    .answers::<Recipient>()
    .or_accepts("Done; the change moved him out of the inner tenant.");
    d.delete(
        "/api/v1/t/{tenant}/recipients/{id}",
        tag,
        "Delete a recipient",
    )
    .more("For good; from an inner tenant that lists fence only off those lists.")
    .answers_nothing();
    let of_one = "/api/v1/t/{tenant}/recipients/{id}/subscriptions";
    d.get(of_one, tag, "The lists that a recipient is or was on")
        .answers_items::<Subscription>();
    d.put(
        &format!("{of_one}/{{list}}"),
        tag,
        "Subscribe a recipient, or set his status",
    )
    .takes::<NewSubscription>()
    .answers_items::<Subscription>();
}

/// A recipient: `id`, and each field that is not hidden by its key.
#[derive(Serialize, ToSchema)]
pub(super) struct Recipient {
    /// Sealed: the same recipient looks different in another tenant.
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Which recipients.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct Narrowing {
    /// A rule: `city = 'Bonn' and age >= 18`.
    rule: String,
    /// Words of address or name.
    q: String,
    /// On this list.
    list: Option<i32>,
    /// In this status on it.
    #[param(inline)]
    status: Option<Status>,
}

/// A page of recipients.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct Listing {
    /// A rule: `city = 'Bonn' and age >= 18`.
    rule: String,
    /// Words of address or name.
    q: String,
    /// On this list.
    list: Option<i32>,
    /// In this status on it.
    #[param(inline)]
    status: Option<Status>,
    /// Key of an indexed field to sort by.
    sort: String,
    /// `asc` or `desc`.
    #[param(inline)]
    dir: Option<Direction>,
    /// Where to go on: `next` of the page before.
    after: String,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// A direction.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    Desc,
}

/// A status of a subscription.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    Waiting,
    UnsubscribedUser,
    UnsubscribedAdmin,
    Bounced,
    Blocked,
}

impl Status {
    fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::UnsubscribedUser => "unsubscribed_user",
            Self::UnsubscribedAdmin => "unsubscribed_admin",
            Self::Bounced => "bounced",
            Self::Blocked => "blocked",
        }
    }
}

impl Narrowing {
    fn state(self) -> State {
        State {
            rule: self.rule,
            q: self.q,
            list: self.list.map(|id| id.to_string()).unwrap_or_default(),
            status: self.status.map(Status::key).unwrap_or_default().into(),
            ..State::default()
        }
    }
}

/// The filter, its rule's faults told at `rule` in the caller's language.
fn filter(state: &State, all: &[Field]) -> Result<Result<Filter, Errors>> {
    let rule = match state.checked_rule(all)? {
        Ok(rule) => rule,
        Err(faults) => {
            let mut errors = Errors::new();
            for fault in faults {
                let params: Vec<_> = fault.params().into_iter().collect();
                let more = error_at("rule", fault.message_key(), &params);
                for (field, found) in more {
                    errors.entry(field).or_default().extend(found);
                }
            }
            return Ok(Err(errors));
        }
    };
    state.filter(rule).map(Ok)
}

fn seal<R: Right>(access: &Access<R>) -> Seal {
    Seal::new(&access.app().secret, access.tenant().id)
}

fn shown(export: &Export, seal: &Seal, row: &Row) -> Recipient {
    let mut fields = export.json(row);
    fields.remove("id");
    Recipient {
        id: seal.recipient(row.id),
        fields,
    }
}

async fn list(access: Access<ViewRecipients>, listing: Params<Listing>) -> Answer {
    let listing = listing.0;
    let limit = limit(listing.limit)?;
    let state = State {
        sort: listing.sort,
        dir: match listing.dir {
            Some(Direction::Desc) => "desc".into(),
            _ => String::new(),
        },
        after: listing.after,
        ..Narrowing {
            rule: listing.rule,
            q: listing.q,
            list: listing.list,
            status: listing.status,
        }
        .state()
    };
    let seal = seal(&access);
    let found = access
        .run(move |conn| {
            let all = fields::all(conn.pg())?;
            let filter = match filter(&state, &all)? {
                Ok(filter) => filter,
                Err(errors) => return Ok(Err(errors)),
            };
            let sort = state.order(&all)?;
            let unknown = !state.sort.is_empty()
                && !all.iter().any(|field| {
                    field.key == state.sort && crate::tenant::recipients::state::sortable(field)
                });
            if unknown {
                let params = [("key", state.sort)];
                return Ok(Err(error_at("sort", "api-field-unsortable", &params)));
            }
            let after = match state.after.as_str() {
                "" => None,
                text => Some(Cursor::decode(text)?),
            };
            let export = Export::new(&all, filter)?;
            let part = export.sorted(conn, &sort, after.as_ref(), limit)?;
            let items = part.rows.iter().map(|row| shown(&export, &seal, row));
            Ok(Ok(Items {
                items: items.collect(),
                next: part.next.map(|next| next.encode()),
            }))
        })
        .await
        .map_err(|error| Fault::of(error, |_| "after".into()))?;
    ok(&found.map_err(Fault::Fields)?)
}

/// A number of recipients.
#[derive(Serialize, ToSchema)]
#[schema(as = RecipientCount)]
struct Count {
    count: i64,
    /// Whether they were counted; else it is an estimate, because counting would take long.
    exact: bool,
}

async fn count(access: Access<ViewRecipients>, narrowing: Params<Narrowing>) -> Answer {
    let state = narrowing.0.state();
    let found = access
        .run(move |conn| {
            let all = fields::all(conn.pg())?;
            let filter = match filter(&state, &all)? {
                Ok(filter) => filter,
                Err(errors) => return Ok(Err(errors)),
            };
            query::count_within(conn, &filter, COUNT_MS).map(Ok)
        })
        .await?;
    let query::Count { count, exact } = found.map_err(Fault::Fields)?;
    ok(&Count { count, exact })
}

/// The recipient that the URL names, sealed.
#[derive(Debug, Deserialize)]
struct Sealed {
    id: String,
}

impl Sealed {
    fn open<R: Right>(&self, access: &Access<R>) -> Result<RecipientId> {
        seal(access).open(&self.id).ok_or(AppError::NotFound)
    }
}

fn one<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    all: &[Field],
    seal: &Seal,
    id: RecipientId,
) -> Result<Recipient> {
    let export = Export::new(all, Filter::default())?;
    let row = export.one(conn, id)?;
    Ok(shown(&export, seal, &row))
}

async fn show(access: Access<ViewRecipients>, which: web::Path<Sealed>) -> Answer {
    let (id, seal) = (which.open(&access)?, seal(&access));
    let found = access
        .run(move |conn| {
            let all = fields::all(conn.pg())?;
            one(conn, &all, &seal, id)
        })
        .await?;
    ok(&found)
}

/// A recipient to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRecipient {
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
        other => Fault::of(other, |_| "lists".into()),
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

fn checked_consent(text: &str) -> Result<Option<String>, Fault> {
    if text.chars().count() > 5_000 {
        return Err(Fault::at("consent", "api-consent-length", &[]));
    }
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

async fn create(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    body: Body<NewRecipient>,
) -> Answer {
    let body = body.0;
    let consent = checked_consent(&body.consent)?;
    let all = access.run(|conn| fields::all(conn.pg())).await?;
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
            created(&location, &made)
        }
        Ok(None) => Ok(HttpResponse::Accepted().finish()),
        Err(error) => Err(refused(&access, &above, &all, values, error).await),
    }
}

/// What of a recipient is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedRecipient {
    /// Values by the fields' keys; null empties a field.
    #[schema(value_type = Object, example = json!({ "first_name": "Anna", "title": null }))]
    fields: Map<String, Value>,
}

/// Changes the recipient; none where that moved him out.
fn save(
    conn: &mut TenantConn<'_, Write>,
    all: &[Field],
    seal: &Seal,
    id: RecipientId,
    values: &[Assignment],
) -> Result<Option<Recipient>> {
    // Locked, so that nobody deletes him between the look and the change.
    table::table
        .filter(table::id.eq(id.0))
        .select(table::id)
        .for_update()
        .first::<i64>(conn.pg())?;
    if !values.is_empty() {
        write::update(conn, id, values)?;
    }
    match one(conn, all, seal, id) {
        Ok(now) => Ok(Some(now)),
        Err(AppError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn change(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    which: web::Path<Sealed>,
    body: Body<ChangedRecipient>,
) -> Answer {
    let (id, seal) = (which.open(&access)?, seal(&access));
    let (all, now) = access
        .run(move |conn| {
            let all = fields::all(conn.pg())?;
            let columns = all.iter().map(Field::column).collect::<Result<Vec<_>>>()?;
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
        .run(move |conn| save(conn, &known, &seal, id, &asked))
        .await;
    match done {
        Ok(Some(now)) => ok(&now),
        Ok(None) => Ok(HttpResponse::Accepted().finish()),
        Err(error) => {
            let whole = over(&all, now, values)?;
            Err(refused(&access, &above, &all, whole, error).await)
        }
    }
}

/// All values as they would be: those that stand there, and what was sent over them.
fn over(all: &[Field], now: Vec<Option<String>>, sent: Vec<Assignment>) -> Result<Vec<Assignment>> {
    let mut whole = Vec::new();
    for (field, value) in all.iter().zip(now) {
        whole.push(Assignment {
            column: field.column()?,
            kind: field.kind()?,
            value,
            unique: field.is_unique,
        });
    }
    whole.extend(sent);
    Ok(whole)
}

async fn delete(access: Access<DeleteRecipients>, which: web::Path<Sealed>) -> Answer {
    let id = which.open(&access)?;
    let only_lists = write::leaves_lists_only(access.tenant())?;
    let sealed = which.id.clone();
    access
        .run(move |conn| write::remove(conn, id, &sealed, only_lists))
        .await?;
    nothing()
}

/// A recipient's place on a list.
#[derive(Serialize, ToSchema)]
struct Subscription {
    list: i32,
    name: String,
    /// `active`, `waiting`, `unsubscribed_user`, `unsubscribed_admin`, `bounced` or `blocked`.
    status: String,
    since: DateTime<Utc>,
    /// Through what: `form`, `api`, `import`, `bulk`, `cli` or `system`.
    source: String,
    /// What he agreed to.
    consent: Option<String>,
    consent_at: Option<DateTime<Utc>>,
}

fn of<M: Mode>(conn: &mut TenantConn<'_, M>, id: RecipientId) -> Result<Items<Subscription>> {
    let found = subscriptions::of(conn, id)?.into_iter();
    Ok(Items::whole(
        found
            .map(|one| Subscription {
                list: one.list.0,
                name: one.name,
                status: one.status,
                since: one.since,
                source: one.source,
                consent: one.consent,
                consent_at: one.consent_at,
            })
            .collect(),
    ))
}

async fn subscriptions_of(access: Access<ViewRecipients>, which: web::Path<Sealed>) -> Answer {
    let id = which.open(&access)?;
    let found = access
        .run(move |conn| {
            query::one(conn, id, &[])?;
            of(conn, id)
        })
        .await?;
    ok(&found)
}

/// The recipient and the list that the URL names.
#[derive(Debug, Deserialize)]
struct OnList {
    id: String,
    list: i32,
}

/// The status that a subscription is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSubscription {
    status: Status,
    /// What the recipient agreed to.
    #[serde(default)]
    #[schema(max_length = 5000)]
    consent: String,
}

async fn subscribe(
    access: Access<ChangeRecipients>,
    which: web::Path<OnList>,
    body: Body<NewSubscription>,
) -> Answer {
    let id = seal(&access).open(&which.id).ok_or(AppError::NotFound)?;
    let consent = checked_consent(&body.0.consent)?.unwrap_or_default();
    let (list, status) = (ListId(which.list), body.0.status.key());
    let found = access
        .run(move |conn| {
            write::set_subscription(conn, id, list, status, &consent)?;
            of(conn, id)
        })
        .await?;
    ok(&found)
}
