//! Making, changing and deleting recipients. Creation goes through the tenant's function
//! `create_recipient`, so that an inner tenant learns nothing of people outside its fence.

use super::dynamic::Dynamic;
use crate::access::TenantHere;
use crate::access::rights::EraseFencedRecipients;
use crate::control::audit;
use crate::db::ids::{ListId, RecipientId};
use crate::db::schema::tenant::{recipients, subscriptions};
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::tenant::target_groups::rules::Column;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text};
use serde_json::json;

diesel::define_sql_function! {
    /// Makes a recipient; null in inner tenants.
    fn create_recipient(data: Jsonb, wanted: Array<Integer>, consent: Nullable<Text>) -> Nullable<BigInt>;
}
diesel::define_sql_function! {
    /// Sets a unique field.
    fn change_unique(recipient: BigInt, col: Text, value: Nullable<Text>);
}
diesel::define_sql_function! {
    /// Subscribes recipients that the acting role sees.
    fn subscribe(recipient_ids: Array<BigInt>, list: Integer, new_status: Text, again: Bool, consent: Nullable<Text>) -> BigInt;
}

/// A value for a column, in canonical text.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Where.
    pub column: Column,
    /// Of which type.
    pub kind: Kind,
    /// What; none for empty.
    pub value: Option<String>,
    /// Whether no two recipients may share it.
    pub unique: bool,
}

impl Assignment {
    /// A value that somebody entered, who must be allowed to.
    ///
    /// # Errors
    /// `NotFound` for a field that he may not change.
    pub fn by_hand(field: &Field, value: Option<String>) -> Result<Self> {
        if field.is_editable() {
            Self::as_it_is(field, value)
        } else {
            Err(AppError::NotFound)
        }
    }

    /// A value that stands there already, to be judged with others.
    ///
    /// # Errors
    /// When the field's row was damaged.
    pub fn as_it_is(field: &Field, value: Option<String>) -> Result<Self> {
        Ok(Self {
            column: field.column()?,
            kind: field.kind()?,
            value,
            unique: field.is_unique,
        })
    }
}

/// Makes a recipient. The tenant itself gets his id; an inner tenant never does, whether he was made or,
/// existing outside its fence, asked for.
///
/// # Errors
/// `OutsideFence`, `Constraint` for a unique field's value that is taken (`recipients_<column>_key`),
/// `Invalid` for a list outside the fence or a missing one.
pub fn create(
    conn: &mut TenantConn<'_, Write>,
    values: &[Assignment],
    lists: &[ListId],
    consent: Option<&str>,
) -> Result<Option<RecipientId>> {
    let data: serde_json::Map<String, serde_json::Value> = values
        .iter()
        .filter_map(|a| {
            Some((
                a.column.to_string(),
                serde_json::Value::String(a.value.clone()?),
            ))
        })
        .collect();
    let lists: Vec<i32> = lists.iter().map(|list| list.0).collect();
    let id: Option<i64> = diesel::select(create_recipient(
        serde_json::Value::Object(data),
        lists,
        consent,
    ))
    .get_result(conn.pg())?;
    Ok(id.map(RecipientId))
}

/// Makes a recipient as a person or a program entered him, and notes it.
///
/// # Errors
/// Those of `create`.
pub fn enter(
    conn: &mut TenantConn<'_, Write>,
    values: &[Assignment],
    lists: &[ListId],
    consent: Option<&str>,
) -> Result<Option<RecipientId>> {
    can_be_whole(conn)?;
    let id = create(conn, values, lists, consent)?;
    // What an inner tenant is told must not depend on whom it does not see.
    let object = id.filter(|_| !conn.is_inner()).map(|id| id.to_string());
    let object = object.unwrap_or_default();
    audit::record_in_tenant(conn, "recipient.create", &object, &json!({}))?;
    Ok(id)
}

