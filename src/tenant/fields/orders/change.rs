//! Changing a field: its words at will, its type only so that every value that fitted still fits.

use super::{begin, enqueue, ids, key_taken, locked};
use crate::control::audit::{self, Actor};
use crate::control::tenants::Tenant;
use crate::control::tenants::provision::rebuild_inner;
use crate::db::ids::{FieldId, TenantId};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::tenant::fields;
use crate::error::{AppError, Result};
use crate::tenant::fields::define::Definition;
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::table::{self, Size};
use crate::tenant::fields::{self as slice, Field, catalog, ddl, usage};
use diesel::prelude::*;
use serde_json::json;

/// Changes a field.
#[derive(Clone, Debug)]
pub struct ChangeField {
    /// Who orders it.
    pub actor: Actor,
    /// The separate or main tenant.
    pub tenant: TenantId,
    /// Which.
    pub id: FieldId,
    /// The version that the editor saw.
    pub version: i32,
    /// What it is from now on, whole.
    pub change: Definition,
}

impl Order for ChangeField {
    type Answer = ();

    fn again(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let inner = begin(conn, self.tenant)?;
        let plan = conn.as_owner(self.tenant, |pg, _| {
            let field = locked(pg, self.id, self.version)?;
            let plan = Plan::make(pg, &field, &self.change, &inner)?;
            update(pg, &field, &self.change, &plan)?;
            Ok(plan)
        })?;
        // Which columns an inner role may set itself depends on which are unique.
        if plan.unique_changes {
            conn.drop_views(self.tenant, &ids(&inner))?;
        }
        conn.ddl(self.tenant, &plan.sql)
            .map_err(|error| self.told(error))?;
        if plan.by_job {
            enqueue(conn, self.actor, self.tenant, self.id)?;
        }
        if plan.unique_changes {
            rebuild_inner(conn, self.tenant)?;
        }
        let key = &self.change.input().key;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "field.change",
            key,
            &json!({ "id": self.id, "kind": self.change.kind(), "old_key": plan.old_key }),
        )
    }
}

impl ChangeField {
    /// The one CHECK that existing values can break is that of a choice with fewer values.
    fn told(&self, error: AppError) -> AppError {
        let broken = format!("recipients_f{}_check", self.id);
        match error {
            AppError::Constraint(name) if name == broken => AppError::invalid("field-choices-used"),
            other => other,
        }
    }
}

/// What has to be done to the column.
#[derive(Debug, Default)]
struct Plan {
    sql: String,
    by_job: bool,
    unique_changes: bool,
    constraints_change: bool,
    old_key: String,
}

impl Plan {
    fn make(
        pg: &mut PgConnection,
        field: &Field,
        to: &Definition,
        inner: &[Tenant],
    ) -> Result<Self> {
        let mut plan = Self {
            old_key: field.key.clone(),
            ..Self::default()
        };
        if field.is_standard() {
            check_standard(field, to)?;
            return Ok(plan);
        }
        let from = field.kind()?;
        check_wider(&from, to.kind())?;
        if from != *to.kind() {
            fences_stay_open(pg, field, to.kind(), inner)?;
            plan.sql += &ddl::change_check(field.id, to.kind());
        }
        if field.default_value.as_deref() != to.default() {
            plan.sql += &ddl::default(field.id, to.kind(), to.default());
        }
        let size = table::size(pg)?;
        plan.required(pg, field, to, size)?;
        plan.indexes(pg, field, to, size)?;
        Ok(plan)
    }

    fn required(
        &mut self,
        pg: &mut PgConnection,
        field: &Field,
        to: &Definition,
        size: Size,
    ) -> Result<()> {
        let id = field.id;
        if field.required == to.input().required {
            return Ok(());
        }
        self.constraints_change = true;
        if field.required {
            self.sql += &(ddl::drop_not_null(id) + &ddl::cancel_required(id));
            return Ok(());
        }
        if to.default().is_none() && table::has_gaps(pg, id)? {
            return Err(AppError::invalid("field-required-needs-default"));
        }
        if size == Size::Large {
            self.by_job = true;
            return Ok(());
        }
        if let Some(value) = to.default() {
            self.sql += &ddl::fill(id, to.kind(), value, i64::MIN, i64::MAX);
        }
        self.sql += &ddl::set_not_null(id);
        Ok(())
    }

