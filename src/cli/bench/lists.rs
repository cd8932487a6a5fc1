//! The recipient list's queries as its page runs them (fields, rows, count; one transaction), beside the
//! bare count of the same view.

use super::fill::fill;
use super::{Result, Times, timed};
use crate::access::rights::ViewRecipients;
use crate::access::system::SystemAccess;
use crate::app::App;
use crate::cli::database::Opened;
use crate::cli::output::{Format, message, table};
use crate::db::tenant::Source;
use crate::db::{Read, TenantConn, TenantScope};
use crate::error::Result as AppResult;
use crate::tenant::fields;
use crate::tenant::fields::kind::Kind;
use crate::tenant::recipients::query::{self, Cursor, Filter, Search, Sort};
use crate::tenant::target_groups::rules::Column;
use std::time::Duration;

const PAGE: i64 = 50;

pub(super) fn run(opened: &Opened, rows: i64, times: usize, format: Format) -> Result {
    message(&format!("filling a tenant with {rows} recipients"));
    let (_, views) = fill(opened, rows, None)?;
    let mut all = Vec::new();
    for (name, scope) in views {
        message(name);
        all.extend(measure(&opened.app, name, scope, rows, times)?);
    }
    format.print(&all, |all| {
        table(&all.iter().map(Times::cells).collect::<Vec<_>>())
    })
}

const COLUMNS: [&str; 5] = ["email", "first_name", "last_name", "language", "created_at"];

fn by_last_name() -> Sort {
    Sort {
        by: Column::standard("last_name").map(|column| (column, Kind::Text { max: 200 })),
        descending: false,
    }
}

/// What the page does for its rows: fields, one page, the quick count.
fn page(
    conn: &mut TenantConn<'_, Read>,
    filter: &Filter,
    sort: &Sort,
    after: Option<&Cursor>,
) -> AppResult<()> {
    let all = fields::all(conn)?;
    let shown = |field: &&fields::Field| {
        let column = field.standard_column.as_deref();
        column.is_some_and(|column| COLUMNS.contains(&column))
    };
    let columns = all.iter().filter(shown).map(fields::Field::shown);
    let columns = columns.collect::<AppResult<Vec<_>>>()?;
    query::page(conn, &columns, filter, sort, after, PAGE)?;
    query::quick_count(conn, filter)?;
    Ok(())
}

fn often(
    app: &App,
    scope: TenantScope,
    times: usize,
    act: impl Fn(&mut TenantConn<'_, Read>, usize) -> AppResult<()>,
) -> AppResult<Vec<Duration>> {
    let access = SystemAccess::<ViewRecipients>::new(scope, None, Source::Cli).as_request();
    // The first run warms the caches; it is not counted.
    access.run(app, |conn| act(conn, 0))?;
    (0..times)
        .map(|n| timed(|| access.run(app, |conn| act(conn, n))).map(|((), time)| time))
        .collect()
}

fn measure(
    app: &App,
    name: &str,
    scope: TenantScope,
    rows: i64,
    times: usize,
) -> Result<Vec<Times>> {
    let access = SystemAccess::<ViewRecipients>::new(scope, None, Source::Cli);
    let known = access.run(app, fields::all)?;
    let all = Filter::default();
    let search = |word: &str| Filter {
        search: Search::by(word, &known),
        ..Filter::default()
    };
    let newest = Sort::default();
    let last_name = by_last_name();
    let deep = Cursor::at(rows / 2);
    let few = times.min(20);
    let named = |what: &str| format!("{name}: {what}");
    Ok(vec![
        Times::of(
            named("first page"),
            often(app, scope, times, |c, _| page(c, &all, &newest, None))?,
        ),
        Times::of(
            named("deep page"),
            often(app, scope, times, |c, _| {
                page(c, &all, &newest, Some(&deep))
            })?,
        ),
        Times::of(
            named("by last name"),
            often(app, scope, times, |c, _| page(c, &all, &last_name, None))?,
        ),
        Times::of(
            named("search part of an address"),
            often(app, scope, times, |c, n| {
                let part = format!("rson{}", 1000 + n as i64 * 37 % rows.max(1));
                page(c, &search(&part), &newest, None)
            })?,
        ),
        Times::of(
            named("search what nobody has"),
            often(app, scope, few, |c, _| {
                page(c, &search("zzyzx"), &newest, None)
            })?,
        ),
        Times::of(
            named("search a name of 10 %, by last name"),
            often(app, scope, few, |c, _| {
                page(c, &search("ørgen"), &last_name, None)
            })?,
        ),
        Times::of(
            named("search a name of 10 %"),
            often(app, scope, times, |c, _| {
                page(c, &search("ørgen"), &newest, None)
            })?,
        ),
        Times::of(
            named("count within 150 ms, else estimate"),
            often(app, scope, few, |c, _| {
                query::count_within(c, &all, 150).map(|_| ())
            })?,
        ),
        Times::of(
            named("bare exact count"),
            often(app, scope, few, |c, _| {
                query::exact_count(c, &all).map(|_| ())
            })?,
        ),
    ])
}