/// Refuses where a recipient must have a value that whoever enters him may not enter, and that does not come of
/// itself. Which field that is he may not be allowed to know.
fn can_be_whole(conn: &mut TenantConn<'_, Write>) -> Result<()> {
    let viewer = conn.viewer().clone();
    let all = fields::every_for(conn.pg(), &viewer)?;
    let lacks = |field: &Field| {
        let entered = field.own_mode() == fields::seen::Mode::Editable;
        field.required && field.default_value.is_none() && entered && !field.is_editable()
    };
    if all.iter().any(lacks) {
        return Err(AppError::invalid("recipient-cannot-be-whole"));
    }
    Ok(())
}

/// Whether a deletion takes recipients only off this tenant's lists.
///
/// # Errors
/// `Forbidden` where a rule fences the inner tenant and the user lacks the right to erase.
pub fn leaves_lists_only(here: &TenantHere) -> Result<bool> {
    if !here.is_inner() {
        return Ok(false);
    }
    if !here.fenced_by_lists {
        here.allows::<EraseFencedRecipients>()?;
    }
    Ok(here.fenced_by_lists)
}

/// Deletes one recipient as a person or a program asked, and notes it; `sealed` is his id in URLs.
///
/// # Errors
/// `NotFound`, or when the database refuses.
pub fn remove(
    conn: &mut TenantConn<'_, Write>,
    id: RecipientId,
    sealed: &str,
    only_lists: bool,
) -> Result<()> {
    super::query::one(conn, id, &[])?;
    delete(conn, &[id], only_lists)?;
    // An inner tenant's log must not tell how many recipients exist outside.
    let object = if conn.is_inner() {
        sealed.to_owned()
    } else {
        id.to_string()
    };
    audit::record_in_tenant(conn, "recipient.delete", &object, &json!({}))
}

/// Subscribes one recipient, or gives his subscription another status, as somebody asked.
///
/// # Errors
/// `NotFound` for a recipient, list or status that is none.
pub fn set_subscription(
    conn: &mut TenantConn<'_, Write>,
    id: RecipientId,
    list: ListId,
    status: &str,
    consent: &str,
) -> Result<()> {
    if !super::state::STATUSES.contains(&status) {
        return Err(AppError::NotFound);
    }
    super::query::one(conn, id, &[])?;
    crate::tenant::lists::by_id(conn, list)?;
    let consent = Some(consent.trim()).filter(|text| !text.is_empty());
    subscribe_all(conn, &[id], list, status, true, consent)?;
    Ok(())
}

/// What a refusal of the database is about: a field and the message's key.
///
/// # Errors
/// Any other error is handed on.
pub fn blamed(fields: &[Field], error: AppError) -> Result<(&Field, &'static str)> {
    let AppError::Constraint(constraint) = error else {
        return Err(error);
    };
    for field in fields {
        let column = field.column()?;
        if constraint == format!("recipients_{column}_key") {
            return Ok((field, "recipient-taken"));
        }
        if constraint.starts_with(&format!("recipients_{column}_")) {
            return Ok((field, "recipient-refused"));
        }
    }
    Err(AppError::Constraint(constraint))
}

/// Changes a recipient. Nothing is written, and no history, for values that are as they were.
///
/// # Errors
/// `NotFound`, `OutsideFence`, `Constraint`.
pub fn update(
    conn: &mut TenantConn<'_, Write>,
    id: RecipientId,
    values: &[Assignment],
) -> Result<()> {
    // Unique fields of an inner tenant go through their function: the index would tell of hidden people.
    let inner = conn.is_inner();
    let (unique, plain): (Vec<_>, Vec<_>) = values.iter().partition(|a| a.unique && inner);
    if !plain.is_empty() {
        let query = Dynamic::<()>::default()
            .sql("UPDATE recipients r SET changed_at = now()")
            .each(&plain, "", |q, a| {
                q.sql(", ")
                    .name(&a.column)
                    .sql(" = ")
                    .value(&a.kind, a.value.clone())
            })
            .sql(" WHERE r.id = ")
            .int(id.0);
        if query.execute(conn.pg())? == 0 {
            return Err(AppError::NotFound);
        }
    }
    for a in unique {
        diesel::select(change_unique(id.0, a.column.as_str(), a.value.clone()))
            .execute(conn.pg())?;
    }
    Ok(())
}

