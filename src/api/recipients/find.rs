//! Looking: pages, counts, one.

use super::{Sealed, Status, one, seal, shown};
use crate::access::Access;
use crate::access::rights::ViewRecipients;
use crate::api::body::Params;
use crate::api::{Answer, Items, limit, ok};
use crate::error::Result;
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::export::Export;
use crate::tenant::recipients::query::{self, Cursor, Filter};
use crate::tenant::recipients::state::{State, sortable};
use crate::tenant::target_groups::rules::RuleError;
use crate::web::form::{Errors, error_at};
use crate::web::problem::Fault;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// How long an exact count may take.
const COUNT_MS: u32 = 2_000;

/// Which recipients.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Narrowing {
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
pub(super) struct Listing {
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
            let told = faults.iter().map(RuleError::told).collect();
            return Ok(Err(Errors::from([("rule".to_owned(), told)])));
        }
    };
    state.filter(rule, all).map(Ok)
}

pub(super) async fn list(access: Access<ViewRecipients>, listing: Params<Listing>) -> Answer {
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
    let (first, filtered, list) = (state.after.is_empty(), state.narrows(), state.list.clone());
    let seal = seal(&access);
    let found = access
        .run(move |conn| {
            let all = fields::askable(conn)?;
            let filter = match filter(&state, &all)? {
                Ok(filter) => filter,
                Err(errors) => return Ok(Err(errors)),
            };
            let sort = state.order(&all)?;
            let unknown = !state.sort.is_empty()
                && !all
                    .iter()
                    .any(|field| field.key == state.sort && sortable(field));
            if unknown {
                let params = [("key", state.sort)];
                return Ok(Err(error_at("sort", "api-field-unsortable", &params)));
            }
            let after = match state.after.as_str() {
                "" => None,
                text => Some(Cursor::decode(text, &seal)?),
            };
            let export = Export::new(&all, filter)?;
            let part = export.sorted(conn, &sort, after.as_ref(), limit)?;
            let items = part.rows.iter().map(|row| shown(&export, &seal, row));
            Ok(Ok(Items {
                items: items.collect(),
                next: part.next.map(|next| next.encode(&seal)),
            }))
        })
        .await
        .map_err(|error| Fault::of(error, |_| "after".into()))?;
    let items = found.map_err(Fault::Fields)?;
    if items.is_export(first) {
        let data = json!({ "filtered": filtered, "list": list });
        access.record_look("recipients.export", "", data).await?;
    }
    ok(&items)
}

/// A number of recipients.
#[derive(Serialize, ToSchema)]
#[schema(as = RecipientCount)]
pub(super) struct Count {
    count: i64,
    /// Whether they were counted; else it is an estimate, because counting would take long.
    exact: bool,
}

pub(super) async fn count(access: Access<ViewRecipients>, narrowing: Params<Narrowing>) -> Answer {
    let state = narrowing.0.state();
    let found = access
        .run(move |conn| {
            let all = fields::askable(conn)?;
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

pub(super) async fn show(access: Access<ViewRecipients>, which: web::Path<Sealed>) -> Answer {
    let (id, seal) = (which.open(&access)?, seal(&access));
    let found = access
        .run(move |conn| {
            let all = fields::all(conn)?;
            one(conn, &all, &seal, id)
        })
        .await?;
    found.answer(HttpResponse::Ok())
}
