//! What a large table needs for a field, built while everybody goes on working: indexes CONCURRENTLY,
//! NOT NULL by a CHECK that is validated beside the writers. The job of kind `field.build`.
//!
//! It brings the table to what the field's row asks for, whatever an earlier try left behind.

use super::orders::{begin, ids};
use super::table;
use super::{Field, ddl};
use crate::access::rights::ViewFields;
use crate::access::system::{SystemAccess, provision};
use crate::app::App;
use crate::control::tenants::provision::rebuild_inner;
use crate::db::TenantScope;
use crate::db::ids::{FieldId, TenantId};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::tenant::fields;
use crate::db::tenant::Source;
use crate::error::{AppError, Result};
use crate::jobs::{Outcome, Reporter, Taken};
use diesel::prelude::*;

/// Rows filled in one go.
const BATCH: i64 = 20_000;

/// The job, as the runner calls it.
///
/// # Errors
/// Those of `run`, or a payload without a field.
pub fn work(app: &App, job: &Taken, _: &Reporter<'_>) -> Result<Outcome> {
    let field = job.payload["field_id"]
        .as_i64()
        .and_then(|id| i32::try_from(id).ok())
        .ok_or_else(|| AppError::internal("a job that names no field"))?;
    run(app, job.scope.id, FieldId(field))?;
    Ok(Outcome::Done)
}

/// Does the job. A field that is gone, or asks for nothing any more, is no failure; values that do not
/// allow what is asked for are told at the field.
///
/// # Errors
/// When the database does not answer; the job is tried again then.
pub fn run(app: &App, tenant: TenantId, field: FieldId) -> Result<()> {
    let access = SystemAccess::<ViewFields>::new(
        TenantScope {
            id: tenant,
            parent: None,
        },
        None,
        Source::System,
    );
    let found: Option<(Field, i64)> = access.run(app, |conn| {
        let field = fields::table
            .find(field)
            .filter(fields::pending.eq("working"))
            .select(Field::as_select())
            .first(conn.pg())
            .optional()?;
        let Some(field) = field else { return Ok(None) };
        Ok(Some((field, table::largest_id(conn.pg())?)))
    })?;
    let Some((found, largest)) = found else {
        return Ok(());
    };
    let steps = steps(&found, largest)?;
    let problem = match app.provisioner.outside_transaction(tenant, &steps) {
        Ok(()) => None,
        Err(AppError::Constraint(name)) if name == format!("recipients_f{field}_new") => {
            let doubles = access.run(app, |conn| table::doubles(conn.pg(), field))?;
            Some(format!("field-unique-doubles {doubles}"))
        }
        Err(AppError::Constraint(_)) => Some("field-required-needs-default".to_owned()),
        Err(other) => return Err(other),
    };
    if problem.is_some() {
        let clear = [ddl::cancel_required(field), ddl::clear_new_index(field)];
        app.provisioner.outside_transaction(tenant, &clear)?;
    }
    provision(
        app,
        Finish {
            tenant,
            field,
            version: found.version,
            problem,
        },
    )
}

fn steps(field: &Field, largest: i64) -> Result<Vec<String>> {
    let (id, kind) = (field.id, field.kind()?);
    let mut steps = Vec::new();
    if field.required {
        steps.push(ddl::begin_required(id));
        if let Some(value) = &field.default_value {
            let mut from = 0;
            while from <= largest {
                steps.push(ddl::fill(id, &kind, value, from, from + BATCH));
                from += BATCH;
            }
        }
        steps.push(ddl::validate_required(id));
    }
    if field.is_unique || field.indexed {
        steps.push(ddl::clear_new_index(id));
        steps.push(ddl::build_new_index(id, field.is_unique));
    }
    Ok(steps)
}

/// Makes what was built count, or takes back what could not be; with the inner tenants' grants.
#[derive(Clone, Debug)]
struct Finish {
    tenant: TenantId,
    field: FieldId,
    version: i32,
    problem: Option<String>,
}

impl Order for Finish {
    type Answer = ();

    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let inner = begin(conn, self.tenant)?;
        conn.drop_views(self.tenant, &ids(&inner))?;
        let field: Option<Field> = conn.as_owner(self.tenant, |pg, _| {
            Ok(fields::table
                .find(self.field)
                .filter(fields::version.eq(self.version))
                .select(Field::as_select())
                .for_update()
                .first(pg)
                .optional()?)
        })?;
        // Somebody changed the field meanwhile: his change has its own job.
        let Some(field) = field else {
            return rebuild_inner(conn, self.tenant).map(|_| ());
        };
        if self.problem.is_none() {
            conn.ddl(self.tenant, &finishing(&field))?;
        }
        conn.as_owner(self.tenant, |pg, _| self.note(pg))?;
        rebuild_inner(conn, self.tenant).map(|_| ())
    }
}

impl Finish {
    /// The row tells the truth: what could not be built is not said to be there.
    fn note(&self, pg: &mut PgConnection) -> Result<()> {
        let row = fields::table.find(self.field);
        match self.problem.as_deref() {
            None => diesel::update(row)
                .set((
                    fields::pending.eq(None::<String>),
                    fields::pending_error.eq(None::<String>),
                ))
                .execute(pg)?,
            Some(problem) if problem.starts_with("field-unique") => diesel::update(row)
                .set((
                    fields::pending.eq("failed"),
                    fields::pending_error.eq(problem),
                    fields::is_unique.eq(false),
                ))
                .execute(pg)?,
            Some(problem) => diesel::update(row)
                .set((
                    fields::pending.eq("failed"),
                    fields::pending_error.eq(problem),
                    fields::required.eq(false),
                ))
                .execute(pg)?,
        };
        Ok(())
    }
}

fn finishing(field: &Field) -> String {
    let mut sql = String::new();
    if field.required {
        sql += &ddl::finish_required(field.id);
    }
    if field.is_unique || field.indexed {
        sql += &ddl::finish_index(field.id, field.is_unique);
    }
    sql
}
