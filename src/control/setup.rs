//! The first start: the main tenant and its administrator.

use super::audit::Actor;
use super::tenants::provision::{Basics, CreateSeparate, FirstUser};
use super::tenants::slug::Slug;
use super::{tenants, users};
use crate::app::App;
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::error::{AppError, Result};
use std::collections::BTreeSet;

/// Makes the main tenant (slug `main`) and its administrator; once only.
#[derive(Debug)]
pub struct SetUp {
    /// Who orders it.
    pub actor: Actor,
    /// Name of the main tenant.
    pub name: String,
    /// Its administrator.
    pub admin: users::NewUser,
    /// `en` or `de`.
    pub locale: String,
}

impl Order for SetUp {
    type Answer = TenantId;

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<TenantId> {
        if tenants::main(conn.pg())?.is_some() {
            return Err(AppError::invalid("setup-done"));
        }
        CreateSeparate {
            actor: self.actor,
            granter: None,
            parent: None,
            basics: Basics::check(
                Slug::parse("main", &BTreeSet::new())?,
                &self.name,
                "#2f5d8a",
                &self.locale,
                "Europe/Berlin",
            )?,
            admin: Some(FirstUser {
                user: self.admin,
                roles: vec!["administrator".into()],
            }),
        }
        .carry_out(conn)
    }
}

/// Whether the main tenant is there.
///
/// # Errors
/// When the database does not answer.
pub fn is_done(app: &App) -> Result<bool> {
    crate::db::control::statement(&app.pools, |conn| {
        use crate::db::schema::control::tenants::dsl;
        use diesel::prelude::*;
        diesel::select(diesel::dsl::exists(
            dsl::tenants.filter(dsl::kind.eq("main")),
        ))
        .get_result(conn)
    })
}
