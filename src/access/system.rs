//! Access for what no request asked for: jobs and the command line. Whoever runs the program may run
//! these; they name the right whose mode they use, so that looking stays read-only.

use super::load::viewer_now;
use super::rights::Right;
use crate::app::App;
use crate::db::ids::UserId;
use crate::db::provisioner::Order;
use crate::db::tenant::{Acting, Source};
use crate::db::{ControlConn, TenantConn, TenantScope, Viewer, control, tenant};
use crate::error::Result;
use std::marker::PhantomData;

/// Leave to act in one tenant without a session.
#[derive(Debug)]
pub struct SystemAccess<R: Right> {
    scope: TenantScope,
    acting: Acting,
    right: PhantomData<fn() -> R>,
}

// Derived, it would ask the right itself to be `Clone`.
impl<R: Right> Clone for SystemAccess<R> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<R: Right> SystemAccess<R> {
    /// For a job or a verb of the command line in one tenant.
    pub fn new(scope: TenantScope, user: Option<UserId>, source: Source) -> Self {
        Self {
            scope,
            acting: Acting::background(user, source),
            right: PhantomData,
        }
    }

    /// For an import: its changes carry its id.
    #[must_use]
    pub fn importing(mut self, import: crate::db::ids::ImportId) -> Self {
        self.acting.import = Some(import);
        self
    }

    /// Planned and limited as a request is: for who waits for a few rows.
    #[must_use]
    pub fn as_request(mut self) -> Self {
        (self.acting.few_rows, self.acting.statement_timeout_ms) = (true, 30_000);
        self
    }

    /// The tenant.
    pub fn scope(&self) -> TenantScope {
        self.scope
    }

    /// Opens one transaction as the tenant's role. Waits for the database: not for async code.
    ///
    /// # Errors
    /// Those of `act`; nothing is kept then.
    pub fn run<T>(
        &self,
        app: &App,
        act: impl FnOnce(&mut TenantConn<'_, R::Mode>) -> Result<T>,
    ) -> Result<T> {
        // A job acts for who ordered it, and sees what he may see when it runs.
        let viewer = match self.acting.user {
            Some(user) => viewer_now(&app.pools, user, self.scope.id)?,
            None => Viewer::Operator,
        };
        tenant::run::<R::Mode, T>(&app.pools, self.scope, self.acting, &viewer, act)
    }
}

/// One transaction on the control tables, for jobs and the command line.
///
/// # Errors
/// Those of `act`; nothing is kept then.
pub fn control<R: Right, T>(
    app: &App,
    act: impl FnOnce(&mut ControlConn<'_, R::Mode>) -> Result<T>,
) -> Result<T> {
    control::run::<R::Mode, T>(&app.pools, act)
}

/// Hands an order to the provisioner, for jobs and the command line.
///
/// # Errors
/// The order's; nothing is kept then.
pub fn provision<O: Order>(app: &App, order: O) -> Result<O::Answer> {
    app.provisioner.carry_out(order)
}
