//! The only holder of the log-in that makes schemas and roles. Handlers hand it a typed `Order` through
//! `ControlAccess::provision`, jobs and the command line through `SystemAccess`; nobody gets its connection.

#![expect(
    clippy::disallowed_methods,
    reason = "provisioning is DDL; names come from ids"
)]

use super::bootstrap::{self, Installation};
use super::grants;
use super::ids::TenantId;
use super::inner::{self, FenceSql, RecipientColumns};
use super::migrate;
use super::names::{self, Names};
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Mutex;
use std::time::Duration;

/// One thing to provision, carried out in one transaction: whole, or not at all.
pub trait Order: Send + 'static {
    /// What the order answers.
    type Answer: Send + 'static;

    /// Does it.
    ///
    /// # Errors
    /// Any error undoes everything.
    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<Self::Answer>;

    /// The same order once more, for one that waits for a table's lock only shortly, so that requests do
    /// not queue up behind it. Without one it is tried once.
    fn again(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// How often an order that waits shortly for locks is tried.
const MOST_TRIES: u32 = 5;
/// How long it waits before the next try, times the tries so far.
const PAUSE: Duration = Duration::from_millis(200);

/// Carries out orders, one at a time for each connection it keeps.
pub struct Provisioner {
    url: SecretString,
    installation: Installation,
    idle: Mutex<Vec<Kept>>,
}

/// A connection and how many orders it has carried out.
struct Kept {
    conn: PgConnection,
    orders: u32,
}

/// Orders that a connection carries out before another takes its place: the server keeps in memory every
/// catalogue row that a connection has met, about 1.5 MB for each tenant it made.
const MOST_ORDERS: u32 = 25;

impl std::fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provisioner").finish_non_exhaustive()
    }
}

impl Provisioner {
    /// Prepares the installation behind `url` and keeps the log-in for orders.
    ///
    /// # Errors
    /// See `bootstrap::prepare`.
    pub fn prepare(url: &SecretString) -> Result<Self> {
        let mut conn = connect(url)?;
        let installation = bootstrap::prepare(url, &mut conn)?;
        Ok(Self {
            url: url.clone(),
            installation,
            idle: Mutex::new(vec![Kept { conn, orders: 0 }]),
        })
    }

    /// The provisioning log-in, for what only a whole backup needs.
    pub(crate) fn url(&self) -> &SecretString {
        &self.url
    }

    /// Looks at the server with the provisioning log-in, outside of any order.
    pub(crate) fn look<T>(
        &self,
        act: impl FnOnce(&mut PgConnection, Names) -> Result<T>,
    ) -> Result<T> {
        act(&mut connect(&self.url)?, self.installation.names)
    }

    /// Names and serving log-ins.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Carries out one order in one transaction; one that can be repeated is tried up to five times
    /// where a lock was not to be had.
    ///
    /// # Errors
    /// The order's; nothing is kept then.
    pub fn carry_out<O: Order>(&self, order: O) -> Result<O::Answer> {
        let mut order = order;
        for tried in 1..MOST_TRIES {
            let Some(spare) = order.again() else { break };
            match self.try_once(order) {
                Err(AppError::Internal(text)) if AppError::internal(&*text).is_transient() => {
                    tracing::info!(tried, "a lock was not to be had; trying again");
                    std::thread::sleep(PAUSE * tried);
                    order = spare;
                }
                other => return other,
            }
        }
        self.try_once(order)
    }

    /// Runs statements that cannot stand in a transaction (CREATE INDEX CONCURRENTLY) as the owner of a
    /// tenant's schema, each by itself. They are spelled from ids and checked values only. Their connection
    /// is not used for anything else.
    ///
    /// # Errors
    /// The first that PostgreSQL refuses; those before it are kept.
    pub fn outside_transaction(&self, tenant: TenantId, statements: &[String]) -> Result<()> {
        let mut conn = connect(&self.url)?;
        conn.batch_execute(&format!("SET ROLE {}", self.installation.names.own(tenant)))?;
        conn.batch_execute(&format!(
            "SET search_path = {}, pg_temp",
            names::schema(tenant)
        ))?;
        for statement in statements {
            conn.batch_execute(statement)?;
        }
        Ok(())
    }

