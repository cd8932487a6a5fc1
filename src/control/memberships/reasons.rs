//! Why somebody can, or cannot, do something in a tenant: what grants it, what keeps it from being in force,
//! and who could change that.

#![expect(
    clippy::disallowed_methods,
    reason = "the tenants above are walked by a recursive query; all values are bound"
)]

use super::{Place, place_of};
use crate::access::rights;
use crate::clock;
use crate::control::pending;
use crate::control::roles::{self, Whole};
use crate::db::ids::{TenantId, UserId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet};

/// What grants a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A role of his, and the roles included on the way to the one that holds it; by their keys, from his
    /// own down.
    Role(Vec<String>),
    /// The right by itself.
    Single,
}

/// What keeps a granted right from being in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// He is not active.
    Inactive,
    /// His place begins later.
    NotYet(DateTime<Utc>),
    /// His place has ended.
    Over(DateTime<Utc>),
    /// The ceiling of this tenant, by its name.
    Ceiling(String),
    /// It waits for a second person, or was declined.
    Pending {
        /// Whether it was declined.
        declined: bool,
    },
    /// The act does not exist in inner tenants.
    NotInner,
}

/// A user's place with all that bears on it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// His place here; none where he has none.
    pub place: Option<Place>,
    active: bool,
    inner: bool,
    /// Rights that are granted and held back, and whether they were declined.
    held_back: BTreeMap<String, bool>,
    usable: Vec<Whole>,
    /// Name and ceiling of the tenant and all above it, from the top.
    line: Vec<(String, Option<Vec<String>>)>,
}

/// Why somebody has a right or has it not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What grants it; nothing where it is not granted.
    pub grants: Vec<Grant>,
    /// What keeps it from being in force.
    pub obstacles: Vec<Obstacle>,
}

impl Why {
    /// Whether he can.
    pub fn can(&self) -> bool {
        !self.grants.is_empty() && self.obstacles.is_empty()
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    ceiling: Option<Vec<String>>,
}

impl Standing {
    /// How a user stands in a tenant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn load(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> Result<Self> {
        let line: Vec<Step> = diesel::sql_query(
            "WITH RECURSIVE up AS (
                SELECT t.id, t.parent_id, t.name, t.kind, t.ceiling, 0 AS above FROM control.tenants t WHERE t.id = $1
                UNION ALL SELECT t.id, t.parent_id, t.name, t.kind, t.ceiling, up.above + 1 FROM control.tenants t JOIN up ON up.parent_id = t.id
             ) SELECT name, kind, ceiling FROM up ORDER BY above DESC",
        )
        .bind::<Integer, _>(tenant.0)
        .load(conn)?;
        use crate::db::schema::control::users;
        let state: String = users::table.find(user.0).select(users::state).first(conn)?;
        Ok(Self {
            place: place_of(conn, user, tenant)?.map(|(.., place)| place),
            active: state == "active",
            inner: line.last().is_some_and(|here| here.kind == "inner"),
            held_back: pending::held_back(conn, tenant, user)?,
            usable: roles::usable_whole(conn, tenant)?,
            line: line
                .into_iter()
                .map(|step| (step.name, step.ceiling))
                .collect(),
        })
    }

    /// The roles that can be used here, to name those in grants.
    pub fn usable(&self) -> &[Whole] {
        &self.usable
    }

    /// Why he has a right or has it not; `inner` tells whether inner tenants know it.
    pub fn why(&self, right: &str, inner: bool) -> Why {
        let mut why = Why {
            grants: Vec::new(),
            obstacles: Vec::new(),
        };
        if let Some(place) = &self.place {
            let ways = place.roles.iter().filter_map(|key| self.way(key, right));
            why.grants.extend(ways.map(Grant::Role));
            if place.rights.iter().any(|key| key == right) {
                why.grants.push(Grant::Single);
            }
            let now = clock::now();
            why.obstacles
                .extend(place.from.filter(|at| *at > now).map(Obstacle::NotYet));
            why.obstacles
                .extend(place.until.filter(|at| *at <= now).map(Obstacle::Over));
        }
        if !self.active {
            why.obstacles.push(Obstacle::Inactive);
        }
        let held = self.held_back.get(right).copied();
        why.obstacles
            .extend(held.map(|declined| Obstacle::Pending { declined }));
        let capping = self.line.iter().filter(|(_, ceiling)| {
            let lets = |rights: &Vec<String>| rights.iter().any(|key| key == right);
            !ceiling.as_ref().is_none_or(lets)
        });
        why.obstacles
            .extend(capping.map(|(name, _)| Obstacle::Ceiling(name.clone())));
        if self.inner && !inner {
            why.obstacles.push(Obstacle::NotInner);
        }
        why
    }

    /// The rights that he has here now.
    pub fn rights(&self) -> BTreeSet<String> {
        rights::ALL
            .iter()
            .filter(|right| self.why(right.key, right.inner).can())
            .map(|right| right.key.to_owned())
            .collect()
    }

    /// The shortest way from a role to one that holds the right itself.
    fn way(&self, role: &str, right: &str) -> Option<Vec<String>> {
        let find = |key: &str| self.usable.iter().find(|whole| whole.role.key == key);
        let mut seen: BTreeSet<String> = BTreeSet::from([role.to_owned()]);
        let mut open = std::collections::VecDeque::from([vec![role.to_owned()]]);
        while let Some(way) = open.pop_front() {
            let Some(whole) = way.last().and_then(|key| find(key)) else {
                continue;
            };
            if whole.own.contains(right) {
                return Some(way);
            }
            for next in &whole.includes {
                if seen.insert(next.clone()) {
                    open.push_back([way.clone(), vec![next.clone()]].concat());
                }
            }
        }
        None
    }
}
