//! A connection inside one transaction, as one tenant's role, in one tenant's schema.

#![expect(
    clippy::disallowed_methods,
    reason = "entering a tenant is the batch that this module exists for"
)]

use super::ids::{ImportId, TenantId, UserId};
use super::names::{self, Names};
use super::origin;
use super::pool::Pools;
use super::viewer::Viewer;
use crate::error::{AppError, Result};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use std::marker::PhantomData;

/// Marks a connection that may only look.
#[derive(Debug)]
pub enum Read {}
/// Marks a connection that may change things.
#[derive(Debug)]
pub enum Write {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Read {}
    impl Sealed for super::Write {}
}

/// What a transaction may do; `Read` is READ ONLY in PostgreSQL, too.
pub trait Mode: sealed::Sealed + 'static {
    /// Whether PostgreSQL refuses writes.
    const READ_ONLY: bool;
    /// `view` or `change`, as the policy table prints it.
    const NAME: &'static str;
}
impl Mode for Read {
    const READ_ONLY: bool = true;
    const NAME: &'static str = "view";
}
impl Mode for Write {
    const READ_ONLY: bool = false;
    const NAME: &'static str = "change";
}

/// Through what a change came; written into the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// A page of the program.
    #[default]
    Form,
    /// A program, by a token.
    Api,
    /// An import.
    Import,
    /// A bulk act run as a job.
    Bulk,
    /// The command line.
    Cli,
    /// The program itself.
    System,
}

impl Source {
    /// The fixed key that the database keeps.
    pub fn key(self) -> &'static str {
        match self {
            Source::Form => "form",
            Source::Api => "api",
            Source::Import => "import",
            Source::Bulk => "bulk",
            Source::Cli => "cli",
            Source::System => "system",
        }
    }
}

/// Which tenant's role and schema a transaction enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantScope {
    /// The tenant.
    pub id: TenantId,
    /// For an inner tenant the separate (or main) tenant whose data it sees a part of.
    pub parent: Option<TenantId>,
}

impl TenantScope {
    /// The tenant in whose schema the data lies: itself, or an inner tenant's parent.
    pub fn schema_tenant(&self) -> TenantId {
        self.parent.unwrap_or(self.id)
    }

    fn role(&self, names: Names) -> String {
        match self.parent {
            Some(_) => names.i(self.id),
            None => names.t(self.id),
        }
    }

    fn search_path(&self) -> String {
        match self.parent {
            Some(parent) => format!(
                "{}, {}, pg_temp",
                names::projection(self.id),
                names::schema(parent)
            ),
            None => format!("{}, pg_temp", names::schema(self.id)),
        }
    }
}

/// On whose behalf, and through what, a transaction acts; the history triggers read it.
#[derive(Clone, Copy, Debug)]
pub struct Acting {
    /// The user, if a person acts.
    pub user: Option<UserId>,
    /// Through what.
    pub source: Source,
    /// The import at work.
    pub import: Option<ImportId>,
    /// Longest time a statement may take, in milliseconds.
    pub statement_timeout_ms: u32,
    /// Whether somebody waits for a few rows, rather than a job for many.
    pub few_rows: bool,
}

impl Acting {
    /// A request by a person, or by a program on his behalf.
    pub fn request(user: UserId, source: Source) -> Self {
        Self {
            user: Some(user),
            source,
            import: None,
            statement_timeout_ms: 30_000,
            few_rows: true,
        }
    }

    /// A job or the command line: no statement limit.
    pub fn background(user: Option<UserId>, source: Source) -> Self {
        Self {
            user,
            source,
            import: None,
            statement_timeout_ms: 0,
            few_rows: false,
        }
    }
}

/// A tenant's transaction. Handlers get one from `Access::run`, jobs and the command line from
/// `SystemAccess`; nothing else makes one.
pub struct TenantConn<'c, M: Mode> {
    conn: &'c mut PgConnection,
    scope: TenantScope,
    viewer: &'c Viewer,
    mode: PhantomData<M>,
}

