//! The privileges of every role, in one place. Provisioning grants exactly these, and the catalogue
//! sweep in the tests compares the database with them: a table or function that is not listed fails it.

use super::ids::TenantId;
use super::names::{self, Names};

/// What a separate tenant's use role may do with the tables of its schema.
pub const TENANT_TABLES: &[(&str, &str)] = &[
    ("fields", "SELECT"),
    ("field_rights", "SELECT"),
    ("recipients", "SELECT, UPDATE, DELETE"),
    ("recipient_changes", "SELECT"),
    ("lists", "SELECT, INSERT, UPDATE, DELETE"),
    ("subscriptions", "SELECT, UPDATE, DELETE"),
    ("subscription_changes", "SELECT"),
    ("imports", "SELECT, INSERT, UPDATE, DELETE"),
    ("import_problems", "SELECT, INSERT, DELETE"),
    ("import_profiles", "SELECT, INSERT, UPDATE, DELETE"),
    ("admissions", "SELECT, UPDATE"),
];

/// The functions of a tenant's schema that use roles of both kinds may call.
pub const TENANT_FUNCTIONS: &[&str] = &[
    "create_recipient(jsonb, integer[], text)",
    "change_unique(bigint, text, text)",
    "subscribe(bigint[], integer, text, boolean, text)",
    "stage_open(integer, text[])",
    "stage_close(integer)",
    "stage_apply(integer, text, text, text[], boolean, integer[], text)",
    "refresh_statistics()",
];

/// Tables of the tenant's schema that are not narrowed: inner roles read them where they are.
pub const INNER_BASE_TABLES: &[(&str, &str)] = &[("fields", "SELECT"), ("field_rights", "SELECT")];

/// What an inner tenant's role may do with the views of its projection. UPDATE on recipients and DELETE
/// on recipients depend on the fence and stand in `inner`.
pub const INNER_VIEWS: &[(&str, &str)] = &[
    ("recipients", "SELECT"),
    ("recipient_changes", "SELECT"),
    ("lists", "SELECT"),
    (
        "subscriptions",
        "SELECT, DELETE, UPDATE (status, since, source)",
    ),
    ("subscription_changes", "SELECT"),
    (
        "imports",
        "SELECT, DELETE, INSERT (state, file_name, stored_as, file_size, settings, created_by), \
         UPDATE (state, file_name, stored_as, file_size, settings, job_id, started_at, finished_at, done_line, \
         rows, created, updated, unchanged, refused, noted, errors_file, error, version)",
    ),
    (
        "import_problems",
        "SELECT, DELETE, INSERT (import_id, line, refused, code, field_id, params)",
    ),
    (
        "import_profiles",
        "SELECT, DELETE, UPDATE (name, settings, version), INSERT (name, settings)",
    ),
];

/// Functions of the projection that tell the tenant's functions about the fence.
pub const INNER_FUNCTIONS: &[&str] = &["fence_lists()", "moves_allowed()"];

/// What the control log-in may do with the control tables.
pub const CONTROL_TABLES: &[(&str, &str)] = &[
    ("tenants", "SELECT, UPDATE"),
    ("users", "SELECT, INSERT, UPDATE, DELETE"),
    ("roles", "SELECT, INSERT, UPDATE, DELETE"),
    ("role_rights", "SELECT, INSERT, DELETE"),
    ("role_includes", "SELECT, INSERT, DELETE"),
    ("role_versions", "SELECT, INSERT"),
    ("right_packages", "SELECT, INSERT, UPDATE, DELETE"),
    ("memberships", "SELECT, INSERT, UPDATE, DELETE"),
    ("membership_roles", "SELECT, INSERT, DELETE"),
    ("membership_rights", "SELECT, INSERT, DELETE"),
    ("pending_rights", "SELECT, UPDATE, DELETE"),
    ("visits", "SELECT, INSERT, UPDATE, DELETE"),
    ("sessions", "SELECT, INSERT, UPDATE, DELETE"),
    ("api_tokens", "SELECT, INSERT, UPDATE, DELETE"),
    ("login_attempts", "SELECT, INSERT, UPDATE, DELETE"),
    ("preferences", "SELECT, INSERT, UPDATE, DELETE"),
    ("mails", "SELECT, INSERT, UPDATE, DELETE"),
    ("links", "SELECT, INSERT, UPDATE, DELETE"),
    ("second_factors", "SELECT, INSERT, UPDATE, DELETE"),
    ("recovery_codes", "SELECT, INSERT, UPDATE, DELETE"),
    ("trusted_devices", "SELECT, INSERT, DELETE"),
    (
        "passkeys",
        "SELECT, INSERT, UPDATE (state, last_used_at), DELETE",
    ),
    ("passkey_ceremonies", "SELECT, INSERT, UPDATE, DELETE"),
    ("policies", "SELECT, INSERT, UPDATE"),
    ("sign_ons", "SELECT, INSERT, UPDATE"),
    ("sign_on_roles", "SELECT, INSERT, DELETE"),
    ("sign_on_links", "SELECT, INSERT, UPDATE, DELETE"),
    ("sign_on_permits", "SELECT, INSERT, DELETE"),
    ("sign_on_requests", "SELECT, INSERT, DELETE"),
    // Entries are only added. Their seals are the functions' to write.
    ("audit", "SELECT, INSERT"),
    ("audit_proofs", "SELECT"),
    ("audit_unsealed", "SELECT"),
    ("audit_seals", "SELECT"),
    ("audit_heads", "SELECT"),
    ("audit_checkpoints", "SELECT"),
    ("jobs", "SELECT, INSERT, UPDATE, DELETE"),
];

