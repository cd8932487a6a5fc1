//! What fields are to roles: kept in the tenant's schema, so that its inner tenants share it as they share its
//! fields. Who gets what of it is `seen`'s to say.

mod overview;
pub(super) mod page;
mod set;

pub use set::SetRights;

use super::seen::{ByRole, Mode, by_roles};
use crate::access::Routes;
use crate::access::rights::ADMINISTRATOR;
use crate::control::roles::Whole;
use crate::db::ids::FieldId;
use crate::db::schema::tenant::field_rights;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The pages.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/fields/rights", overview::page);
    r.critical(|r| {
        r.get("/t/{tenant}/fields/{id}/rights", page::show);
        r.post("/t/{tenant}/fields/{id}/rights", page::save);
    });
}

/// What a field says for roles.
///
/// # Errors
/// When the database does not answer.
pub fn of_field(conn: &mut PgConnection, field: FieldId) -> Result<ByRole> {
    let found: Vec<(i32, String)> = field_rights::table
        .filter(field_rights::field_id.eq(field))
        .select((field_rights::role_id, field_rights::mode))
        .load(conn)?;
    let read = |(role, mode): (i32, String)| Some((role, Mode::of(&mode)?));
    Ok(found.into_iter().filter_map(read).collect())
}

/// What all fields say for roles, field by field.
///
/// # Errors
/// When the database does not answer.
pub fn of_all(conn: &mut PgConnection) -> Result<BTreeMap<FieldId, ByRole>> {
    let found: Vec<(FieldId, i32, String)> = field_rights::table
        .select((
            field_rights::field_id,
            field_rights::role_id,
            field_rights::mode,
        ))
        .load(conn)?;
    let mut all: BTreeMap<FieldId, ByRole> = BTreeMap::new();
    for (field, role, mode) in found {
        if let Some(mode) = Mode::of(&mode) {
            all.entry(field).or_default().insert(role, mode);
        }
    }
    Ok(all)
}

/// What fields say for one role.
///
/// # Errors
/// When the database does not answer.
pub fn of_role(conn: &mut PgConnection, role: i32) -> Result<BTreeMap<FieldId, Mode>> {
    let found: Vec<(FieldId, String)> = field_rights::table
        .filter(field_rights::role_id.eq(role))
        .select((field_rights::field_id, field_rights::mode))
        .load(conn)?;
    let read = |(field, mode): (FieldId, String)| Some((field, Mode::of(&mode)?));
    Ok(found.into_iter().filter_map(read).collect())
}

/// Whether a role always sees all: the built-in administrator's.
pub fn sees_all(whole: &Whole) -> bool {
    whole.role.built_in && whole.role.key == ADMINISTRATOR
}

/// What a role and all that it includes come to, for somebody who holds it alone.
pub fn outcome(whole: &Whole, usable: &[Whole], said: &ByRole) -> Mode {
    let reached = reached(whole, usable).into_iter().collect();
    by_roles(&[reached], said)
}

/// The ids of a role and of all that it includes, by however many steps.
fn reached(whole: &Whole, usable: &[Whole]) -> BTreeSet<i32> {
    let (mut seen, mut open) = (BTreeSet::from([whole.role.id]), vec![whole]);
    while let Some(next) = open.pop() {
        let included = usable
            .iter()
            .filter(|other| next.includes.contains(&other.role.key));
        open.extend(included.filter(|other| seen.insert(other.role.id)));
    }
    seen
}
