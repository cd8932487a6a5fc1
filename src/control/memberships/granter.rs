//! Grant only what you hold: what somebody may hand on, or take away, in a tenant.

use crate::access::{Context, rights};
use crate::control::audit::Actor;
use crate::control::roles;
use crate::control::users::query::{self, Around};
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{memberships, tenants, visits};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use std::collections::BTreeSet;

use super::Place;

/// Somebody who gives or takes rights in a tenant.
#[derive(Clone, Debug)]
pub struct Granter {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// How entries of the audit name him.
    pub actor: Actor,
    /// What he may do there now.
    held: BTreeSet<String>,
    /// What his token may at most, where a program acts for him.
    token: Option<BTreeSet<String>>,
    /// The language that rights are named in.
    language: String,
    /// Whether nothing is measured.
    operator: bool,
    /// Whether he is here for a time only, without a place.
    visitor: bool,
}

impl Granter {
    /// Whoever makes the request, in the tenant of its URL.
    ///
    /// # Errors
    /// `LogIn` or `NotFound` where there is nobody or no tenant; behind a gate never.
    pub fn of(context: &Context) -> Result<Self> {
        let user = context.user.as_ref().ok_or(AppError::LogIn)?;
        let tenant = context.tenant.as_ref().ok_or(AppError::NotFound)?;
        Ok(Self {
            tenant: tenant.id,
            user: user.id,
            actor: Actor {
                user: Some(user.id),
                source: context.source,
            },
            held: tenant.rights.clone(),
            token: context.token.as_ref().map(|token| token.rights.clone()),
            language: context.language.clone(),
            operator: false,
            visitor: tenant.visits_from.is_some(),
        })
    }

    /// One who may hand on everything: the operator at the command line, and what the program does by itself
    /// for somebody who acts.
    pub fn operator(actor: Actor, tenant: TenantId) -> Self {
        let all = rights::ALL.iter().map(|right| right.key.to_owned());
        Self {
            tenant,
            user: UserId(0),
            actor,
            held: all.collect(),
            token: None,
            language: "en".into(),
            operator: true,
            visitor: false,
        }
    }

    /// Those of `rights` that he may not hand on: each must be granted to him here, also where the
    /// tenant's ceiling keeps it from being in force (it would come back for both alike), and each in force
    /// must be so for what he acts with.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn lacks(&self, conn: &mut PgConnection, rights: &BTreeSet<String>) -> Result<Vec<String>> {
        if self.operator {
            return Ok(Vec::new());
        }
        let granted = granted(conn, self.user, self.tenant)?;
        let ceiling: Option<Vec<String>> = tenants::table
            .find(self.tenant.0)
            .select(tenants::ceiling_in_force)
            .first(conn)?;
        let possible = |right: &String| ceiling.as_ref().is_none_or(|c| c.contains(right));
        let good = |right: &&String| {
            granted.contains(*right)
                && (self.held.contains(*right) || !possible(right))
                && self.token.as_ref().is_none_or(|t| t.contains(*right))
        };
        Ok(rights
            .iter()
            .filter(|right| !good(right))
            .cloned()
            .collect())
    }

    /// Demands that he may hand on all of them.
    ///
    /// # Errors
    /// `Invalid("rights-beyond")`.
    pub fn demand(&self, conn: &mut PgConnection, rights: &BTreeSet<String>) -> Result<()> {
        let lacking = self.lacks(conn, rights)?;
        if lacking.is_empty() {
            Ok(())
        } else {
            let label = |key: &String| {
                rights::by_key(key)
                    .map_or_else(|| key.clone(), |info| info.label(&self.language).to_owned())
            };
            let names: Vec<String> = lacking.iter().map(label).collect();
            Err(AppError::Invalid {
                key: "rights-beyond",
                params: vec![("rights", names.join(", "))],
            })
        }
    }

    /// Demands that he may turn one place into another: what is taken away is measured like what is given,
    /// so that nobody puts out who holds more than he does.
    ///
    /// # Errors
    /// `Invalid("rights-beyond")`; for a role that the tenant does not have.
    pub fn demand_change(
        &self,
        conn: &mut PgConnection,
        before: &Place,
        after: &Place,
    ) -> Result<()> {
        let differ = |one: &[String], other: &[String]| -> Vec<String> {
            let lacks = |of: &[String], key: &&String| !of.contains(*key);
            let gone = one.iter().filter(|key| lacks(other, key));
            gone.chain(other.iter().filter(|key| lacks(one, key)))
                .cloned()
                .collect()
        };
        let dates = (before.from, before.until) != (after.from, after.until);
        // Other dates are another place as a whole.
        let (names, singles) = if dates {
            (
                [before.roles.clone(), after.roles.clone()].concat(),
                [before.rights.clone(), after.rights.clone()].concat(),
            )
        } else {
            (
                differ(&before.roles, &after.roles),
                differ(&before.rights, &after.rights),
            )
        };
        let ids = roles::by_keys(conn, self.tenant, &names)?;
        let mut rights = roles::rights_of(conn, &ids)?;
        rights.extend(singles);
        self.demand(conn, &rights)
    }

    /// Demands that he holds all that somebody else holds here, above and below: whoever sets another's
    /// password can act as him. What that one is elsewhere is no business of this tenant.
    ///
    /// # Errors
    /// `Invalid("users-holds-more")`.
    pub fn demand_all_of(&self, conn: &mut PgConnection, user: UserId) -> Result<()> {
        if self.operator {
            return Ok(());
        }
        for Around { id, above, granted } in query::around(conn, self.tenant, user)? {
            let his: BTreeSet<String> = granted.into_iter().collect();
            let more = if above {
                // Rights above are worth more than the same here.
                !his.is_subset(&self::granted(conn, self.user, TenantId(id))?)
            } else {
                !self.lacks(conn, &his)?.is_empty()
            };
            if more {
                return Err(AppError::invalid("users-holds-more"));
            }
        }
        Ok(())
    }

    /// Whether he is here for a time only: then nothing that he makes gives him a place for good.
    pub fn visits(&self) -> bool {
        self.visitor
    }

    /// The person behind a program: what he may himself, whatever his token may.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn as_person(&self, conn: &mut PgConnection) -> Result<Self> {
        let mut person = self.clone();
        if person.token.take().is_some() {
            let held: Vec<String> = memberships::table
                .filter(memberships::user_id.eq(self.user.0))
                .filter(memberships::tenant_id.eq(self.tenant.0))
                .select(memberships::in_force)
                .first(conn)?;
            person.held = held.into_iter().collect();
        }
        Ok(person)
    }
}

/// What a user is granted in a tenant before its ceiling: by his membership, else by the one that he visits
/// by.
fn granted(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> Result<BTreeSet<String>> {
    let own: Option<Vec<String>> = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .filter(memberships::tenant_id.eq(tenant.0))
        .select(memberships::granted)
        .first(conn)
        .optional()?;
    let rights = match own {
        Some(own) if !own.is_empty() => own,
        _ => visits::table
            .inner_join(memberships::table)
            .filter(visits::user_id.eq(user.0))
            .filter(visits::tenant_id.eq(tenant.0))
            .filter(visits::ends_at.gt(crate::clock::now()))
            // Who visits hands on what is in force where he comes from, no more.
            .select(memberships::in_force)
            .first(conn)
            .optional()?
            .unwrap_or_default(),
    };
    Ok(rights.into_iter().collect())
}
