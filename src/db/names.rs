//! How roles and schemas are named. Formatted from integers only, so they can be spelled in SQL.

use super::ids::TenantId;

/// The names of one installation. Roles are shared by all databases of a PostgreSQL cluster, so they
/// carry the installation's number; schemas are not, so they don't.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    inst: u32,
}

impl Names {
    /// The names of installation `inst`.
    pub fn new(inst: u32) -> Self {
        Self { inst }
    }

    /// The installation's number.
    pub fn inst(self) -> u32 {
        self.inst
    }

    /// Log-in for the control tables.
    pub fn control(self) -> String {
        format!("m{}_control", self.inst)
    }

    /// Log-in that enters tenants.
    pub fn app(self) -> String {
        format!("m{}_app", self.inst)
    }

    /// Group of all use roles: what each may do outside its schema.
    pub fn tenants(self) -> String {
        format!("m{}_tenants", self.inst)
    }

    /// Group of all owner roles: temporary tables for their functions.
    pub fn owners(self) -> String {
        format!("m{}_owners", self.inst)
    }

    /// Owner of a separate tenant's schema; never reachable from a serving log-in.
    pub fn own(self, tenant: TenantId) -> String {
        format!("m{}_own_{tenant}", self.inst)
    }

    /// The role that requests of a separate tenant act as.
    pub fn t(self, tenant: TenantId) -> String {
        format!("m{}_t_{tenant}", self.inst)
    }

    /// The role that requests of an inner tenant act as.
    pub fn i(self, inner: TenantId) -> String {
        format!("m{}_i_{inner}", self.inst)
    }
}

/// The schema of a separate tenant.
pub fn schema(tenant: TenantId) -> String {
    format!("t_{tenant}")
}

/// The projection schema of an inner tenant.
pub fn projection(inner: TenantId) -> String {
    format!("i_{inner}")
}
