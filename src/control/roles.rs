//! Roles: the three built-in ones, kept equal to the table of rights in the code.

use crate::access::rights;
use crate::db::ids::RoleId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::{role_rights, roles};
use crate::error::{AppError, Result};
use diesel::prelude::*;

/// Brings the built-in roles in the database to what the code says. Runs at every start and migration.
#[derive(Debug)]
pub struct SyncBuiltIn;

impl Order for SyncBuiltIn {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        for role in rights::ROLES {
            let id: i32 = diesel::insert_into(roles::table)
                .values((roles::key.eq(role), roles::built_in.eq(true)))
                .on_conflict(roles::key)
                .do_update()
                .set(roles::built_in.eq(true))
                .returning(roles::id)
                .get_result(conn.pg())?;
            let keys = rights::keys_of_role(role);
            diesel::delete(
                role_rights::table
                    .filter(role_rights::role_id.eq(id))
                    .filter(role_rights::right_key.ne_all(&keys)),
            )
            .execute(conn.pg())?;
            let rows: Vec<_> = keys
                .iter()
                .map(|key| (role_rights::role_id.eq(id), role_rights::right_key.eq(*key)))
                .collect();
            diesel::insert_into(role_rights::table)
                .values(rows)
                .on_conflict_do_nothing()
                .execute(conn.pg())?;
        }
        Ok(())
    }
}

/// The role with this key.
///
/// # Errors
/// `Invalid` where there is none.
pub fn by_key(conn: &mut PgConnection, key: &str) -> Result<RoleId> {
    roles::table
        .filter(roles::key.eq(key))
        .select(roles::id)
        .first(conn)
        .optional()?
        .map(RoleId)
        .ok_or(AppError::Invalid {
            key: "role-unknown",
            params: vec![("role", key.to_owned())],
        })
}

/// Keys of all roles.
///
/// # Errors
/// When the database does not answer.
pub fn all(conn: &mut PgConnection) -> Result<Vec<String>> {
    Ok(roles::table
        .order(roles::id)
        .select(roles::key)
        .load(conn)?)
}

/// All roles, each with the keys of its rights.
///
/// # Errors
/// When the database does not answer.
pub fn with_rights(conn: &mut PgConnection) -> Result<Vec<(String, Vec<String>)>> {
    let pairs: Vec<(String, String)> = role_rights::table
        .inner_join(roles::table)
        .order((roles::id, role_rights::right_key))
        .select((roles::key, role_rights::right_key))
        .load(conn)?;
    Ok(all(conn)?
        .into_iter()
        .map(|key| {
            let rights = pairs.iter().filter(|(role, _)| *role == key);
            let rights = rights.map(|(_, right)| right.clone()).collect();
            (key, rights)
        })
        .collect())
}
