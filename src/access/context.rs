//! What a request knows of its user and its tenant; loaded once by the middleware, read by the gates.

use super::rights::Right;
use crate::db::ids::{TenantId, TokenId, UserId};
use crate::db::origin::{Origin, SeenAs};
use crate::db::{Source, TenantScope, Viewer, tenant};
use crate::error::{AppError, Result};
use crate::web::flash::Message;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The person logged in.
#[derive(Clone, Debug)]
pub struct SessionUser {
    /// Who.
    pub id: UserId,
    /// As shown.
    pub name: String,
    /// `en` or `de`.
    pub language: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// IANA name of the zone times are shown in.
    pub time_zone: String,
}

/// The tenant named by the URL, and the user's place in it.
#[derive(Clone, Debug)]
pub struct TenantHere {
    /// Its id.
    pub id: TenantId,
    /// `main`, `separate` or `inner`.
    pub kind: String,
    /// `nord` or `nord/vip`.
    pub path: String,
    /// Parent in the tree.
    pub parent: Option<TenantId>,
    /// As shown.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// `en` or `de`: the language of what the tenant sends.
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
    /// The most severe status of the tenant and all above it; `trashed` in the trash.
    pub status: String,
    /// Version of the schema its data lies in.
    pub schema_version: i32,
    /// Inner tenants: whether edits may move a recipient out.
    pub moves_allowed: bool,
    /// Inner tenants: whether lists fence it (else a rule alone).
    pub fenced_by_lists: bool,
    /// Names from the main tenant down to this one.
    pub trail: Vec<String>,
    /// Keys of the rights that the user has here; empty where he has no membership.
    pub rights: BTreeSet<String>,
    /// With whose eyes the user looks at its data.
    pub viewer: Viewer,
    /// Whether the user works in other tenants, too.
    pub other_tenants: bool,
    /// Whether it has inner tenants.
    pub inner_below: bool,
    /// Whether the tenant, or one above it, asks for a second factor that the user has not.
    pub second_factor_missing: bool,
    /// The log-in by a provider that the tenant, or one above it, asks this user for.
    pub sign_on: Option<SignOnAsked>,
    /// The tenant above that he came from, where he has no place here and entered for a time.
    pub visits_from: Option<TenantId>,
}

impl TenantHere {
    /// Whether this is an inner tenant.
    pub fn is_inner(&self) -> bool {
        self.kind == "inner"
    }

    /// Which role and schema its transactions enter.
    pub fn scope(&self) -> TenantScope {
        TenantScope {
            id: self.id,
            parent: if self.is_inner() { self.parent } else { None },
        }
    }

    /// The tenant in whose schema the data lies.
    pub fn data_tenant(&self) -> TenantId {
        self.scope().schema_tenant()
    }

    /// Whether the user holds a right here.
    pub fn may(&self, right: &str) -> bool {
        self.rights.contains(right)
    }

    /// Demands a right for a named act within a page: one that the page's own gate does not ask for.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn allows<R: Right>(&self) -> Result<()> {
        if self.may(R::INFO.key) {
            Ok(())
        } else {
            Err(AppError::Forbidden { right: R::INFO.key })
        }
    }

    /// `/t/nord` or `/t/nord/vip`.
    pub fn base(&self) -> String {
        format!("/t/{}", self.path)
    }
}

/// The log-in that a tenant asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOnAsked {
    /// What a session that was begun by it carries.
    pub mark: String,
    /// The address of the tenant whose provider it is.
    pub slug: String,
    /// What its button says.
    pub label: String,
}

/// The token that a program came with.
#[derive(Clone, Debug)]
pub struct TokenHere {
    /// Its id.
    pub id: TokenId,
    /// The name its owner gave it.
    pub name: String,
    /// The address of the one tenant that it is for.
    pub tenant: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// What it may at most; its user's own rights narrow this further.
    pub rights: BTreeSet<String>,
}

/// As whom a user looks at a tenant: as another user, or as anybody with a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Where.
    pub tenant: TenantId,
    /// The user, by his id.
    pub user: Option<i32>,
    /// The role, by its id.
    pub role: Option<i32>,
    /// What he or it is called.
    pub name: String,
}

/// Everything the middleware loaded.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Nobody, where no session is good.
    pub user: Option<SessionUser>,
    /// The token, where a program asks.
    pub token: Option<TokenHere>,
    /// Through what: a page or the API.
    pub source: Source,
    /// Nothing, where the URL names no tenant or none that exists.
    pub tenant: Option<TenantHere>,
    /// As whom the user looks at the tenant; then he can only look.
    pub seen: Option<Seen>,
    /// By which providers the session, or whoever made the token, logged in.
    pub signed_on: Vec<String>,
    /// The session's CSRF token.
    pub csrf: String,
    /// The language to answer in: the user's, else the browser's.
    pub language: String,
    /// For the log and the error page.
    pub request_id: String,
    /// The client's network address.
    pub address: Option<IpAddr>,
    /// Requests to admit that wait, where the user is one who decides them.
    pub waiting: i64,
    /// What the last act left to be said.
    pub flash: Vec<Message>,
}

impl Context {
    /// Where what this request does comes from, as entries of the audit name it.
    pub fn origin(&self) -> Origin {
        let seen_as = self.seen.as_ref().and_then(|seen| match seen {
            Seen { user: Some(id), .. } => Some(SeenAs::User(*id)),
            Seen { role, .. } => role.map(SeenAs::Role),
        });
        Origin {
            user: self.user.as_ref().map(|user| user.id),
            address: self.address,
            came_from: self.tenant.as_ref().and_then(|here| here.visits_from),
            seen_as,
        }
    }

    /// Demands that the session was begun by the provider that a tenant asks for.
    ///
    /// # Errors
    /// `SignOn`.
    pub fn has_signed_on(&self, tenant: &TenantHere) -> Result<()> {
        match &tenant.sign_on {
            Some(asked) if !self.signed_on.contains(&asked.mark) => {
                Err(AppError::SignOn(asked.clone()))
            }
            _ => Ok(()),
        }
    }

    /// How the history names who acts.
    pub fn acting(&self) -> Option<tenant::Acting> {
        self.user
            .as_ref()
            .map(|user| tenant::Acting::request(user.id, self.source))
    }
}