    fn try_once<O: Order>(&self, order: O) -> Result<O::Answer> {
        let mut kept = self.connection()?;
        let names = self.installation.names;
        let answer = kept.conn.transaction(|conn| {
            conn.batch_execute(
                "SET LOCAL search_path = control, pg_temp; SET LOCAL lock_timeout = '5s'",
            )?;
            order.carry_out(&mut ProvisionConn { conn, names })
        });
        kept.orders += 1;
        // A connection that failed in an unknown way is not kept.
        if answer.is_ok()
            && kept.orders < MOST_ORDERS
            && let Ok(mut idle) = self.idle.lock()
            && idle.len() < 2
        {
            idle.push(kept);
        }
        answer
    }

    fn connection(&self) -> Result<Kept> {
        let kept = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        if let Some(mut kept) = kept
            && kept.conn.batch_execute("SELECT 1").is_ok()
        {
            return Ok(kept);
        }
        let conn = connect(&self.url)?;
        Ok(Kept { conn, orders: 0 })
    }
}

fn connect(url: &SecretString) -> Result<PgConnection> {
    let mut conn = PgConnection::establish(url.expose_secret()).map_err(|error| {
        // The message names host and user, never the password; operators need it.
        tracing::error!(%error, "cannot connect to the database");
        AppError::Unavailable
    })?;
    conn.batch_execute(
        "SET TimeZone = 'UTC'; SET client_min_messages = warning; SET application_name = 'mandant provisioner'",
    )?;
    Ok(conn)
}

/// The provisioning transaction. Queries on the control tables use `pg`; everything that makes or
/// changes a tenant's schema goes through the methods below.
pub struct ProvisionConn<'c> {
    conn: &'c mut PgConnection,
    names: Names,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