/// Deletes recipients, also from the files of imports (by a job), or, where lists fence the inner tenant,
/// takes them off those lists.
///
/// # Errors
/// When the database refuses.
pub fn delete(
    conn: &mut TenantConn<'_, Write>,
    ids: &[RecipientId],
    fenced_by_lists: bool,
) -> Result<usize> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if fenced_by_lists {
        let hit: Vec<i64> =
            diesel::delete(subscriptions::table.filter(subscriptions::recipient_id.eq_any(ids)))
                .returning(subscriptions::recipient_id)
                .get_results(conn.pg())?;
        let distinct: std::collections::BTreeSet<i64> = hit.into_iter().collect();
        return Ok(distinct.len());
    }
    let gone: Vec<String> = diesel::delete(recipients::table.filter(recipients::id.eq_any(ids)))
        .returning(recipients::email)
        .get_results(conn.pg())?;
    super::erase::from_files(conn, &gone)?;
    Ok(gone.len())
}

/// Subscribes recipients to a list; `again` also those who had left it.
///
/// # Errors
/// `Invalid` for a list outside the fence.
pub fn subscribe_all(
    conn: &mut TenantConn<'_, Write>,
    ids: &[RecipientId],
    list: ListId,
    status: &str,
    again: bool,
    consent: Option<&str>,
) -> Result<i64> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(diesel::select(subscribe(ids, list.0, status, again, consent)).get_result(conn.pg())?)
}

/// Sets the status of subscriptions that exist.
///
/// # Errors
/// When the database refuses.
pub fn set_status(
    conn: &mut TenantConn<'_, Write>,
    ids: &[RecipientId],
    list: ListId,
    status: &str,
) -> Result<usize> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(diesel::update(
        subscriptions::table
            .filter(subscriptions::recipient_id.eq_any(ids))
            .filter(subscriptions::list_id.eq(list.0))
            .filter(subscriptions::status.ne(status)),
    )
    .set((
        subscriptions::status.eq(status),
        subscriptions::since.eq(diesel::dsl::now),
        subscriptions::source.eq("form"),
    ))
    .execute(conn.pg())?)
}

/// Gives a field that is not unique one value in many recipients. Those who have it already are left
/// alone.
///
/// # Errors
/// `OutsideFence`, `Constraint`.
pub fn set_all(
    conn: &mut TenantConn<'_, Write>,
    ids: &[RecipientId],
    to: &Assignment,
) -> Result<usize> {
    let query = Dynamic::<()>::default()
        .sql("UPDATE recipients r SET changed_at = now(), ")
        .name(&to.column)
        .sql(" = ")
        .value(&to.kind, to.value.clone())
        .sql(" WHERE r.id = ANY (")
        .ids(ids.iter().map(|id| id.0).collect())
        .sql(") AND ")
        .column(&to.column)
        .sql(" IS DISTINCT FROM ")
        .value(&to.kind, to.value.clone());
    Ok(query.execute(conn.pg())?)
}

/// Takes many recipients off a list; those who left it or are blocked stay as they are.
///
/// # Errors
/// When the database refuses.
pub fn unsubscribe_all(
    conn: &mut TenantConn<'_, Write>,
    ids: &[RecipientId],
    list: ListId,
) -> Result<usize> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(diesel::update(
        subscriptions::table
            .filter(subscriptions::recipient_id.eq_any(ids))
            .filter(subscriptions::list_id.eq(list.0))
            .filter(subscriptions::status.eq_any(["active", "waiting"])),
    )
    .set((
        subscriptions::status.eq("unsubscribed_admin"),
        subscriptions::since.eq(diesel::dsl::now),
        subscriptions::source.eq("bulk"),
    ))
    .execute(conn.pg())?)
}
