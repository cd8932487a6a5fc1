//! The list of recipients: search, filter, order, pages, count.

use super::super::query::{self, Count, Cursor, Filter, Page};
use super::super::show::show;
use super::super::state::{self, Faults, State};
use super::columns;
use crate::access::Access;
use crate::access::rights::ViewRecipients;
use crate::error::Result;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::i18n::Texts;
use crate::web::sealed::Seal;
use crate::web::view::Column;
use crate::web::{Cell, Empty, Frame, Input, InputKind, Table, see_other};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;
/// Longest time a count on a page may take, in milliseconds.
const COUNT_MS: u32 = 150;
/// The operators of the small form, in its order.
const OPERATORS: [&str; 12] = [
    "=",
    "!=",
    "contains",
    "not contains",
    "starts_with",
    "ends_with",
    "<",
    "<=",
    ">",
    ">=",
    "is empty",
    "is not empty",
];

/// A condition to be added to the rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Addition {
    add_field: String,
    add_operator: String,
    add_value: String,
}

/// A condition with the way to take it off.
struct Chip {
    text: String,
    without: String,
}

#[derive(Template)]
#[template(path = "tenant/recipients/index.html")]
struct Index {
    p: Frame,
    acts: Vec<(String, String)>,
    filters: Vec<Input>,
    rule: Input,
    add: Vec<Input>,
    hidden: Vec<(&'static str, String)>,
    chips: Vec<Chip>,
    table: Table,
    empty: Empty,
    count: CountView,
    bulk: Vec<Input>,
    columns_url: String,
    clear_url: String,
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
pub(super) fn count_text(t: &Texts, count: Count) -> String {
    if count.exact {
        return t.count("recipients-count", &count.count);
    }
    // An estimate that shows seven digits would pretend to be a count.
    let step = 10i64.pow((count.count.max(1).ilog10()).saturating_sub(2));
    t.count("recipients-about", &(count.count / step * step))
}

/// All that the page shows, loaded in one transaction.
struct Loaded {
    fields: Vec<Field>,
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
    let (mut state, addition) = (state.into_inner(), addition.into_inner());
    let all = access.run(|conn| fields::all(conn.pg())).await?;
    let mut refused = Faults::new();
    if let Some(field) = all.iter().find(|field| field.key == addition.add_field) {
        let operator = OPERATORS
            .iter()
            .find(|operator| **operator == addition.add_operator)
            .unwrap_or(&"=");
        let wanted = state.with_condition(&state::condition(field, operator, &addition.add_value)?);
        match wanted.checked_rule(&all)? {
            Ok(rule) => {
                state = State {
                    rule: rule.map(|rule| rule.show()).unwrap_or_default(),
                    ..wanted
                };
                let url = format!("{}/recipients?{}", access.tenant().base(), state.query());
                return Ok(see_other(&url));
            }
            Err(faults) => refused = faults,
        }
    }
    let shown = columns::chosen(&access, &all).await?;
    let loaded = load(&access, all, &shown, &state).await?;
    view(&access, &state, &addition, &refused, &shown, &loaded)
}

async fn load(
    access: &Access<ViewRecipients>,
    all: Vec<Field>,
    shown: &[Field],
    state: &State,
) -> Result<Loaded> {
    let columns = shown
        .iter()
        .map(Field::column)
        .collect::<Result<Vec<_>>>()?;
    let state = state.clone();
    access
        .run(move |conn| {
            let lists = lists::all(conn)?;
            let rule = match state.checked_rule(&all)? {
                Ok(rule) => rule,
                Err(faults) => {
                    return Ok(Loaded {
                        fields: all,
                        lists,
                        found: Err(faults),
                    });
                }
            };
            let chips = rule.as_ref().map(|rule| state.chips(rule));
            let filter = state.filter(rule)?;
            let after = match state.after.as_str() {
                "" => None,
                text => Some(Cursor::decode(text)?),
            };
            let order = state.order(&all)?;
            let page = query::page(conn, &columns, &filter, &order, after.as_ref(), ROWS)?;
            let count = counted(conn, &filter, &page, after.is_none())?;
            Ok(Loaded {
                fields: all,
                lists,
                found: Ok(Found {
                    page,
                    count,
                    chips: chips.unwrap_or_default(),
                }),
            })
        })
        .await
}

/// Where everything fits on the first page, it is counted already.
fn counted<M: crate::db::Mode>(
    conn: &mut crate::db::TenantConn<'_, M>,
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
            let all = fields::all(conn.pg())?;
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

fn view(
    access: &Access<ViewRecipients>,
    state: &State,
    addition: &Addition,
    refused: &Faults,
    shown: &[Field],
    loaded: &Loaded,
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "recipients-title").section("recipients");
    let seal = Seal::new(&access.app().secret, access.tenant().id);
    let faulty = loaded.found.is_err() || !refused.is_empty();
    let mut rule = rule_input(&p, state);
    let mut table = Table::default();
    let mut count = CountView {
        text: String::new(),
        better: String::new(),
    };
    let mut chips = Vec::new();
    match &loaded.found {
        Ok(found) => {
            table = rows(&p, &seal, state, shown, &found.page)?;
            let better = p.url(&format!("/recipients/count?{}", state.narrowing().query()));
            count = CountView::new(&p.t, found.count, &better);
            chips = found
                .chips
                .iter()
                .map(|(text, without)| Chip {
                    text: text.clone(),
                    without: p.url(&format!("/recipients?{}", without.query())),
                })
                .collect();
        }
        Err(faults) => rule.errors = fault_texts(&p.t, faults),
    }
    let mut add = add_inputs(&p, &loaded.fields, addition);
    add[2].errors = fault_texts(&p.t, refused);
    let page = Index {
        acts: acts(&p, state),
        filters: filters(&p, state, &loaded.lists),
        rule,
        add,
        hidden: hidden(state),
        chips,
        table,
        empty: empty(&p, state, faulty),
        count,
        bulk: bulk_inputs(&p),
        columns_url: p.url(&format!("/recipients/columns?{}", state.query())),
        clear_url: p.url("/recipients"),
        p: p.clone(),
    };
    if faulty {
        p.render_again(|_| page)
    } else {
        p.render(|_| page)
    }
}

fn fault_texts(t: &Texts, faults: &Faults) -> Vec<String> {
    faults
        .iter()
        .map(|fault| t.with_all(fault.message_key(), &fault.params()))
        .collect()
}

fn acts(p: &Frame, state: &State) -> Vec<(String, String)> {
    let mut acts = Vec::new();
    if p.may("recipients.change") {
        acts.push((p.t("recipient-new"), p.url("/recipients/new")));
    }
    if p.may("recipients.export") {
        let url = format!("/recipients/export?{}", state.narrowing().query());
        acts.push((p.t("recipients-export"), p.url(&url)));
    }
    acts
}

/// Search, list and status; the rule stands in a form of its own.
fn filters(p: &Frame, state: &State, lists: &[List]) -> Vec<Input> {
    let mut options = vec![(String::new(), p.t("recipients-any-list"))];
    options.extend(
        lists
            .iter()
            .map(|list| (list.id.to_string(), list.name.clone())),
    );
    let mut statuses = vec![(String::new(), p.t("recipients-any-status"))];
    statuses.extend(state::STATUSES.map(|status| (status.to_owned(), status_text(&p.t, status))));
    vec![
        Input::line("q", p.t("recipients-search"), &state.q).typed("search"),
        Input::select("list", p.t("recipients-list"), options, &state.list),
        Input::select("status", p.t("recipients-status"), statuses, &state.status),
    ]
}

/// A subscription's status in words.
pub(super) fn status_text(t: &Texts, status: &str) -> String {
    t.t(&format!("status-{}", status.replace('_', "-")))
}

fn rule_input(p: &Frame, state: &State) -> Input {
    Input::new(InputKind::Area(2), "rule", p.t("recipients-rule"))
        .value(&state.rule)
        .help(p.t("recipients-rule-help"))
}

fn add_inputs(p: &Frame, all: &[Field], addition: &Addition) -> Vec<Input> {
    let language = p.t.language();
    let fields = all
        .iter()
        .filter(|field| field.mode != "hidden")
        .map(|field| (field.key.clone(), field.label(language).to_owned()))
        .collect();
    let operators = OPERATORS
        .iter()
        .map(|operator| {
            let text = match *operator {
                "contains" => p.t("operator-contains"),
                "not contains" => p.t("operator-contains-not"),
                "starts_with" => p.t("operator-starts-with"),
                "ends_with" => p.t("operator-ends-with"),
                "is empty" => p.t("operator-empty"),
                "is not empty" => p.t("operator-filled"),
                sign => sign.to_owned(),
            };
            ((*operator).to_owned(), text)
        })
        .collect();
    vec![
        Input::select(
            "add_field",
            p.t("recipients-field"),
            fields,
            &addition.add_field,
        ),
        Input::select(
            "add_operator",
            p.t("recipients-operator"),
            operators,
            &addition.add_operator,
        ),
        Input::line("add_value", p.t("recipients-value"), &addition.add_value),
    ]
}

/// What the forms of the page send along, so that each changes only its own part of the state.
fn hidden(state: &State) -> Vec<(&'static str, String)> {
    [
        ("q", &state.q),
        ("rule", &state.rule),
        ("list", &state.list),
        ("status", &state.status),
        ("sort", &state.sort),
        ("dir", &state.dir),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name, value.clone()))
    .collect()
}

fn bulk_inputs(p: &Frame) -> Vec<Input> {
    let mut acts = Vec::new();
    if p.may("recipients.bulk") {
        acts.push(("set".to_owned(), p.t("bulk-set")));
        acts.push(("subscribe".to_owned(), p.t("bulk-subscribe")));
        acts.push(("unsubscribe".to_owned(), p.t("bulk-unsubscribe")));
    }
    if p.may("recipients.delete") {
        acts.push(("delete".to_owned(), p.t("bulk-delete")));
    }
    if acts.is_empty() {
        return Vec::new();
    }
    let which = vec![
        ("chosen".to_owned(), p.t("bulk-chosen")),
        ("all".to_owned(), p.t("bulk-all")),
    ];
    vec![
        Input::select("which", p.t("bulk-which"), which, "chosen"),
        Input::select("act", p.t("bulk-act"), acts, ""),
    ]
}

fn rows(p: &Frame, seal: &Seal, state: &State, shown: &[Field], page: &Page) -> Result<Table> {
    let mut table = Table {
        caption: p.t("recipients-title"),
        columns: shown.iter().map(|field| heading(p, state, field)).collect(),
        choose: if p.may("recipients.bulk") || p.may("recipients.delete") {
            "chosen"
        } else {
            ""
        },
        ..Table::default()
    };
    let kinds = shown.iter().map(Field::kind).collect::<Result<Vec<_>>>()?;
    for row in &page.rows {
        let sealed = seal.recipient(row.id);
        let cells = row
            .values
            .iter()
            .zip(&kinds)
            .enumerate()
            .map(|(index, (value, kind))| {
                let text = show(&p.t, kind, value.as_deref());
                match index {
                    0 => Cell::Link {
                        href: p.url(&format!("/recipients/{sealed}")),
                        text: if text.is_empty() { "–".into() } else { text },
                    },
                    _ => Cell::Text(text),
                }
            })
            .collect();
        table.rows.push((sealed, cells));
    }
    if !state.after.is_empty() {
        table.first = p.url(&format!("/recipients?{}", state.first_page().query()));
    }
    if let Some(next) = &page.next {
        let next = State {
            after: next.encode(),
            ..state.clone()
        };
        table.next = p.url(&format!("/recipients?{}", next.query()));
    }
    Ok(table)
}

/// A heading; where an index serves, it leads to the list sorted by it, or the other way round.
fn heading(p: &Frame, state: &State, field: &Field) -> Column {
    let mut column = Column::new(field.label(p.t.language()));
    if !state::sortable(field) {
        return column;
    }
    let here = state.sort == field.key;
    let descending = here && state.dir == "desc";
    if here {
        column.sorted = if descending {
            "descending"
        } else {
            "ascending"
        };
    }
    let other = State {
        sort: field.key.clone(),
        dir: if here && !descending { "desc" } else { "asc" }.into(),
        ..state.first_page()
    };
    column.sort = p.url(&format!("/recipients?{}", other.query()));
    column
}

fn empty(p: &Frame, state: &State, faulty: bool) -> Empty {
    let clear = Some((p.t("recipients-clear"), p.url("/recipients")));
    if faulty {
        return Empty {
            text: p.t("recipients-rule-faulty"),
            act: clear,
        };
    }
    if state.narrows() || !state.after.is_empty() {
        return Empty {
            text: p.t("recipients-no-match"),
            act: clear,
        };
    }
    let act = if p.may("imports.run") {
        Some((p.t("recipients-import"), p.url("/imports/new")))
    } else if p.may("recipients.change") {
        Some((p.t("recipient-new"), p.url("/recipients/new")))
    } else {
        None
    };
    Empty {
        text: p.t("recipients-none"),
        act,
    }
}
