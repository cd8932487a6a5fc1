//! What the audit tells of bulk acts: when one is asked for, what and to whom; when it is over, how many it
//! reached. No values and no addresses: recipients are erased, entries are not.

use super::{Act, Order, Whom};
use crate::control::audit;
use crate::db::ids::JobId;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::{fields, lists};
use serde_json::{Value, json};

/// Records that a job was asked for. The list or field must be there: what is recorded has its name.
///
/// # Errors
/// `NotFound` where it is not; when the database refuses.
pub fn asked(conn: &mut TenantConn<'_, Write>, job: JobId, order: &Order) -> Result<()> {
    let mut data = match &order.act {
        Act::Set { field, value } => {
            let all = fields::all(conn)?;
            let field = all.iter().find(|known| known.id == *field);
            let key = &field.ok_or(AppError::NotFound)?.key;
            json!({ "act": "set", "field": key, "emptied": value.is_none() })
        }
        Act::Subscribe { list, .. } => {
            json!({ "act": "subscribe", "list": lists::by_id(conn, *list)?.name })
        }
        Act::Unsubscribe { list } => {
            json!({ "act": "unsubscribe", "list": lists::by_id(conn, *list)?.name })
        }
        Act::Delete { .. } => json!({ "act": "delete" }),
    };
    match &order.whom {
        Whom::Chosen(ids) => data["chosen"] = json!(ids.len()),
        Whom::Matching {
            rule, search, list, ..
        } => data["filtered"] = json!(rule.is_some() || !search.is_empty() || list.is_some()),
    }
    audit::record_in_tenant(conn, "recipients.bulk", &job.to_string(), &data)
}

/// Records that a job is over, and how many recipients it went through; after a crash just then perhaps twice.
///
/// # Errors
/// When the database refuses.
pub fn over(conn: &mut TenantConn<'_, Write>, job: JobId, count: i64, stopped: bool) -> Result<()> {
    let data: Value = json!({ "count": count, "stopped": stopped });
    audit::record_in_tenant(conn, "recipients.bulk_end", &job.to_string(), &data)
}
