//! Setting what a field is to roles: an order, because only the owner of the tenant's schema writes its fields.

use super::super::orders::{begin, locked};
use super::{of_field, sees_all};
use crate::control::audit::{self, Actor};
use crate::control::roles::{self, Whole};
use crate::db::Viewer;
use crate::db::ids::{FieldId, TenantId};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::tenant::{field_rights, fields};
use crate::error::{AppError, Result};
use crate::tenant::fields::seen::{ByRole, Mode};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// Sets what a field is to roles, in force at once.
#[derive(Clone, Debug)]
pub struct SetRights {
    /// Who orders it.
    pub actor: Actor,
    /// With whose eyes he looks: nobody changes what he sees himself.
    pub viewer: Viewer,
    /// The separate or main tenant.
    pub tenant: TenantId,
    /// Which field.
    pub id: FieldId,
    /// The version that was seen.
    pub version: i32,
    /// By the roles' ids; none for what the field says for all. Roles that are left out stay as they are.
    pub rights: BTreeMap<i32, Option<Mode>>,
}

impl Order for SetRights {
    type Answer = ();

    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        begin(conn, self.tenant)?;
        let usable = roles::usable_whole(conn.pg(), self.tenant)?;
        let (key, before, after) = conn.as_owner(self.tenant, |pg, _| {
            let field = locked(pg, self.id, self.version)?;
            let before = of_field(pg, self.id)?;
            let after = self.after(&before, &usable)?;
            self.check(&before, &after, &usable)?;
            if before != after {
                self.write(pg, &after)?;
            }
            Ok((field.key, before, after))
        })?;
        if before == after {
            return Ok(());
        }
        let changes: Vec<_> = usable
            .iter()
            .map(|whole| &whole.role)
            .filter(|role| before.get(&role.id) != after.get(&role.id))
            .map(|role| {
                json!({ "role": role.key, "old": before.get(&role.id), "new": after.get(&role.id) })
            })
            .collect();
        let data = json!({ "id": self.id, "changes": changes });
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "field.rights",
            &key,
            &data,
        )
    }
}

impl SetRights {
    /// What the field says for roles from now on. What it said for roles that are gone goes, too.
    fn after(&self, before: &ByRole, usable: &[Whole]) -> Result<ByRole> {
        let is_usable = |id: &i32| usable.iter().any(|whole| whole.role.id == *id);
        let mut after = before.clone();
        after.retain(|id, _| is_usable(id));
        for (role, mode) in &self.rights {
            if !is_usable(role) {
                return Err(AppError::Invalid {
                    key: "role-unknown",
                    params: vec![("role", role.to_string())],
                });
            }
            match mode {
                Some(mode) => after.insert(*role, *mode),
                None => after.remove(role),
            };
        }
        Ok(after)
    }

    /// The administrators' role sees all, and only they change what their own roles see. Who holds no role sees
    /// what follows from all of them, so that each is like one of his own.
    fn check(&self, before: &ByRole, after: &ByRole, usable: &[Whole]) -> Result<()> {
        let own = self.viewer.roles();
        let held = |whole: &Whole| own.contains(&whole.role.id);
        let administrator = usable.iter().find(|whole| sees_all(whole));
        let free = self.viewer == Viewer::Operator || administrator.is_some_and(held);
        let changed = usable
            .iter()
            .filter(|whole| before.get(&whole.role.id) != after.get(&whole.role.id));
        for whole in changed {
            if sees_all(whole) {
                return Err(AppError::invalid("field-rights-administrator"));
            }
            if self.viewer.has_no_role() && !free {
                return Err(AppError::invalid("field-rights-no-role"));
            }
            if held(whole) && !free {
                return Err(AppError::Invalid {
                    key: "field-rights-own-role",
                    params: vec![("role", whole.role.key.clone())],
                });
            }
        }
        Ok(())
    }

    fn write(&self, pg: &mut PgConnection, after: &ByRole) -> Result<()> {
        diesel::delete(field_rights::table.filter(field_rights::field_id.eq(self.id)))
            .execute(pg)?;
        let rows: Vec<_> = after
            .iter()
            .map(|(role, mode)| {
                (
                    field_rights::field_id.eq(self.id),
                    field_rights::role_id.eq(*role),
                    field_rights::mode.eq(mode.key()),
                )
            })
            .collect();
        diesel::insert_into(field_rights::table)
            .values(rows)
            .execute(pg)?;
        diesel::update(fields::table.find(self.id))
            .set(fields::version.eq(fields::version + 1))
            .execute(pg)?;
        Ok(())
    }
}
