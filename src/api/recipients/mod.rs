//! Recipients and their subscriptions. A recipient is an object by the keys of the tenant's fields; its id
//! is sealed, as in the pages' URLs.

mod find;
mod subscriptions;
mod write;

use super::Answer;
use crate::access::rights::Right;
use crate::access::{Access, Routes};
use crate::db::ids::RecipientId;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields::Field;
use crate::tenant::recipients::export::Export;
use crate::tenant::recipients::query::{Filter, Row};
use crate::web::sealed::Seal;
use actix_web::HttpResponseBuilder;
use actix_web::http::header::{ETag, EntityTag};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/recipients", find::list);
    r.get("/api/v1/t/{tenant}/recipients/count", find::count);
    r.post("/api/v1/t/{tenant}/recipients", write::create);
    r.get("/api/v1/t/{tenant}/recipients/{id}", find::show);
    r.patch("/api/v1/t/{tenant}/recipients/{id}", write::change);
    r.delete("/api/v1/t/{tenant}/recipients/{id}", write::delete);
    r.get(
        "/api/v1/t/{tenant}/recipients/{id}/subscriptions",
        subscriptions::of_one,
    );
    r.put(
        "/api/v1/t/{tenant}/recipients/{id}/subscriptions/{list}",
        subscriptions::subscribe,
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
    .query::<find::Listing>()
    .answers_items::<Recipient>();
    d.get(
        "/api/v1/t/{tenant}/recipients/count",
        tag,
        "How many recipients there are",
    )
    .query::<find::Narrowing>()
    .answers::<find::Count>();
    d.post("/api/v1/t/{tenant}/recipients", tag, "Create a recipient")
        .more(asked)
        .takes::<write::NewRecipient>()
        .makes::<Recipient>()
        .with_etag(201)
        .or_accepts("Entered, in an inner tenant.");
    d.get("/api/v1/t/{tenant}/recipients/{id}", tag, "A recipient")
        .answers::<Recipient>()
        .with_etag(200);
    d.patch(
        "/api/v1/t/{tenant}/recipients/{id}",
        tag,
        "Change fields of a recipient",
    )
    .more("Fields that are left out stay; null empties one.")
    .if_match()
    .takes::<write::ChangedRecipient>()
    .answers::<Recipient>()
    .with_etag(200)
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
        .answers_items::<subscriptions::Subscription>();
    d.put(
        &format!("{of_one}/{{list}}"),
        tag,
        "Subscribe a recipient, or set his status",
    )
    .takes::<subscriptions::NewSubscription>()
    .answers_items::<subscriptions::Subscription>();
}

/// A recipient: `id`, and each field that is not hidden by its key.
#[derive(Serialize, ToSchema)]
pub(super) struct Recipient {
    /// Sealed: the same recipient looks different in another tenant.
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Recipient {
    /// What stands in him, as a header names it: the same as long as nobody changes him. The page's form marks
    /// what it was filled with likewise, because recipients carry no version of their own.
    fn etag(&self) -> Result<EntityTag> {
        let text =
            serde_json::to_vec(self).map_err(|error| AppError::internal(error.to_string()))?;
        let digest = Sha256::digest(&text);
        Ok(EntityTag::new_strong(
            BASE64_URL_SAFE_NO_PAD.encode(&digest[..16]),
        ))
    }

    /// The answer with him and his tag.
    fn answer(&self, mut response: HttpResponseBuilder) -> Answer {
        Ok(response.insert_header(ETag(self.etag()?)).json(self))
    }
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
