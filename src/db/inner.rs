//! The projection of an inner tenant: a schema of views over its parent's, the fence in their WHERE.
//!
//! Plain auto-updatable views, not policies with the fence in them: a policy is a security barrier
//! under which LIKE and its kin use no index. The price is that no user text may ever be SQL.

#![expect(
    clippy::disallowed_methods,
    reason = "views and roles are made by DDL; names come from ids, conditions from checked rules"
)]

use super::grants;
use super::ids::{ListId, TenantId};
use super::names::{self, Names};
use crate::error::Result;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;

/// A fence ready to be built: what `control::tenants::fence` made of lists and a checked rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceSql {
    /// Recipients must be subscribed to one of these; empty for a fence by rule only.
    pub lists: Vec<ListId>,
    /// The rule over the alias `r`; none for a fence by lists only. `false` closes the fence.
    pub rule: Option<String>,
    /// Whether an edit may move a recipient out.
    pub moves_allowed: bool,
}

/// The columns of the parent's recipients, as its views list them.
#[derive(Clone, Debug, Default)]
pub struct RecipientColumns {
    /// All, in the table's order.
    pub all: Vec<String>,
    /// Those that an inner role may change: entered by people, and not unique.
    pub editable: Vec<String>,
}

/// Columns that the program sets; everything else is entered by people.
const SET_BY_PROGRAM: &[&str] = &["id", "created_at", "created_by", "import_id"];

impl RecipientColumns {
    /// From the table's columns in order; `unique` are those with a unique index.
    pub fn new(all: Vec<String>, unique: &[String]) -> Self {
        let editable = all
            .iter()
            .filter(|c| !unique.contains(c) && !SET_BY_PROGRAM.contains(&c.as_str()))
            .cloned()
            .collect();
        Self { all, editable }
    }
}

/// Makes or remakes everything of one inner tenant but its role, in the caller's transaction, as the
/// parent's owner.
///
/// # Errors
/// When PostgreSQL refuses a statement.
pub fn build(
    conn: &mut PgConnection,
    names: Names,
    inner: TenantId,
    parent: TenantId,
    columns: &RecipientColumns,
    fence: &FenceSql,
) -> Result<()> {
    let view_schema = names::projection(inner);
    conn.batch_execute(&format!(
        "SET LOCAL ROLE {own}; SET LOCAL search_path = {schema}, pg_temp; \
         DROP SCHEMA IF EXISTS {view_schema} CASCADE; CREATE SCHEMA {view_schema};",
        own = names.own(parent),
        schema = names::schema(parent),
    ))?;
    conn.batch_execute(&views(inner, parent, columns, fence))?;
    conn.batch_execute(&functions(inner, parent, fence))?;
    conn.batch_execute(&grants::inner_sql(names, inner, parent))?;
    conn.batch_execute(&dependent_grants(names, inner, columns, fence))?;
    conn.batch_execute("RESET ROLE; SET LOCAL search_path = control, pg_temp")?;
    Ok(())
}

/// The view of recipients' condition.
fn condition(parent: TenantId, fence: &FenceSql) -> String {
    let mut parts = Vec::new();
    if !fence.lists.is_empty() {
        parts.push(format!(
            "EXISTS (SELECT 1 FROM {}.subscriptions s WHERE s.recipient_id = r.id AND s.list_id {})",
            names::schema(parent),
            one_of(&fence.lists)
        ));
    }
    if let Some(rule) = &fence.rule {
        parts.push(format!("({rule})"));
    }
    // A fence without any condition is a fault, never an open door.
    if parts.is_empty() {
        parts.push("false".into());
    }
    parts.join(" AND ")
}

