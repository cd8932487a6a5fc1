//! PostgreSQL: connections, roles, schemas, migrations. Imports no slice.

pub mod ids;
