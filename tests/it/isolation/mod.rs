//! What PostgreSQL keeps apart, whatever the program does: each trial that once broke it is a test here.
//!
//! Everything below speaks raw SQL in a tenant's role, as an attacker would who got past the query builder.

mod catalogue;
mod create;
mod crowd;
mod fields;
mod import;
mod injection;
mod inner;
mod migrations;
pub mod provisioning;
mod session;
mod tables;

use crate::support::{TestDb, by_lists, by_rule};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::access::system::provision;
use mandant::control::tenants::Tenant;
use mandant::control::tenants::provision::rebuild_inner;
use mandant::db::ids::{ListId, TenantId};
use mandant::db::provisioner::{Order, ProvisionConn};
use mandant::error::{AppError, Result};

/// Two separate tenants; in the first two lists, three people, and inner tenants of each kind of fence.
pub struct World {
    pub db: TestDb,
    pub nord: Tenant,
    pub sued: Tenant,
    /// Fenced by the list `news`: sees `in@nord.example` only.
    pub vip: Tenant,
    /// Fenced by a rule: sees `adler@nord.example` only.
    pub adler: Tenant,
    pub news: ListId,
    /// A list that no inner tenant has in its fence.
    pub other: ListId,
}

impl World {
    pub fn new() -> Self {
        let db = TestDb::new();
        let (nord, sued) = (db.separate("nord"), db.separate("sued"));
        add_unique_field(&db, nord.id());
        let (news, other) = (db.list(&nord, "News"), db.list(&nord, "Other"));
        let person = |email: &str, last: &str, number: &str, list: ListId| {
            let data = serde_json::json!({ "email": email, "last_name": last, "f101": number });
            db.person(&nord, data, &[list]);
        };
        person("in@nord.example", "Igel", "1", news);
        person("out@nord.example", "Otter", "2", other);
        person("adler@nord.example", "Adler", "3", other);
        let list = db.list(&sued, "Sued");
        db.recipient(&sued, "in@sued.example", &[list]);
        let vip = db.inner("nord", "vip", by_lists(&[news]));
        let adler = db.inner("nord", "adler", by_rule("last_name = 'Adler'"));
        Self {
            db,
            nord,
            sued,
            vip,
            adler,
            news,
            other,
        }
    }

    /// What a statement does in a tenant's role: `ok 3` for three rows, or the error's text. Kept if it
    /// succeeds.
    pub fn attempt(&self, tenant: &Tenant, sql: &str) -> String {
        let mut said = String::new();
        let outcome = self.db.as_tenant(tenant.scope(), |conn| {
            match diesel::sql_query(sql).execute(conn.pg()) {
                Ok(rows) => said = format!("ok {rows}"),
                Err(error) => {
                    said = error.to_string();
                    return Err(AppError::Conflict);
                }
            }
            Ok(())
        });
        assert_eq!(
            outcome.is_ok(),
            said.starts_with("ok "),
            "{said}: {outcome:?}"
        );
        said
    }

    /// The rows of a query as JSON, or the error's text; `[]` for none.
    pub fn ask(&self, tenant: &Tenant, query: &str) -> String {
        let mut said = String::new();
        let _ = self.db.look_as(tenant.scope(), |conn| {
            match rows(conn.pg(), query) {
                Ok(found) => said = found,
                Err(error) => {
                    said = error.to_string();
                    return Err(AppError::Conflict);
                }
            }
            Ok(())
        });
        said
    }
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    said: String,
}

/// The rows of a query as one JSON text.
pub fn rows(conn: &mut PgConnection, query: &str) -> QueryResult<String> {
    let query = format!("SELECT COALESCE(json_agg(q)::text, '[]') AS said FROM ({query}) q");
    Ok(diesel::sql_query(query).get_result::<Text>(conn)?.said)
}

/// Runs `act` in a provisioning transaction.
pub struct Provision<F>(pub F);

impl<T: Send + 'static, F> Order for Provision<F>
where
    F: FnOnce(&mut ProvisionConn<'_>) -> Result<T> + Send + 'static,
{
    type Answer = T;

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<T> {
        (self.0)(conn)
    }
}

/// A field of the tenant's own, `f101`, in which no two people share a value.
fn add_unique_field(db: &TestDb, tenant: TenantId) {
    let order = Provision(move |conn: &mut ProvisionConn<'_>| {
        conn.ddl(
            tenant,
            r#"INSERT INTO fields (key, kind, label_en, label_de, is_unique)
               VALUES ('number', '{"type":"text","max":20}', 'Number', 'Nummer', true);
               ALTER TABLE recipients ADD f101 text CONSTRAINT recipients_f101_key UNIQUE
               CONSTRAINT recipients_f101_check CHECK (char_length(f101) <= 20)"#,
        )?;
        rebuild_inner(conn, tenant)
    });
    provision(&db.app, order).unwrap();
}

/// Runs a batch that must succeed.
pub fn run(conn: &mut PgConnection, sql: &str) {
    conn.batch_execute(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Panics unless PostgreSQL said no.
#[track_caller]
pub fn denied(said: &str) {
    assert!(said.starts_with("permission denied"), "not denied: {said}");
}
