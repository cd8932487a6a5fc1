//! The list of recipients: search, filter, order, pages, count.

mod controls;
mod table;
mod view;

use super::super::query::{self, Count, Cursor, Filter, Page};
use super::super::state::{self, Faults, State};
use super::super::typed::canonical;
use super::{columns, seal};
use crate::access::Access;
use crate::access::rights::ViewRecipients;
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::i18n::Texts;
use crate::web::sealed::Seal;
use crate::web::{Frame, see_other};
use actix_web::{HttpResponse, web};
use askama::Template;
use controls::OPERATORS;
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;
/// Longest time a count on a page may take, in milliseconds.
const COUNT_MS: u32 = 150;

/// A condition to be added to the rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Addition {
    add_field: String,
    add_operator: String,
    add_value: String,
}

/// All that the page shows, loaded in one transaction.
struct Loaded {
    fields: Vec<Field>,
    shown: Vec<Field>,
    lists: Vec<List>,
    found: std::result::Result<Found, Faults>,
}

struct Found {
    page: Page,
    count: Count,
    chips: Vec<(String, State)>,
}

/// GET `…/recipients`.
pub async fn index(
    access: Access<ViewRecipients>,
    state: web::Query<State>,
    addition: web::Query<Addition>,
) -> Result<HttpResponse> {
    let (state, addition) = (state.into_inner(), addition.into_inner());
    let refused = if addition.add_field.is_empty() {
        None
    } else {
        match added(&access, &state, &addition).await? {
            Ok(Some(state)) => {
                let url = format!("{}/recipients?{}", access.tenant().base(), state.query());
                return Ok(see_other(&url));
            }
            Ok(None) => None,
            Err(refused) => Some(refused),
        }
    };
    let chosen = columns::chosen(&access).await?;
    let loaded = load(&access, chosen, &state).await?;
    view::page(&access, &state, &addition, refused.as_ref(), &loaded)
}

/// Why a condition was not added.
enum Refused {
    /// The value does not fit a field of this type.
    Value(&'static str),
    /// What the rule with it has.
    Rule(Faults),
}

/// The value as rules have it, from what a person types; none where it does not fit the field. Parts of texts
/// are taken as they are.
fn spelled(
    access: &Access<ViewRecipients>,
    field: &Field,
    operator: &str,
    typed: &str,
) -> Result<Option<String>> {
    let kind = field.kind()?;
    let compares = ["=", "!=", "<", "<=", ">", ">="].contains(&operator);
    if !compares || matches!(kind, Kind::Text { .. } | Kind::DateTime) {
        return Ok(Some(typed.to_owned()));
    }
    let zone = access
        .user()
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Tz::UTC);
    Ok(canonical(&kind, typed, zone).flatten())
}

/// The state with the condition added; none where it names no field.
async fn added(
    access: &Access<ViewRecipients>,
    state: &State,
    addition: &Addition,
) -> Result<std::result::Result<Option<State>, Refused>> {
    let all = access.run(fields::askable).await?;
    let Some(field) = all.iter().find(|field| field.key == addition.add_field) else {
        return Ok(Ok(None));
    };
    let operator = OPERATORS
        .iter()
        .find(|operator| **operator == addition.add_operator)
        .unwrap_or(&"=");
    let Some(value) = spelled(access, field, operator, &addition.add_value)? else {
        return Ok(Err(Refused::Value(field.kind()?.name())));
    };
    let wanted = state.with_condition(&state::condition(field, operator, &value)?);
    let checked = wanted.checked_rule(&all)?.map_err(Refused::Rule);
    Ok(checked.map(|rule| {
        Some(State {
            rule: rule.map(|rule| rule.show()).unwrap_or_default(),
            ..wanted
        })
    }))
}

/// One transaction: what a page costs beside its queries is beginning and ending one.
async fn load(
    access: &Access<ViewRecipients>,
    chosen: columns::Chosen,
    state: &State,
) -> Result<Loaded> {
    let (state, seal) = (state.clone(), seal(access));
    access
        .run(move |conn| {
            let fields = fields::askable(conn)?;
            let lists = lists::all(conn)?;
            let found = find(conn, &fields, &chosen, (&state, &seal))?;
            Ok(Loaded {
                shown: chosen.of(&fields),
                fields,
                lists,
                found,
            })
        })
        .await
}

fn find<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    fields: &[Field],
    chosen: &columns::Chosen,
    (state, seal): (&State, &Seal),
) -> Result<std::result::Result<Found, Faults>> {
    let rule = match state.checked_rule(fields)? {
        Ok(rule) => rule,
        Err(faults) => return Ok(Err(faults)),
    };
    let chips = rule.as_ref().map(|rule| state.chips(rule));
    let filter = state.filter(rule, fields)?;
    let after = match state.after.as_str() {
        "" => None,
        text => Some(Cursor::decode(text, seal)?),
    };
    let columns = chosen
        .of(fields)
        .iter()
        .map(Field::shown)
        .collect::<Result<Vec<_>>>()?;
    let order = state.order(fields)?;
    let page = query::page(conn, &columns, &filter, &order, after.as_ref(), ROWS)?;
    let count = counted(conn, &filter, &page, after.is_none())?;
    Ok(Ok(Found {
        page,
        count,
        chips: chips.unwrap_or_default(),
    }))
}

/// Where everything fits on the first page, it is counted already.
fn counted<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    filter: &Filter,
    page: &Page,
    first: bool,
) -> Result<Count> {
    if first && page.next.is_none() {
        return Ok(Count {
            count: page.rows.len() as i64,
            exact: true,
        });
    }
    query::quick_count(conn, filter)
}

/// GET `…/recipients/count`: the count alone, exact if that is fast.
pub async fn count(
    access: Access<ViewRecipients>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let count = access
        .run(move |conn| {
            let all = fields::askable(conn)?;
            query::count_within(conn, &state.strict_filter(&all)?, COUNT_MS)
        })
        .await?;
    let p = Frame::new(access.context(), "recipients-title");
    let view = CountView {
        text: count_text(&p.t, count),
        better: String::new(),
    };
    crate::web::page::respond(actix_web::http::StatusCode::OK, &view)
}

/// The count beside the list.
#[derive(Template)]
#[template(path = "tenant/recipients/count.html")]
struct CountView {
    text: String,
    /// Where a better count is to be had; empty if this one is exact.
    better: String,
}

impl CountView {
    fn new(t: &Texts, count: Count, better: &str) -> Self {
        Self {
            text: count_text(t, count),
            better: if count.exact {
                String::new()
            } else {
                better.to_owned()
            },
        }
    }
}

/// `12,345 recipients`, or `about 12,300 recipients`.
pub(in super::super) fn count_text(t: &Texts, count: Count) -> String {
    if count.exact {
        return t.count("recipients-count", &count.count);
    }
    // An estimate that shows seven digits would pretend to be a count.
    let step = 10i64.pow((count.count.max(1).ilog10()).saturating_sub(2));
    t.count("recipients-about", &(count.count / step * step))
}

/// A subscription's status in words.
pub(in super::super) fn status_text(t: &Texts, status: &str) -> String {
    t.t(&format!("status-{}", status.replace('_', "-")))
}
