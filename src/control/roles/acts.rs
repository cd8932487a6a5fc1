//! Making, changing and deleting roles. Whoever does it hands on only rights that he holds, and his own stay
//! what they are.

use super::{MOST, Role, Whole, by_keys, homes, lock, one, rights_of, usable_in};
use crate::access::rights;
use crate::control::audit::{self, Actor};
use crate::control::memberships::{Granter, granted_everywhere, reached_by, roles_everywhere};
use crate::db::ids::{RoleId, TenantId};
use crate::db::schema::control::{
    membership_roles, role_includes, role_rights, role_versions, roles, sign_on_roles,
};
use crate::error::{AppError, Result};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// A role as somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Keys of its own rights.
    pub rights: BTreeSet<String>,
    /// Keys of the roles that it includes.
    pub includes: Vec<String>,
}

impl Draft {
    /// What a role is.
    pub fn of(whole: &Whole) -> Self {
        Self {
            name: whole.role.name.clone(),
            description: whole.role.description.clone(),
            rights: whole.own.clone(),
            includes: whole.includes.clone(),
        }
    }

    /// Checks what was entered.
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn check(mut self) -> Result<Self> {
        self.name = self.name.trim().to_owned();
        self.description = self.description.trim().replace("\r\n", "\n");
        let control = |c: char| c.is_control() && c != '\n';
        if self.name.is_empty() || self.name.chars().count() > 100 || self.name.contains(control) {
            return Err(AppError::invalid("roles-name-length"));
        }
        if self.description.chars().count() > 1000 || self.description.contains(control) {
            return Err(AppError::invalid("roles-description-length"));
        }
        if self.rights.iter().any(|key| rights::by_key(key).is_none()) {
            return Err(AppError::invalid("rights-unknown"));
        }
        self.includes.sort();
        self.includes.dedup();
        Ok(self)
    }
}

/// Which input a refusal belongs to; empty for the whole.
pub fn input_of(message: &str) -> &'static str {
    match message {
        "roles-name-length" => "name",
        "roles-key-invalid" | "roles-key-taken" => "key",
        "roles-description-length" => "description",
        "rights-unknown" | "rights-beyond" | "roles-own-rights" => "rights",
        "roles-circle" | "role-unknown" | "fields-beyond" => "includes",
        _ => "",
    }
}

/// A key as it may be: like a slug.
///
/// # Errors
/// `Invalid` for any other.
pub fn check_key(key: &str) -> Result<String> {
    let good = (1..=40).contains(&key.len())
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good {
        Ok(key.to_owned())
    } else {
        Err(AppError::invalid("roles-key-invalid"))
    }
}

/// A key made of a name: letters of the Latin alphabet, digits and hyphens.
pub fn key_of(name: &str) -> String {
    let spelled = name
        .to_lowercase()
        .replace('ä', "ae")
        .replace('ö', "oe")
        .replace('ü', "ue")
        .replace('ß', "ss");
    let words: Vec<String> = spelled
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let key: String = words.join("-").chars().take(40).collect();
    let key = key.trim_end_matches('-').to_owned();
    if key.starts_with(|c: char| c.is_ascii_lowercase()) {
        key
    } else {
        let key: String = format!("role-{key}").chars().take(40).collect();
        key.trim_end_matches('-').to_owned()
    }
}

/// Makes a role in the tenant where the granter stands.
///
/// # Errors
/// `Invalid` with the message's key: what was entered, a key that is taken, rights beyond the granter's.
pub fn create(
    conn: &mut PgConnection,
    granter: &Granter,
    key: &str,
    draft: Draft,
) -> Result<RoleId> {
    lock(conn)?;
    let (key, draft, tenant) = (check_key(key)?, draft.check()?, granter.tenant);
    free(conn, tenant, &key)?;
    let includes = by_keys(conn, tenant, &draft.includes)?;
    let coming: BTreeSet<String> = draft
        .rights
        .union(&rights_of(conn, &includes)?)
        .cloned()
        .collect();
    granter.demand(conn, &coming)?;
    let id = diesel::insert_into(roles::table)
        .values((
            roles::key.eq(&key),
            roles::tenant_id.eq(tenant.0),
            roles::name.eq(&draft.name),
            roles::description.eq(&draft.description),
        ))
        .returning(roles::id)
        .get_result(conn)
        .map(RoleId)?;
    put_parts(conn, id, &draft, &includes)?;
    keep_version(conn, granter.actor, id, 1, &draft)?;
    let data = json!({ "key": key, "name": draft.name, "rights": draft.rights, "includes": draft.includes });
    audit::record(
        conn,
        granter.actor,
        tenant,
        "role.create",
        &id.to_string(),
        &data,
    )?;
    Ok(id)
}

