//! PostgreSQL: connections, roles, schemas, migrations. Imports no slice.
//!
//! Three log-ins serve the program, each with what it needs and no more:
//!
//! | log-in | may | used by |
//! |---|---|---|
//! | the given one | make schemas and roles; owns everything | `Provisioner` only |
//! | `m<inst>_control` | the control tables | log-in, sessions, users, tenants, the job queue |
//! | `m<inst>_app` | nothing itself; becomes one tenant's role for one transaction | `TenantConn` |
//!
//! The log-in that runs tenants' queries cannot become `m<inst>_control`, so that a fault in a
//! tenant's page reaches neither password hashes nor sessions.

pub mod backup;
pub mod bootstrap;
pub mod constraint;
pub mod control;
pub mod copy;
pub mod doctor;
pub mod embedded;
pub mod grants;
pub mod ids;
pub mod inner;
pub mod migrate;
pub mod names;
pub mod origin;
pub mod pool;
pub mod provisioner;
pub mod schema;
pub mod tenant;
pub mod trace;
pub mod viewer;

pub use control::ControlConn;
pub use tenant::{Mode, Read, Source, TenantConn, TenantScope, Write};
pub use viewer::Viewer;