    fn indexes(
        &mut self,
        pg: &mut PgConnection,
        field: &Field,
        to: &Definition,
        size: Size,
    ) -> Result<()> {
        let (id, to) = (field.id, to.input());
        let (was, is) = (field.indexed && !field.is_unique, to.indexed && !to.unique);
        self.unique_changes = field.is_unique != to.unique;
        self.constraints_change |= self.unique_changes || was != is;
        let adds = (to.unique && !field.is_unique) || (is && !was);
        if field.is_unique && !to.unique {
            self.sql += &ddl::drop_unique(id);
        }
        if was && !is {
            self.sql += &ddl::drop_index(id);
        }
        if to.unique && !field.is_unique && size != Size::Large {
            let doubles = table::doubles(pg, id)?;
            if doubles > 0 {
                return Err(AppError::Invalid {
                    key: "field-unique-doubles",
                    params: vec![("count", doubles.to_string())],
                });
            }
        }
        if adds && size == Size::Large {
            self.by_job = true;
        } else if adds {
            self.sql += &if to.unique {
                ddl::set_unique(id)
            } else {
                ddl::set_index(id)
            };
        }
        Ok(())
    }
}

fn update(pg: &mut PgConnection, field: &Field, to: &Definition, plan: &Plan) -> Result<()> {
    let input = to.input();
    let changed = diesel::update(fields::table.find(field.id))
        .set((
            fields::key.eq(&input.key),
            fields::kind.eq(json!(to.kind())),
            fields::label_en.eq(&input.label_en),
            fields::label_de.eq(&input.label_de),
            fields::help_en.eq(&input.help_en),
            fields::help_de.eq(&input.help_de),
            fields::field_group.eq(&input.group),
            fields::position.eq(input.position.unwrap_or(field.position)),
            fields::mode.eq(&input.mode),
            fields::required.eq(input.required),
            fields::is_unique.eq(input.unique),
            fields::indexed.eq(input.indexed),
            fields::historised.eq(input.historised),
            fields::default_value.eq(to.default()),
            fields::version.eq(fields::version + 1),
        ))
        .execute(pg);
    changed.map_err(|error| key_taken(error.into(), &input.key))?;
    if plan.constraints_change {
        // What an earlier job could not do is no longer asked for, or asked for anew.
        diesel::update(fields::table.find(field.id))
            .set((
                fields::pending.eq(None::<String>),
                fields::pending_error.eq(None::<String>),
            ))
            .execute(pg)?;
    }
    Ok(())
}

/// Standard fields are the same in every tenant: only their words, place and manners change. `required`
/// is kept in their row alone, because the fixed columns stay alike.
fn check_standard(field: &Field, to: &Definition) -> Result<()> {
    let input = to.input();
    if input.key != field.key {
        return Err(AppError::invalid("field-key-standard"));
    }
    if *to.kind() != field.kind()? {
        return Err(AppError::invalid("field-type-fixed"));
    }
    if input.unique != field.is_unique || input.indexed != field.indexed {
        return Err(AppError::invalid("field-unique-standard"));
    }
    if to.default() != field.default_value.as_deref() {
        return Err(AppError::invalid("field-default-standard"));
    }
    if field.key == "email" && (!input.required || input.mode != "editable") {
        return Err(AppError::invalid("field-required-email"));
    }
    let set_by_program = matches!(field.key.as_str(), "created" | "changed" | "source");
    if set_by_program && input.mode == "editable" {
        return Err(AppError::invalid("field-mode-set-by-program"));
    }
    Ok(())
}

/// Only what makes room: more characters, more digits, other choices.
fn check_wider(from: &Kind, to: &Kind) -> Result<()> {
    match (from, to) {
        (Kind::Text { max: from }, Kind::Text { max: to }) if to < from => {
            Err(AppError::invalid("field-max-smaller"))
        }
        (
            Kind::Decimal { precision, scale },
            Kind::Decimal {
                precision: wider,
                scale: finer,
            },
        ) if finer < scale || wider - finer < precision - scale => {
            Err(AppError::invalid("field-precision-smaller"))
        }
        _ if from.name() != to.name() => Err(AppError::invalid("field-type-fixed")),
        _ => Ok(()),
    }
}

/// A fence that names a value which is no longer allowed would close; it is told instead.
fn fences_stay_open(
    pg: &mut PgConnection,
    field: &Field,
    to: &Kind,
    inner: &[Tenant],
) -> Result<()> {
    let mut all = slice::every(pg)?;
    let before = catalog(&all)?;
    for one in all.iter_mut().filter(|one| one.id == field.id) {
        one.kind = json!(to);
    }
    usage::refuse(&usage::fences_closed(inner, &before, &catalog(&all)?))
}
