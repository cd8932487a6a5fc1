//! What the token that asks is and may.

use super::{Answer, ok};
use crate::access::rights;
use crate::access::{LoggedIn, Routes};
use crate::error::AppError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/token", show);
}

pub(super) fn describe(d: &mut super::Document) {
    d.get("/api/v1/token", "token", "The token that asks")
        .answers::<Token>();
}

/// A token.
#[derive(Serialize, ToSchema)]
struct Token {
    /// The name its owner gave it.
    name: String,
    /// Whom it acts for.
    user: String,
    /// The one tenant that it is for: `nord`, or `nord/vip` for an inner tenant.
    tenant: String,
    /// What was chosen for it. What its user may himself narrows this in each request.
    rights: Vec<String>,
    /// When it ends.
    expires_at: DateTime<Utc>,
}

async fn show(visitor: LoggedIn) -> Answer {
    let token = visitor.context().token.as_ref().ok_or(AppError::LogIn)?;
    let known = |key: &&String| rights::ALL.iter().any(|right| right.key == **key);
    ok(&Token {
        name: token.name.clone(),
        user: visitor.user().name.clone(),
        tenant: token.tenant.clone(),
        rights: token.rights.iter().filter(known).cloned().collect(),
        expires_at: token.expires_at,
    })
}
