//! Keeps the built-in roles equal to the table of rights in the code.

use crate::access::rights;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::{role_rights, roles};
use crate::error::Result;
use diesel::prelude::*;

/// Brings the built-in roles in the database to what the code says. Runs at every start and migration.
#[derive(Debug)]
pub struct SyncBuiltIn;

impl Order for SyncBuiltIn {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        super::lock(conn.pg())?;
        for key in rights::ROLES {
            let id = built_in(conn.pg(), key)?;
            let keys = rights::keys_of_role(key);
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

fn built_in(conn: &mut PgConnection, key: &str) -> Result<i32> {
    let found = roles::table
        .filter(roles::built_in)
        .filter(roles::key.eq(key))
        .select(roles::id)
        .first(conn)
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(diesel::insert_into(roles::table)
            .values((roles::key.eq(key), roles::built_in.eq(true)))
            .returning(roles::id)
            .get_result(conn)?),
    }
}
