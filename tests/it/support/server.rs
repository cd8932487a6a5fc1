//! Databases on the server of the tests: made under names of their own, dropped with the roles that an
//! installation in them made.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use mandant::secrets::random_hex;
use secrecy::{ExposeSecret, SecretString};

/// A database of one test. Dropped at the end, also after a panic.
pub struct Database {
    /// Its URL as the log-in of the tests, which owns it.
    pub url: SecretString,
    name: String,
}

/// The URL that `script/test` sets; the log-in is no superuser, but may make databases and roles.
fn server() -> String {
    std::env::var("MANDANT_TEST_DATABASE_URL").expect(
        "MANDANT_TEST_DATABASE_URL is not set: run the tests with script/test, or start a server with \
         eval \"$(script/test-db start)\"",
    )
}

/// `url` with another database: what stands between the slash after the host and the parameters.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = match url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    format!("{}/{name}{parameters}", &address[..end])
}

/// A connection as the log-in of the tests to any database of the server.
fn admin(name: &str) -> PgConnection {
    PgConnection::establish(&with_database(&server(), name)).unwrap()
}

impl Database {
    /// A new and empty one.
    pub fn new() -> Self {
        let name = format!("mt_{}", random_hex(8));
        admin("postgres")
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        let url = SecretString::from(with_database(&server(), &name));
        Self { url, name }
    }

    /// A connection as its owner, who is also the provisioning log-in.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(self.url.expose_secret()).unwrap()
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The roles of the installation in a database, if one was made.
fn roles(conn: &mut PgConnection) -> Vec<String> {
    let rows: Vec<Name> = diesel::sql_query(
        "SELECT rolname::text AS name FROM pg_roles, control.installation WHERE rolname LIKE 'm' || inst || '\\_%'",
    )
    .load(conn)
    .unwrap_or_default();
    rows.into_iter().map(|row| row.name).collect()
}

impl Drop for Database {
    fn drop(&mut self) {
        // Unwrapping here while a test fails would hide why it failed.
        let Ok(mut own) = PgConnection::establish(self.url.expose_secret()) else {
            return;
        };
        let roles = roles(&mut own);
        drop(own);
        let mut conn = admin("postgres");
        let mut run = |sql: String| {
            conn.batch_execute(&sql)
                .map_err(|error| format!("cleaning up: {sql}: {error}"))
        };
        // Only who has the rights of a log-in may end its connections, and a server under test keeps its own
        // until the test's process ends; without that the statement waits five seconds for them in vain.
        let gone = match roles.is_empty() {
            true => Ok(()),
            false => run(format!("GRANT {} TO CURRENT_USER", roles.join(", "))),
        }
        .and_then(|()| run(format!("DROP DATABASE {} WITH (FORCE)", self.name)));
        if let Err(error) = gone {
            eprintln!("{error}");
            return;
        }
        for role in roles {
            if let Err(error) = run(format!("DROP ROLE {role}")) {
                eprintln!("{error}");
            }
        }
    }
}
