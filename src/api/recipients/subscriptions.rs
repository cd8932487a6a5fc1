//! A recipient's subscriptions.

use super::write::checked_consent;
use super::{Sealed, Status, seal};
use crate::access::Access;
use crate::access::rights::{ChangeRecipients, ViewRecipients};
use crate::api::body::Body;
use crate::api::{Answer, Items, ok};
use crate::db::ids::{ListId, RecipientId};
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::recipients::{query, subscriptions, write};
use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recipient's place on a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscription {
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

pub(super) async fn of_one(access: Access<ViewRecipients>, which: web::Path<Sealed>) -> Answer {
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
pub(super) struct OnList {
    id: String,
    list: i32,
}

/// The status that a subscription is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSubscription {
    status: Status,
    /// What the recipient agreed to.
    #[serde(default)]
    #[schema(max_length = 5000)]
    consent: String,
}

pub(super) async fn subscribe(
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