impl ProvisionConn<'_> {
    /// The connection, with `search_path` on the control schema.
    pub fn pg(&mut self) -> &mut PgConnection {
        self.conn
    }

    /// The installation's names.
    pub fn names(&self) -> Names {
        self.names
    }

    /// Makes roles and schema of a separate (or the main) tenant at the program's version. The caller
    /// has inserted the tenant's row and records the version.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn make_separate(&mut self, tenant: TenantId) -> Result<()> {
        let (own, t) = (self.names.own(tenant), self.names.t(tenant));
        // All that changes who is a member of what comes first, and the owner's role is entered once: after
        // each change the server computes the provisioner's memberships anew, at a cost that grows with
        // the square of the tenants.
        self.make_role(&own)?;
        self.make_role(&t)?;
        self.conn.batch_execute(&format!(
            "GRANT {owners} TO {own}; GRANT {tenants} TO {t}",
            owners = self.names.owners(),
            tenants = self.names.tenants(),
        ))?;
        bootstrap::let_app_become(self.conn, self.names, &t)?;
        self.conn.batch_execute(&format!(
            "CREATE SCHEMA {} AUTHORIZATION {own}",
            names::schema(tenant)
        ))?;
        self.as_owner(tenant, |conn, names| {
            migrate::create_tenant(conn, names, tenant)?;
            conn.batch_execute(&grants::tenant_sql(names, tenant))?;
            Ok(())
        })
    }

    /// Makes the role of an inner tenant; its views follow by `build_inner`.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn make_inner(&mut self, inner: TenantId, parent: TenantId) -> Result<()> {
        let i = self.names.i(inner);
        self.make_role(&i)?;
        self.conn
            .batch_execute(&format!("GRANT {} TO {i}", self.names.tenants()))?;
        bootstrap::let_app_become(self.conn, self.names, &i)?;
        // The parent's owner makes the projection's schema.
        self.conn.batch_execute(&format!(
            "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {}', current_database()); END $$",
            self.names.own(parent)
        ))?;
        Ok(())
    }

    /// Makes or remakes the views, functions and grants of an inner tenant.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn build_inner(
        &mut self,
        inner: TenantId,
        parent: TenantId,
        fence: &FenceSql,
    ) -> Result<()> {
        let columns = self.recipient_columns(parent)?;
        inner::build(self.conn, self.names, inner, parent, &columns, fence)
    }

    /// Drops the views of inner tenants, so that columns below can change; `build_inner` makes them again
    /// in the same transaction. Before the table is touched: requests lock the view first, too.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn drop_views(&mut self, parent: TenantId, inner: &[TenantId]) -> Result<()> {
        let each =
            |id: &TenantId| format!("DROP SCHEMA IF EXISTS {} CASCADE;", names::projection(*id));
        self.ddl(parent, &inner.iter().map(each).collect::<String>())
    }

    /// The columns of a tenant's recipients, and which an inner tenant may change.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub fn recipient_columns(&mut self, tenant: TenantId) -> Result<RecipientColumns> {
        let table = format!("{}.recipients", names::schema(tenant));
        let all = self.names_of(
            "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            &table,
        )?;
        // Also those whose unique index is still being built: it refuses doubles before it is finished.
        let unique = self.names_of(
            &format!(
                "SELECT a.attname::text AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
                 WHERE i.indrelid = $1::regclass AND i.indisunique \
                 UNION SELECT COALESCE(standard_column, 'f' || id) FROM {}.fields WHERE is_unique",
                names::schema(tenant)
            ),
            &table,
        )?;
        Ok(RecipientColumns::new(all, &unique))
    }

    /// Removes everything of an inner tenant in the database.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn drop_inner(&mut self, inner: TenantId, parent: TenantId) -> Result<()> {
        self.as_owner(parent, |conn, _| {
            conn.batch_execute(&format!(
                "DROP SCHEMA IF EXISTS {} CASCADE",
                names::projection(inner)
            ))?;
            Ok(())
        })?;
        let role = self.names.i(inner);
        self.drop_role(&role)
    }

    /// Removes schema and roles of a separate tenant.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn drop_separate(&mut self, tenant: TenantId) -> Result<()> {
        self.conn.batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {} CASCADE",
            names::schema(tenant)
        ))?;
        let (own, t) = (self.names.own(tenant), self.names.t(tenant));
        self.drop_role(&t)?;
        self.drop_role(&own)
    }

    /// Runs `act` as the owner of a tenant's schema, with the path on that schema, and steps back.
    ///
    /// # Errors
    /// Those of `act`.
    pub fn as_owner<T>(
        &mut self,
        tenant: TenantId,
        act: impl FnOnce(&mut PgConnection, Names) -> Result<T>,
    ) -> Result<T> {
        self.conn.batch_execute(&format!(
            "SET LOCAL ROLE {}; SET LOCAL search_path = {}, pg_temp",
            self.names.own(tenant),
            names::schema(tenant)
        ))?;
        let value = act(self.conn, self.names)?;
        self.conn
            .batch_execute("RESET ROLE; SET LOCAL search_path = control, pg_temp")?;
        Ok(value)
    }

    /// Runs DDL on a tenant's schema as its owner; `ddl` is spelled from ids and checked values only, and
    /// may be empty.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn ddl(&mut self, tenant: TenantId, ddl: &str) -> Result<()> {
        if ddl.is_empty() {
            return Ok(());
        }
        self.as_owner(tenant, |conn, _| Ok(conn.batch_execute(ddl)?))
    }

    /// Runs SQL as the provisioning log-in itself: for the benchmarks' bare comparisons.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub(crate) fn raw(&mut self, sql: &str) -> Result<()> {
        Ok(self.conn.batch_execute(sql)?)
    }

    /// Whether a role exists in the cluster.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub fn role_exists(&mut self, role: &str) -> Result<bool> {
        let flag: Flag =
            diesel::sql_query("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS yes")
                .bind::<Text, _>(role)
                .get_result(self.conn)?;
        Ok(flag.yes)
    }

    /// A role without log-in, of which the provisioning log-in is a member: it needs that to act as the
    /// owner, to grant the role on, and to drop what the role owns.
    fn make_role(&mut self, role: &str) -> Result<()> {
        self.conn.batch_execute(&format!(
            "CREATE ROLE {role} NOLOGIN; GRANT {role} TO CURRENT_USER"
        ))?;
        Ok(())
    }

    fn drop_role(&mut self, role: &str) -> Result<()> {
        if self.role_exists(role)? {
            self.conn
                .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))?;
        }
        Ok(())
    }

    fn names_of(&mut self, query: &str, table: &str) -> Result<Vec<String>> {
        let rows: Vec<Name> = diesel::sql_query(query)
            .bind::<Text, _>(table)
            .load(self.conn)?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }
}
