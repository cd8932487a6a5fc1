//! What the operator decides: one struct per concern. Values come from flags, then the environment, then
//! one TOML file, then defaults; [`settings`] is the table of all of them. Not the settings of a tenant,
//! which live in the database.

mod file;
mod load;
mod network;
mod redact;
mod report;
pub mod settings;
#[cfg(test)]
mod tests;

pub use load::{ConfigError, Flag, Loaded, Sources};
pub use network::Network;
pub use report::Row;

use crate::db::pool::PoolSizes;
use secrecy::SecretString;
use serde::Deserialize;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Everything that is in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How the program is reached.
    pub server: Server,
    /// Where the data is.
    pub database: Database,
    /// Where files are.
    #[serde(default)]
    pub storage: Storage,
    /// How long log-ins last.
    pub sessions: Sessions,
    /// Where single sign-on may ask.
    pub sign_on: SignOn,
    /// How mails go out.
    pub mail: Mail,
    /// What is logged, and how.
    pub logs: Logs,
    /// How much is too much.
    pub limits: Limits,
}

/// How the program is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What users type, when a proxy stands in front.
    pub public_url: Option<Url>,
    /// Whose `Forwarded` headers are believed.
    pub trusted_proxies: Vec<Network>,
}

/// Where the data is: in the program's own private PostgreSQL, or wherever `url` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A PostgreSQL that somebody else runs; none for the private one.
    pub url: Option<SecretString>,
    /// The folder of the private PostgreSQL and, unless named otherwise, of the files.
    pub data_dir: PathBuf,
    /// The folder of PostgreSQL's programs; none to look for them.
    pub postgres_bin: Option<PathBuf>,
    /// Connections for the control tables.
    pub pool_control: NonZeroU32,
    /// Connections for the tenants' tables.
    pub pool_tenants: NonZeroU32,
}

/// Where files are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Uploads and error files; see [`Config::files_dir`].
    pub files_dir: Option<PathBuf>,
}

/// How long log-ins last.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Minutes without a request after which a session ends.
    pub idle_minutes: NonZeroU32,
    /// Hours after log-in at which it ends in any case.
    pub absolute_hours: NonZeroU32,
    /// Whether cookies are for HTTPS only.
    pub cookie_secure: CookieSecure,
}

/// Whether cookies are for HTTPS only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CookieSecure {
    /// When the public URL is HTTPS.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where single sign-on may ask.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOn {
    /// Whether providers on this machine, also without encryption, may be asked.
    pub loopback: Loopback,
}

/// Whether providers on this machine may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loopback {
    /// No: whoever sets up a tenant's provider could reach what listens on this machine only.
    Refuse,
    /// Yes: for trying and for tests.
    Allow,
}

/// How mails of the installation itself (invitations, links, notices) go out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server; none: no mails, and links are shown to be handed over.
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// The log-in at the mail server, if it asks for one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// The sender, with or without a name.
    pub from: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Not at all: for a server on the same machine.
    Off,
    /// After the greeting; a server that does not offer it gets no mail.
    StartTls,
    /// From the first byte.
    Tls,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Human or JSON.
    pub format: LogFormat,
    /// Levels by module, as in `warn,mandant=debug`.
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For a person to read.
    Human,
    /// One JSON object a line.
    Json,
}

/// How much is too much.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest upload, in MiB.
    pub upload_mib: NonZeroU32,
    /// Requests a minute for each token of the API.
    pub api_per_minute: NonZeroU32,
    /// The largest body of a request to the API other than an upload, in MiB.
    pub api_body_mib: NonZeroU32,
}

impl Config {
    /// The folder of uploads and error files. It lies in the data folder also when a database URL is used.
    pub fn files_dir(&self) -> PathBuf {
        let folder = match &self.storage.files_dir {
            Some(folder) => folder.clone(),
            None => self.database.data_dir.join("files"),
        };
        // Paths are told to users and kept by jobs; a relative one would change its meaning.
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// How many connections the serving log-ins may hold.
    pub fn pool_sizes(&self) -> PoolSizes {
        PoolSizes {
            control: self.database.pool_control.get(),
            app: self.database.pool_tenants.get(),
        }
    }

    /// Whether session cookies are sent over HTTPS only.
    pub fn cookie_secure(&self) -> bool {
        match self.sessions.cookie_secure {
            CookieSecure::Always => true,
            CookieSecure::Never => false,
            CookieSecure::Auto => self
                .server
                .public_url
                .as_ref()
                .is_some_and(|url| url.scheme() == "https"),
        }
    }
}

impl Config {
    /// What a link in a mail begins with: the public URL, else where the program listens (`bound`, once it
    /// does). Never what a request says, which anybody may write.
    pub fn base_url(&self, bound: Option<&SocketAddr>) -> String {
        match &self.server.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", bound.unwrap_or(&self.server.listen)),
        }
    }
}

impl Default for Config {
    /// The table's defaults, whatever the environment says; for tests above all.
    fn default() -> Self {
        load::defaults()
    }
}

impl Sessions {
    /// How long a session lasts without a request.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.idle_minutes.get()))
    }

    /// How long a session lasts at most.
    pub fn absolute(&self) -> Duration {
        Duration::from_secs(3600 * u64::from(self.absolute_hours.get()))
    }
}

impl Limits {
    /// The largest upload, in bytes.
    pub fn upload_bytes(&self) -> u64 {
        u64::from(self.upload_mib.get()) << 20
    }

    /// The largest body of a request to the API, in bytes.
    pub fn api_body_bytes(&self) -> usize {
        (self.api_body_mib.get() as usize) << 20
    }
}