/// The main tenant's keys are unique among all, a separate tenant's among those that it can use.
fn free(conn: &mut PgConnection, tenant: TenantId, key: &str) -> Result<()> {
    let [main, own] = homes(conn, tenant)?;
    if own != tenant {
        return Err(AppError::invalid("roles-not-here"));
    }
    let mut same = roles::table
        .filter(roles::key.eq(key))
        .count()
        .into_boxed::<Pg>();
    if tenant != main {
        same = same.filter(usable_in([main, own]));
    }
    if same.get_result::<i64>(conn)? > 0 {
        return Err(AppError::invalid("roles-key-taken"));
    }
    // Half for the central ones, so that no tenant can use more than the pages show.
    let here: i64 = roles::table
        .filter(roles::tenant_id.eq(tenant.0))
        .count()
        .get_result(conn)?;
    if here >= MOST / 2 - 10 {
        return Err(AppError::invalid("roles-too-many"));
    }
    Ok(())
}

/// The role, if it was made where the granter stands and nobody changed it since `version`.
fn own_role(conn: &mut PgConnection, granter: &Granter, id: RoleId, version: i32) -> Result<Whole> {
    let whole = one(conn, granter.tenant, id)?;
    if whole.role.tenant_id != Some(granter.tenant.0) {
        return Err(AppError::invalid("roles-not-here"));
    }
    if whole.role.version != version {
        return Err(AppError::Conflict);
    }
    Ok(whole)
}

/// Changes a role, in force at once for everybody who holds it.
///
/// # Errors
/// As `create`; `Conflict` where somebody changed it since `version`; `Invalid` for a circle of roles, where
/// its holders would see more of fields than the granter, and where the granter's own rights would change.
pub fn change(
    conn: &mut PgConnection,
    granter: &Granter,
    (id, version): (RoleId, i32),
    draft: Draft,
) -> Result<()> {
    lock(conn)?;
    let before = own_role(conn, granter, id, version)?;
    let draft = draft.check()?;
    if draft == Draft::of(&before) {
        return Ok(());
    }
    let mine = granted_everywhere(conn, granter.user)?;
    let reached = roles_everywhere(conn, granter.user)?;
    let sight_before = reached_by(conn, id)?;
    let includes = by_keys(conn, granter.tenant, &draft.includes)?;
    let after: BTreeSet<String> = draft
        .rights
        .union(&rights_of(conn, &includes)?)
        .cloned()
        .collect();
    // What goes is measured like what comes. So are rights that only become the role's own, or those of
    // another role that it includes: they would stay where they are taken from the other.
    let mut different: BTreeSet<String> =
        before.all.symmetric_difference(&after).cloned().collect();
    different.extend(before.own.symmetric_difference(&draft.rights).cloned());
    let (was, will) = (&before.includes, &draft.includes);
    let gone = was.iter().filter(|key| !will.contains(key));
    let moved: Vec<String> = gone
        .chain(will.iter().filter(|key| !was.contains(key)))
        .cloned()
        .collect();
    let moved = by_keys(conn, granter.tenant, &moved)?;
    different.extend(rights_of(conn, &moved)?);
    granter.demand(conn, &different)?;
    // What comes before what goes, as with places: rights that only move were there all the time.
    put_parts(conn, id, &draft, &includes).map_err(circle)?;
    let kept: Vec<i32> = includes.iter().map(|role| role.0).collect();
    diesel::delete(
        role_includes::table
            .filter(role_includes::role_id.eq(id.0))
            .filter(role_includes::included_id.ne_all(kept)),
    )
    .execute(conn)?;
    diesel::delete(
        role_rights::table
            .filter(role_rights::role_id.eq(id.0))
            .filter(role_rights::right_key.ne_all(&draft.rights)),
    )
    .execute(conn)?;
    granter.demand_sight_of_role(&sight_before, &reached_by(conn, id)?)?;
    diesel::update(roles::table.find(id.0))
        .set((
            roles::name.eq(&draft.name),
            roles::description.eq(&draft.description),
            roles::version.eq(version + 1),
        ))
        .execute(conn)?;
    keep_version(conn, granter.actor, id, version + 1, &draft)?;
    // Also what he sees of fields follows from the roles that his own include.
    let same = granted_everywhere(conn, granter.user)? == mine
        && roles_everywhere(conn, granter.user)? == reached;
    if !same {
        return Err(AppError::invalid("roles-own-rights"));
    }
    let old = Draft::of(&before);
    let data = json!({
        "key": before.role.key,
        "old": { "name": old.name, "rights": old.rights, "includes": old.includes },
        "new": { "name": draft.name, "rights": draft.rights, "includes": draft.includes },
    });
    audit::record(
        conn,
        granter.actor,
        granter.tenant,
        "role.change",
        &id.to_string(),
        &data,
    )
}

