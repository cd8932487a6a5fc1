//! Adding, changing and dropping fields: orders that the provisioner carries out whole or not at all.
//! Column, row in `fields` and the views of all inner tenants change in one transaction.

mod change;

pub use change::ChangeField;

use super::define::{Definition, NewField};
use super::table::{self, Size};
use super::{Field, catalog, ddl, usage};
use crate::control::audit::{self, Actor};
use crate::control::tenants::provision::rebuild_inner;
use crate::control::tenants::{Tenant, same_version};
use crate::db::ids::{FieldId, TenantId};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::jobs;
use crate::db::schema::tenant::fields;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;

/// Most fields of a tenant's own.
pub const MOST_FIELDS: i64 = 500;
/// The kind of the job that builds what a large table needs; see `build`.
pub const BUILD_JOB: &str = "field.build";

/// Adds a field.
#[derive(Clone, Debug)]
pub struct AddField {
    /// Who orders it.
    pub actor: Actor,
    /// The separate or main tenant.
    pub tenant: TenantId,
    /// What.
    pub field: NewField,
}

impl Order for AddField {
    type Answer = FieldId;

    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<FieldId> {
        let inner = begin(conn, self.tenant)?;
        let (id, size) = conn.as_owner(self.tenant, |pg, _| {
            let own = fields::table.filter(fields::standard_column.is_null());
            if own.count().get_result::<i64>(pg)? >= MOST_FIELDS {
                return Err(AppError::Invalid {
                    key: "field-too-many",
                    params: vec![("most", MOST_FIELDS.to_string())],
                });
            }
            Ok((insert(pg, &self.field)?, table::size(pg)?))
        })?;
        conn.drop_views(self.tenant, &ids(&inner))?;
        let by_job = make_column(conn, self.tenant, id, &self.field, size)?;
        if by_job {
            enqueue(conn, self.actor, self.tenant, id)?;
        }
        rebuild_inner(conn, self.tenant)?;
        let input = self.field.input();
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "field.create",
            &input.key,
            &json!({ "id": id, "kind": self.field.kind() }),
        )?;
        Ok(id)
    }
}

/// Drops a field and the values in it.
#[derive(Clone, Debug)]
pub struct DropField {
    /// Who orders it.
    pub actor: Actor,
    /// The separate or main tenant.
    pub tenant: TenantId,
    /// Which.
    pub id: FieldId,
    /// The version that the editor saw.
    pub version: i32,
}

impl Order for DropField {
    type Answer = ();

    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let inner = begin(conn, self.tenant)?;
        let field = conn.as_owner(self.tenant, |pg, _| {
            let field = locked(pg, self.id, self.version)?;
            if field.is_standard() {
                return Err(AppError::invalid("field-standard-stays"));
            }
            let catalog = catalog(&super::every(pg)?)?;
            let mut uses = usage::in_fences(&inner, &catalog, self.id);
            uses.extend(usage::in_imports(pg, &field)?);
            usage::refuse(&uses)?;
            diesel::delete(fields::table.find(self.id)).execute(pg)?;
            Ok(field)
        })?;
        conn.drop_views(self.tenant, &ids(&inner))?;
        conn.ddl(self.tenant, &ddl::drop(self.id))?;
        rebuild_inner(conn, self.tenant)?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "field.drop",
            &field.key,
            &json!({ "id": self.id, "kind": field.kind()? }),
        )
    }
}

/// Takes the tenant's row, so that its fields change one after the other, and limits how long locks are
/// waited for. Answers its inner tenants.
pub(super) fn begin(conn: &mut ProvisionConn<'_>, tenant: TenantId) -> Result<Vec<Tenant>> {
    use crate::db::schema::control::tenants as table;
    let kind: String = table::table
        .find(tenant.0)
        .filter(table::trashed_at.is_null())
        .select(table::kind)
        .for_update()
        .first(conn.pg())?;
    if kind == "inner" {
        return Err(AppError::invalid("field-inner-has-none"));
    }
    conn.ddl(tenant, "SET LOCAL lock_timeout = '2s'")?;
    usage::inner_of(conn.pg(), tenant)
}

