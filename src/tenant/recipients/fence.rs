//! Why a recipient would lie outside an inner tenant's fence: the conditions that his values do not meet.

use super::dynamic::Dynamic;
use super::write::Assignment;
use crate::access::rights::Right;
use crate::access::{Access, ControlAccess};
use crate::control::tenants::fence::Fence;
use crate::db::ids::TenantId;
use crate::db::schema::control::tenants;
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use crate::tenant::fields::{self, Field};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool};
use serde_json::{Map, Value};

/// The fence of an inner tenant, as its row in the control tables has it.
///
/// # Errors
/// When the row was damaged.
pub fn of(conn: &mut PgConnection, inner: TenantId) -> Result<Option<Fence>> {
    let stored: Option<Value> = tenants::table
        .filter(tenants::id.eq(inner.0))
        .select(tenants::fence)
        .first(conn)?;
    stored.as_ref().map(Fence::from_stored).transpose()
}

/// The conditions of the fence's rule that do not hold, as people read them, if a recipient had these
/// values and else the defaults; those only that whoever asks may ask by.
///
/// # Errors
/// When the database does not answer.
pub fn unmet<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    fence: &Fence,
    all: &[Field],
    values: &[Assignment],
) -> Result<Vec<String>> {
    let every = fields::every(conn.pg())?;
    let Some(rule) = fence.checked_rule(&fields::catalog(&every)?)? else {
        return Ok(Vec::new());
    };
    let mut conditions = rule.conditions();
    conditions.retain(|condition| fields::may_ask(all, condition));
    if conditions.is_empty() {
        return Ok(Vec::new());
    }
    let query = Dynamic::<Array<Bool>>::default()
        .sql("SELECT ARRAY[")
        .each(&conditions, ", ", |q, condition| {
            q.sql("(").rule(condition).sql(") IS TRUE")
        })
        .sql("] FROM jsonb_populate_record(NULL::recipients, ")
        .text(Value::Object(record(all, values)?).to_string())
        .sql("::jsonb) r");
    let holds: Vec<bool> = query.get_result(conn.pg())?;
    Ok(conditions
        .iter()
        .zip(holds)
        .filter(|(_, holds)| !holds)
        .map(|(condition, _)| condition.show())
        .collect())
}

/// The conditions of the inner tenant's fence that these values miss, for whoever was refused.
///
/// # Errors
/// When the database does not answer.
pub async fn missed<R: Right>(
    access: &Access<R>,
    above: &ControlAccess<R>,
    fields: &[Field],
    values: Vec<Assignment>,
) -> Result<Vec<String>> {
    let id = access.tenant().id;
    let Some(fence) = above.run(move |conn| of(conn.pg(), id)).await? else {
        return Ok(Vec::new());
    };
    let fields = fields.to_vec();
    access
        .run(move |conn| unmet(conn, &fence, &fields, &values))
        .await
}

/// The row as it would be, by columns.
fn record(all: &[Field], values: &[Assignment]) -> Result<Map<String, Value>> {
    let mut record = Map::new();
    for field in all {
        if let Some(default) = &field.default_value {
            record.insert(field.column()?.to_string(), default.clone().into());
        }
    }
    for value in values {
        record.insert(value.column.to_string(), value.value.clone().into());
    }
    Ok(record)
}