/// Control functions that the control log-in may call.
pub const CONTROL_FUNCTIONS: &[&str] = &[
    "context(integer, text, text)",
    "load_session(bytea)",
    "rights_now(integer, integer)",
    "rights_of_roles(integer[])",
    "roles_now(integer, integer)",
    "roles_reached(integer[])",
    "within(text[], text[])",
    "lock_rights()",
    "lock_rights_for(integer)",
    "ask_again(integer, integer)",
    "unconfirmable(integer[], integer, timestamp with time zone)",
    "audit_ends()",
    "seal_audit(integer)",
    "sign_audit_head(integer, bytea)",
    "prune_audit(integer)",
    "sign_audit_checkpoint(integer, bigint, bytea)",
    "erase_personal(integer)",
    "sign_on_asked(integer, integer)",
    "policy_of(integer)",
    "policy_of_tenants(integer[])",
];

/// Functions of the schema `gate` that tenants' roles may call.
pub const GATE_FUNCTIONS: &[&str] = &[
    "tenant_id()",
    "setting_id(text)",
    "record(text, text, jsonb)",
    "enqueue(text, jsonb)",
    "cancel_job(bigint)",
    "job(bigint)",
];

/// The grants of a separate tenant's use role, run as its owner.
pub fn tenant_sql(names: Names, tenant: TenantId) -> String {
    let (schema, role) = (names::schema(tenant), names.t(tenant));
    let mut sql = format!("GRANT USAGE ON SCHEMA {schema} TO {role};");
    for (table, privileges) in TENANT_TABLES {
        sql += &format!("GRANT {privileges} ON {schema}.{table} TO {role};");
    }
    for function in TENANT_FUNCTIONS {
        sql += &format!("GRANT EXECUTE ON FUNCTION {schema}.{function} TO {role};");
    }
    sql
}

/// The grants of an inner tenant's role, run as the parent's owner after its views are made.
pub fn inner_sql(names: Names, inner: TenantId, parent: TenantId) -> String {
    let (schema, view_schema, role) = (
        names::schema(parent),
        names::projection(inner),
        names.i(inner),
    );
    let mut sql = format!("GRANT USAGE ON SCHEMA {schema}, {view_schema} TO {role};");
    for (table, privileges) in INNER_BASE_TABLES {
        sql += &format!("GRANT {privileges} ON {schema}.{table} TO {role};");
    }
    for (view, privileges) in INNER_VIEWS {
        sql += &format!("GRANT {privileges} ON {view_schema}.{view} TO {role};");
    }
    for function in TENANT_FUNCTIONS {
        sql += &format!("GRANT EXECUTE ON FUNCTION {schema}.{function} TO {role};");
    }
    for function in INNER_FUNCTIONS {
        sql += &format!("GRANT EXECUTE ON FUNCTION {view_schema}.{function} TO {role};");
    }
    sql
}

/// The grants of the control log-in and of what all tenants share.
pub fn control_sql(names: Names) -> String {
    let (control, tenants) = (names.control(), names.tenants());
    let mut sql = format!(
        "GRANT USAGE ON SCHEMA control TO {control}; GRANT USAGE ON SCHEMA gate TO {tenants}; \
         GRANT USAGE ON SCHEMA ext TO PUBLIC; \
         REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA control, gate FROM PUBLIC;"
    );
    for (table, privileges) in CONTROL_TABLES {
        sql += &format!("GRANT {privileges} ON control.{table} TO {control};");
    }
    for function in CONTROL_FUNCTIONS {
        sql += &format!("GRANT EXECUTE ON FUNCTION control.{function} TO {control};");
    }
    for function in GATE_FUNCTIONS {
        sql += &format!("GRANT EXECUTE ON FUNCTION gate.{function} TO {tenants};");
    }
    sql
}