pub(super) fn ids(tenants: &[Tenant]) -> Vec<TenantId> {
    tenants.iter().map(Tenant::id).collect()
}

/// The field as it is now, if it is as the editor saw it.
pub(super) fn locked(pg: &mut PgConnection, id: FieldId, version: i32) -> Result<Field> {
    let field: Field = fields::table
        .find(id)
        .select(Field::as_select())
        .for_update()
        .first(pg)?;
    same_version(field.version, version)?;
    Ok(field)
}

fn insert(pg: &mut PgConnection, field: &Definition) -> Result<FieldId> {
    let input = field.input();
    let last: Option<i32> = fields::table
        .select(diesel::dsl::max(fields::position))
        .first(pg)?;
    let made = diesel::insert_into(fields::table)
        .values((
            fields::key.eq(&input.key),
            fields::kind.eq(json!(field.kind())),
            fields::label_en.eq(&input.label_en),
            fields::label_de.eq(&input.label_de),
            fields::help_en.eq(&input.help_en),
            fields::help_de.eq(&input.help_de),
            fields::field_group.eq(&input.group),
            fields::position.eq(input.position.unwrap_or(last.unwrap_or(0) + 10)),
            fields::mode.eq(&input.mode),
            fields::required.eq(input.required),
            fields::is_unique.eq(input.unique),
            fields::indexed.eq(input.indexed),
            fields::historised.eq(input.historised),
            fields::default_value.eq(field.default()),
        ))
        .returning(fields::id)
        .get_result(pg);
    made.map_err(|error| key_taken(error.into(), &input.key))
}

fn key_taken(error: AppError, key: &str) -> AppError {
    match error {
        AppError::Constraint(name) if name == "fields_key_key" => AppError::Invalid {
            key: "field-key-taken",
            params: vec![("key", key.to_owned())],
        },
        other => other,
    }
}

/// Makes the column; true where a job has to build an index. Filling and NOT NULL need no job: the default
/// of a new column fills without a rewrite.
fn make_column(
    conn: &mut ProvisionConn<'_>,
    tenant: TenantId,
    id: FieldId,
    field: &Definition,
    size: Size,
) -> Result<bool> {
    let (input, kind) = (field.input(), field.kind());
    if input.required && size != Size::Empty && field.default().is_none() {
        return Err(AppError::invalid("field-required-needs-default"));
    }
    let mut sql = ddl::add(id, kind, field.default().filter(|_| input.required));
    if field.default().is_some() {
        sql += &ddl::default(id, kind, field.default());
    }
    if input.required {
        sql += &ddl::set_not_null(id);
    }
    let index = input.unique || input.indexed;
    let by_job = index && size == Size::Large;
    if index && !by_job {
        sql += &if input.unique {
            ddl::set_unique(id)
        } else {
            ddl::set_index(id)
        };
    }
    conn.ddl(tenant, &sql)?;
    Ok(by_job)
}

/// Hands what a large table needs to a job.
pub(super) fn enqueue(
    conn: &mut ProvisionConn<'_>,
    actor: Actor,
    tenant: TenantId,
    id: FieldId,
) -> Result<()> {
    conn.as_owner(tenant, |pg, _| {
        diesel::update(fields::table.find(id))
            .set((
                fields::pending.eq("working"),
                fields::pending_error.eq(None::<String>),
            ))
            .execute(pg)?;
        Ok(())
    })?;
    diesel::insert_into(jobs::table)
        .values((
            jobs::tenant_id.eq(tenant.0),
            jobs::kind.eq(BUILD_JOB),
            jobs::payload.eq(json!({ "field_id": id })),
            jobs::created_by.eq(actor.user.map(|user| user.0)),
        ))
        .execute(conn.pg())?;
    Ok(())
}