impl<M: Mode> TenantConn<'_, M> {
    /// The connection, for queries of the query builder.
    pub fn pg(&mut self) -> &mut PgConnection {
        self.conn
    }

    /// The tenant entered.
    pub fn scope(&self) -> TenantScope {
        self.scope
    }

    /// With whose eyes it looks: what he may not see is not to be told.
    pub fn viewer(&self) -> &Viewer {
        self.viewer
    }

    /// Whether an inner tenant's role is in force.
    pub fn is_inner(&self) -> bool {
        self.scope.parent.is_some()
    }

    /// Ends every further statement of this transaction (or savepoint) after `ms` milliseconds.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn limit_statements(&mut self, ms: u32) -> Result<()> {
        Ok(self
            .conn
            .batch_execute(&format!("SET LOCAL statement_timeout = {ms}"))?)
    }

    /// What `act` finds, or nothing if a statement of it takes longer than `ms` milliseconds. Only for
    /// looking: whatever `act` changes is taken back. It may read many rows, and is planned for that.
    ///
    /// # Errors
    /// Those of `act`, but for the time.
    pub fn look_within<T>(
        &mut self,
        ms: u32,
        act: impl FnOnce(&mut TenantConn<'_, M>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (scope, viewer) = (self.scope, self.viewer);
        let looked = self.conn.transaction::<(), Looked<T>, _>(|conn| {
            conn.batch_execute(&format!(
                "SET LOCAL statement_timeout = {ms}; \
                 SET LOCAL max_parallel_workers_per_gather TO DEFAULT"
            ))?;
            let mut inside = TenantConn {
                conn,
                scope,
                viewer,
                mode: PhantomData,
            };
            // Rolled back in any case, which takes the limits back, too.
            Err(act(&mut inside).map_or_else(Looked::Failed, Looked::Found))
        });
        match looked {
            Err(Looked::Found(value)) => Ok(Some(value)),
            Err(Looked::Failed(AppError::TimedOut)) => Ok(None),
            Err(Looked::Failed(error)) => Err(error),
            Ok(()) => Ok(None),
        }
    }

    /// Runs `act` so that its failure can be looked at without losing the transaction. No role changes
    /// inside: a savepoint's release would keep it.
    pub fn savepoint<T>(
        &mut self,
        act: impl FnOnce(&mut TenantConn<'_, M>) -> Result<T>,
    ) -> Result<T> {
        let (scope, viewer) = (self.scope, self.viewer);
        self.conn.transaction(|conn| {
            act(&mut TenantConn {
                conn,
                scope,
                viewer,
                mode: PhantomData,
            })
        })
    }
}

/// How a look ends; either way its savepoint is rolled back.
enum Looked<T> {
    Found(T),
    Failed(AppError),
}

impl<T> From<diesel::result::Error> for Looked<T> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Opens one transaction as the tenant's role, runs `act`, commits.
///
/// Visible to `access` only by convention of `tests/it/architecture.rs`: handlers have no `Pools`.
pub(crate) fn run<M: Mode, T>(
    pools: &Pools,
    scope: TenantScope,
    acting: Acting,
    viewer: &Viewer,
    act: impl FnOnce(&mut TenantConn<'_, M>) -> Result<T>,
) -> Result<T> {
    let mut pooled = pools.app()?;
    let conn: &mut PgConnection = &mut pooled;
    AnsiTransactionManager::begin_transaction_sql(conn, &entry::<M>(pools.names(), scope, acting))?;
    let outcome = act(&mut TenantConn {
        conn,
        scope,
        viewer,
        mode: PhantomData,
    });
    let outcome = match outcome {
        // A COMMIT after a statement that failed answers as if all were well, although nothing is
        // kept. This asks first: in a failed transaction it is an error.
        Ok(value) if !M::READ_ONLY => conn
            .batch_execute("SELECT 1")
            .map(|()| value)
            .map_err(Into::into),
        other => other,
    };
    match outcome {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to tell; a connection that cannot roll back is discarded at
            // its next checkout.
            let _ = AnsiTransactionManager::rollback_transaction(conn);
            Err(error)
        }
    }
}

/// What pages ask for is over in milliseconds: compiling a plan or starting workers costs more than it
/// saves. Merge joins stay: without them a deep page within a list's fence took twice as long.
const FEW_ROWS: &str = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; ";

/// One round trip: begin, role, path, limits, who acts. In a READ ONLY transaction a query must follow
/// at once, because until then READ ONLY can be undone.
fn entry<M: Mode>(names: Names, scope: TenantScope, acting: Acting) -> String {
    let number = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
    // Spelled from numbers and parsed addresses only.
    let origin = origin::here();
    format!(
        "BEGIN{read_only}; SET LOCAL ROLE {role}; SET LOCAL search_path = {path}; \
         SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = 10000; \
         SET LOCAL idle_in_transaction_session_timeout = 120000; \
         SET LOCAL mandant.user_id = '{user}'; SET LOCAL mandant.import_id = '{import}'; \
         SET LOCAL mandant.source = '{source}'; SET LOCAL mandant.address = '{address}'; \
         SET LOCAL mandant.came_from = '{came_from}'; SET LOCAL mandant.seen_as = '{seen_as}'; {planning}SELECT 1",
        address = origin.address_text(),
        came_from = number(origin.came_from.map(|tenant| tenant.0)),
        seen_as = origin.seen_as_text(),
        planning = if acting.few_rows { FEW_ROWS } else { "" },
        read_only = if M::READ_ONLY { " READ ONLY" } else { "" },
        role = scope.role(names),
        path = scope.search_path(),
        statement = acting.statement_timeout_ms,
        user = number(acting.user.map(|u| u.0)),
        import = number(acting.import.map(|i| i.0)),
        source = acting.source.key(),
    )
}
