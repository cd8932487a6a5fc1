//! The connection pools, and the guard that cleans every connection before it is used again.

#![expect(
    clippy::disallowed_methods,
    reason = "the guard's reset is a batch of fixed SQL"
)]

use super::names::Names;
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, ManageConnection, Pool, PooledConnection};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// What a physical connection may carry over is the cause of every leak between tenants that other
/// systems report; so each checkout starts clean. Not DISCARD ALL, which would drop prepared statements.
const RESET: &str = "ROLLBACK; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; \
                     SELECT pg_advisory_unlock_all(); DISCARD TEMP";
/// The same where no tenant's role is ever in force and nothing but plain statements runs.
const CHECK: &str = "SELECT 1";

/// A connection manager that cleans or discards on every checkout.
#[derive(Debug)]
pub struct Guarded {
    inner: ConnectionManager<PgConnection>,
    on_checkout: &'static str,
}

impl ManageConnection for Guarded {
    type Connection = PgConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> std::result::Result<PgConnection, Self::Error> {
        self.inner.connect()
    }

    fn is_valid(&self, conn: &mut PgConnection) -> std::result::Result<(), Self::Error> {
        if self.inner.has_broken(conn) {
            return Err(diesel::r2d2::Error::QueryError(
                diesel::result::Error::BrokenTransactionManager,
            ));
        }
        conn.batch_execute(self.on_checkout)
            .map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut PgConnection) -> bool {
        self.inner.has_broken(conn)
    }
}

/// A connection checked out of a pool.
pub type Pooled = PooledConnection<Guarded>;

/// The pools of the two serving log-ins.
#[derive(Clone)]
pub struct Pools {
    names: Names,
    control: Pool<Guarded>,
    app: Pool<Guarded>,
}

impl std::fmt::Debug for Pools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pools")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// How many connections the pools may hold.
#[derive(Clone, Copy, Debug)]
pub struct PoolSizes {
    /// For the control tables.
    pub control: u32,
    /// For tenants.
    pub app: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self {
            control: 8,
            app: 16,
        }
    }
}

impl Pools {
    /// Pools that connect when first used.
    pub fn new(names: Names, control: &SecretString, app: &SecretString, sizes: PoolSizes) -> Self {
        Self {
            names,
            control: pool(control, sizes.control, CHECK),
            app: pool(app, sizes.app, RESET),
        }
    }

    /// The installation's names.
    pub fn names(&self) -> Names {
        self.names
    }

    /// A connection to the control tables.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer within the waiting time.
    pub(crate) fn control(&self) -> Result<Pooled> {
        self.control.get().map_err(|_| AppError::Unavailable)
    }

    /// A clean connection that can become a tenant.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer within the waiting time.
    pub(crate) fn app(&self) -> Result<Pooled> {
        self.app.get().map_err(|_| AppError::Unavailable)
    }
}

fn pool(url: &SecretString, size: u32, on_checkout: &'static str) -> Pool<Guarded> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        // A backend grows by 0.2 to 0.3 MB for each tenant it has visited and never shrinks.
        .max_lifetime(Some(Duration::from_secs(12 * 60)))
        .idle_timeout(Some(Duration::from_secs(5 * 60)))
        .connection_timeout(Duration::from_secs(5))
        .test_on_check_out(true)
        .error_handler(Box::new(QuietErrors))
        .build_unchecked(Guarded {
            inner: ConnectionManager::new(url.expose_secret()),
            on_checkout,
        })
}

/// r2d2's own handler would write connection errors, which can name hosts and users, for every try.
#[derive(Debug)]
struct QuietErrors;

impl diesel::r2d2::HandleError<diesel::r2d2::Error> for QuietErrors {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        let what = match error {
            diesel::r2d2::Error::ConnectionError(_) => "cannot connect",
            diesel::r2d2::Error::QueryError(_) => "connection lost",
        };
        tracing::warn!(what, "database");
    }
}

/// `base` with another user and password, and the session defaults that a reset returns to.
/// libpq lets later parameters of a URL override earlier ones.
pub fn login_url(base: &SecretString, user: &str, password: &SecretString) -> SecretString {
    let base = base.expose_secret();
    let options = "-c%20TimeZone%3DUTC%20-c%20DateStyle%3DISO%20-c%20client_min_messages%3Dwarning";
    let separator = if base.contains('?') { '&' } else { '?' };
    SecretString::from(format!(
        "{base}{separator}user={user}&password={}&options={options}&client_encoding=UTF8&application_name=mandant",
        password.expose_secret()
    ))
}