fn circle(error: AppError) -> AppError {
    match error {
        AppError::Constraint(name) if name == "role_includes_no_circle" => {
            AppError::invalid("roles-circle")
        }
        other => other,
    }
}

fn put_parts(
    conn: &mut PgConnection,
    id: RoleId,
    draft: &Draft,
    includes: &[RoleId],
) -> Result<()> {
    let rights: Vec<_> = draft
        .rights
        .iter()
        .map(|key| {
            (
                role_rights::role_id.eq(id.0),
                role_rights::right_key.eq(key),
            )
        })
        .collect();
    diesel::insert_into(role_rights::table)
        .values(rights)
        .on_conflict_do_nothing()
        .execute(conn)?;
    let includes: Vec<_> = includes
        .iter()
        .map(|included| {
            (
                role_includes::role_id.eq(id.0),
                role_includes::included_id.eq(included.0),
            )
        })
        .collect();
    diesel::insert_into(role_includes::table)
        .values(includes)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

fn keep_version(
    conn: &mut PgConnection,
    actor: Actor,
    id: RoleId,
    version: i32,
    draft: &Draft,
) -> Result<()> {
    diesel::insert_into(role_versions::table)
        .values((
            role_versions::role_id.eq(id.0),
            role_versions::version.eq(version),
            role_versions::user_id.eq(actor.user.map(|user| user.0)),
            role_versions::name.eq(&draft.name),
            role_versions::description.eq(&draft.description),
            role_versions::rights.eq(draft.rights.iter().collect::<Vec<_>>()),
            role_versions::includes.eq(&draft.includes),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes a role that nobody holds and no other includes.
///
/// # Errors
/// `Invalid` where it is in use; `Conflict` where somebody changed it since `version`.
pub fn delete(
    conn: &mut PgConnection,
    granter: &Granter,
    (id, version): (RoleId, i32),
) -> Result<Role> {
    lock(conn)?;
    let whole = own_role(conn, granter, id, version)?;
    let held: i64 = membership_roles::table
        .filter(membership_roles::role_id.eq(id.0))
        .count()
        .get_result(conn)?;
    let including: i64 = role_includes::table
        .filter(role_includes::included_id.eq(id.0))
        .count()
        .get_result(conn)?;
    let claimed: i64 = sign_on_roles::table
        .filter(sign_on_roles::role_id.eq(id.0))
        .count()
        .get_result(conn)?;
    if claimed > 0 {
        return Err(AppError::invalid("roles-in-sign-on"));
    }
    if held + including > 0 {
        return Err(AppError::Invalid {
            key: "roles-in-use",
            params: vec![
                ("held", held.to_string()),
                ("including", including.to_string()),
            ],
        });
    }
    diesel::delete(roles::table.find(id.0)).execute(conn)?;
    let data = json!({ "key": whole.role.key, "name": whole.role.name });
    audit::record(
        conn,
        granter.actor,
        granter.tenant,
        "role.delete",
        &id.to_string(),
        &data,
    )?;
    Ok(whole.role)
}

#[cfg(test)]
mod tests {
    use super::{check_key, key_of};

    #[test]
    fn a_key_made_of_a_name_is_a_key() {
        for (name, key) in [
            ("Redaktion Süd", "redaktion-sued"),
            ("  Größe / Maß  ", "groesse-mass"),
            ("2nd level", "role-2nd-level"),
            ("日本", "role"),
        ] {
            assert_eq!(key_of(name), key);
        }
        for name in [
            "a".repeat(200),
            "ß".repeat(60),
            "9-".repeat(60),
            "x -".repeat(40),
        ] {
            assert!(check_key(&key_of(&name)).is_ok(), "{}", key_of(&name));
        }
    }
}