/// `= 3` for one list, which the planner estimates best; `IN (3, 4)` for several.
fn one_of(lists: &[ListId]) -> String {
    match lists {
        [one] => format!("= {one}"),
        many => format!(
            "IN ({})",
            many.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn views(
    inner: TenantId,
    parent: TenantId,
    columns: &RecipientColumns,
    fence: &FenceSql,
) -> String {
    let (i, t) = (names::projection(inner), names::schema(parent));
    let check = if fence.moves_allowed {
        ""
    } else {
        " WITH CASCADED CHECK OPTION"
    };
    let recipient_columns = columns
        .all
        .iter()
        .map(|c| format!("r.{c}"))
        .collect::<Vec<_>>()
        .join(", ");
    let condition = condition(parent, fence);
    let lists = if fence.lists.is_empty() {
        "true".to_owned()
    } else {
        format!("x {}", one_of(&fence.lists))
    };
    let list_is = |column: &str| {
        if lists == "true" {
            lists.clone()
        } else {
            lists.replacen('x', column, 1)
        }
    };
    let seen =
        |column: &str| format!("EXISTS (SELECT 1 FROM {i}.recipients v WHERE v.id = {column})");
    format!(
        "CREATE VIEW {i}.recipients AS SELECT {recipient_columns} FROM {t}.recipients r WHERE {condition}{check};
         CREATE VIEW {i}.lists AS SELECT l.id, l.name, l.description, l.created_at, l.version FROM {t}.lists l WHERE {list};
         CREATE VIEW {i}.subscriptions AS SELECT s.recipient_id, s.list_id, s.status, s.since, s.source, s.consent_text, s.consent_at
            FROM {t}.subscriptions s WHERE {sub_list} AND {sub_seen} WITH CASCADED CHECK OPTION;
         CREATE VIEW {i}.recipient_changes AS SELECT c.id, c.recipient_id, c.at, c.user_id, c.source, c.import_id, c.changes
            FROM {t}.recipient_changes c WHERE {change_seen};
         CREATE VIEW {i}.subscription_changes AS SELECT c.id, c.recipient_id, c.list_id, c.at, c.user_id, c.source, c.old_status, c.new_status
            FROM {t}.subscription_changes c WHERE {change_list} AND {change_seen};
         CREATE VIEW {i}.imports AS SELECT m.id, m.inner_id, m.state, m.file_name, m.stored_as, m.file_size, m.settings, m.job_id,
            m.created_by, m.created_at, m.started_at, m.finished_at, m.done_line, m.rows, m.created, m.updated, m.unchanged, m.refused,
            m.noted, m.errors_file, m.error, m.version FROM {t}.imports m WHERE m.inner_id = {inner} WITH CASCADED CHECK OPTION;
         ALTER VIEW {i}.imports ALTER COLUMN inner_id SET DEFAULT {inner};
         CREATE VIEW {i}.import_problems AS SELECT p.import_id, p.line, p.refused, p.code, p.field_id, p.params FROM {t}.import_problems p
            WHERE EXISTS (SELECT 1 FROM {i}.imports m WHERE m.id = p.import_id) WITH CASCADED CHECK OPTION;
         CREATE VIEW {i}.import_profiles AS SELECT p.id, p.inner_id, p.name, p.settings, p.created_at, p.version FROM {t}.import_profiles p
            WHERE p.inner_id = {inner} WITH CASCADED CHECK OPTION;
         ALTER VIEW {i}.import_profiles ALTER COLUMN inner_id SET DEFAULT {inner};",
        list = list_is("l.id"),
        sub_list = list_is("s.list_id"),
        sub_seen = seen("s.recipient_id"),
        change_seen = seen("c.recipient_id"),
        change_list = list_is("c.list_id"),
    )
}

/// What the tenant's functions ask: does a row fit the rule, which lists fence, may an edit move out.
fn functions(inner: TenantId, parent: TenantId, fence: &FenceSql) -> String {
    let (i, t) = (names::projection(inner), names::schema(parent));
    let rule = match (&fence.rule, fence.lists.is_empty()) {
        (Some(rule), _) => rule.as_str(),
        (None, false) => "true",
        (None, true) => "false",
    };
    let lists = fence
        .lists
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",");
    format!(
        "CREATE FUNCTION {i}.fits(r {t}.recipients) RETURNS boolean LANGUAGE sql STABLE AS {body};
         CREATE FUNCTION {i}.fence_lists() RETURNS integer[] LANGUAGE sql IMMUTABLE AS 'SELECT ''{{{lists}}}''::integer[]';
         CREATE FUNCTION {i}.moves_allowed() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT {moves}';
         REVOKE EXECUTE ON FUNCTION {i}.fits({t}.recipients), {i}.fence_lists(), {i}.moves_allowed() FROM PUBLIC;",
        // Quoted once more as a whole; no dollar quotes, which a text in the rule could close.
        body = format_args!("'SELECT {}'", rule.replace('\'', "''")),
        moves = fence.moves_allowed,
    )
}

/// The grants that depend on the fence and on the fields: unique columns go through `change_unique`;
/// where lists fence, deleting means leaving those lists, so the recipient itself stays.
fn dependent_grants(
    names: Names,
    inner: TenantId,
    columns: &RecipientColumns,
    fence: &FenceSql,
) -> String {
    let (i, role) = (names::projection(inner), names.i(inner));
    let mut sql = format!(
        "GRANT UPDATE ({}) ON {i}.recipients TO {role};",
        columns.editable.join(", ")
    );
    if fence.lists.is_empty() {
        sql += &format!("GRANT DELETE ON {i}.recipients TO {role};");
    }
    sql
}
