//! Grant only what you hold: what somebody may hand on, or take away, in a tenant.

use crate::access::ControlAccess;
use crate::access::rights::{self, Right};
use crate::control::audit::Actor;
use crate::control::roles;
use crate::control::users::query::{self, Around};
use crate::db::Viewer;
use crate::db::ids::{RoleId, TenantId, UserId};
use crate::db::schema::control::{memberships, tenants, visits};
use crate::error::{AppError, Result};
use crate::tenant::fields::rights::of_all;
use crate::tenant::fields::seen::{ByRole, Mode, by_roles};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer};
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
    /// What he sees of fields there.
    sight: Sight,
}

/// What somebody sees of fields, as far as roles say something of them.
#[derive(Clone, Debug)]
struct Sight {
    viewer: Viewer,
    /// For each field that says something.
    said: Vec<ByRole>,
}

impl Sight {
    /// Whether a place with these roles (none: no place) would see no more of any field than he, or than it
    /// did before.
    fn covers(&self, before: Option<&Vec<i32>>, after: &Vec<i32>) -> bool {
        let of = |roles: &Vec<i32>, said| by_roles(std::slice::from_ref(roles), said);
        self.said.iter().all(|said| {
            let mine = match &self.viewer {
                Viewer::Operator => Mode::Editable,
                Viewer::Person(roles) => by_roles(&roles.sets, said),
                Viewer::Nobody => Mode::Hidden,
            };
            let before = before.map_or(Mode::Hidden, |roles| of(roles, said));
            of(after, said) <= mine.max(before)
        })
    }
}

diesel::define_sql_function! {
    /// Roles and those they include.
    #[sql_name = "control.roles_reached"]
    fn roles_reached(of_roles: Array<Integer>) -> Array<Integer>;
}
diesel::define_sql_function! {
    /// A user's roles in a tenant now; null where he has no place.
    #[sql_name = "control.roles_now"]
    fn roles_now(of_user: Integer, of_tenant: Integer) -> Nullable<Array<Integer>>;
}

/// A user's roles in a tenant now, those they include with them; none where he has no place there.
///
/// # Errors
/// When the database does not answer.
pub fn roles_held(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
) -> Result<Option<Vec<i32>>> {
    Ok(diesel::select(roles_now(user.0, tenant.0)).get_result(conn)?)
}

/// A role and all that it includes, by however many steps.
///
/// # Errors
/// When the database does not answer.
pub fn reached_by(conn: &mut PgConnection, role: RoleId) -> Result<Vec<i32>> {
    Ok(diesel::select(roles_reached(vec![role.0])).get_result(conn)?)
}

impl Granter {
    /// Whoever makes the request, in the tenant of its URL. Looks up what the tenant's fields say for roles.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of<R: Right>(access: &ControlAccess<R>) -> Result<Self> {
        let said = access.look(|conn| of_all(conn.pg())).await?;
        let (user, tenant, context) = (access.user(), access.tenant(), access.context());
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
            sight: Sight {
                viewer: tenant.viewer.clone(),
                said: said.into_values().collect(),
            },
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
            sight: Sight {
                viewer: Viewer::Operator,
                said: Vec::new(),
            },
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
        self.demand(conn, &rights)?;
        self.demand_sight(conn, before, after)
    }

    /// Demands that a changed place sees no more of the tenant's fields than he does himself, or than it did.
    ///
    /// # Errors
    /// `Invalid("fields-beyond")`.
    pub fn demand_sight(
        &self,
        conn: &mut PgConnection,
        before: &Place,
        after: &Place,
    ) -> Result<()> {
        if self.sight.said.is_empty() || after.is_empty() {
            return Ok(());
        }
        let mut reached = |place: &Place| -> Result<Vec<i32>> {
            let ids = roles::by_keys(conn, self.tenant, &place.roles)?;
            let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
            Ok(diesel::select(roles_reached(ids)).get_result(conn)?)
        };
        let was = if before.is_empty() {
            None
        } else {
            Some(reached(before)?)
        };
        if self.sight.covers(was.as_ref(), &reached(after)?) {
            Ok(())
        } else {
            Err(AppError::invalid("fields-beyond"))
        }
    }

    /// Demands that holders of a role that reached these, and now reaches others, see no more of the tenant's
    /// fields than he does himself, or than they did.
    ///
    /// # Errors
    /// `Invalid("fields-beyond")`.
    pub fn demand_sight_of_role(&self, before: &Vec<i32>, after: &Vec<i32>) -> Result<()> {
        if self.sight.covers(Some(before), after) {
            Ok(())
        } else {
            Err(AppError::invalid("fields-beyond"))
        }
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
        match roles_held(conn, user, self.tenant)? {
            Some(his) if !self.sight.covers(None, &his) => {
                Err(AppError::invalid("users-holds-more"))
            }
            _ => Ok(()),
        }
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
