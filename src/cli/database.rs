//! Opening the installation for a verb: the named database, or the private PostgreSQL of the data folder,
//! which is joined if it runs and started if not.

use super::{Failure, Result};
use crate::app::App;
use crate::config::Loaded;
use crate::control::roles::SyncBuiltIn;
use crate::control::tenants::{self, Tenant, purge};
use crate::db::embedded::{Embedded, ServeLock, Watch};
use crate::jobs::queue;
use crate::tenant::recipients::import;
use secrecy::SecretString;
use std::sync::Arc;

/// An open installation.
pub(crate) struct Opened {
    /// The application.
    pub(crate) app: Arc<App>,
    /// Starts the private server again if it dies under `serve`.
    _watch: Option<Watch>,
    // After `app`, whose connections close before the private server may stop.
    _embedded: Option<Embedded>,
    _serve: Option<ServeLock>,
}

/// Opens it for a verb.
pub(crate) fn open(loaded: &Loaded) -> Result<Opened> {
    open_with(loaded, false)
}

/// Opens it for `serve`, of which a data folder has one.
pub(crate) fn open_to_serve(loaded: &Loaded) -> Result<Opened> {
    open_with(loaded, true)
}

fn open_with(loaded: &Loaded, serve: bool) -> Result<Opened> {
    let config = loaded.config.clone();
    let lock = if serve && config.database.url.is_none() {
        Some(ServeLock::take(&config.database.data_dir)?)
    } else {
        None
    };
    let Connected { url, embedded } = connect(loaded)?;
    let app = App::open(config, &url)?;
    app.provisioner.carry_out(SyncBuiltIn)?;
    if lock.is_some() {
        // There is no other `serve` on the folder: who is noted as working on a job has died.
        queue::take_over(&app.pools, import::job::HERE)?;
    }
    Ok(Opened {
        app: Arc::new(app),
        _watch: embedded.as_ref().filter(|_| serve).map(Embedded::watch),
        _embedded: embedded,
        _serve: lock,
    })
}

/// A database that answers; whether it holds an installation has not been asked.
pub(crate) struct Connected {
    /// URL of the log-in that makes schemas and roles.
    pub(crate) url: SecretString,
    embedded: Option<Embedded>,
}

/// The database of the configuration, or the private one, started if need be.
pub(crate) fn connect(loaded: &Loaded) -> Result<Connected> {
    let database = &loaded.config.database;
    if let Some(url) = &database.url {
        return Ok(Connected {
            url: url.clone(),
            embedded: None,
        });
    }
    let embedded = Embedded::join(&database.data_dir, database.postgres_bin.as_deref())?;
    Ok(Connected {
        url: embedded.database_url(),
        embedded: Some(embedded),
    })
}

impl Opened {
    /// The tenant at `nord` or `nord/vip`; not one in the trash.
    pub(crate) fn tenant(&self, path: &str) -> Result<Tenant> {
        let tenant = self.tenant_or_trashed(path)?;
        match tenant.trashed_at {
            Some(since) => Err(Failure::Failed(format!(
                "the tenant {path} is in the trash until {}",
                purge::goes_at(since).format("%Y-%m-%d")
            ))),
            None => Ok(tenant),
        }
    }

    /// The same, in the trash or not.
    pub(crate) fn tenant_or_trashed(&self, path: &str) -> Result<Tenant> {
        let found = crate::db::control::statement_result(&self.app.pools, |conn| {
            tenants::by_path(conn, path)
        });
        found.map_err(|error| match error {
            crate::error::AppError::NotFound => {
                Failure::Failed(format!("there is no tenant {path}"))
            }
            other => other.into(),
        })
    }
}

/// A password from standard input; one line's end is dropped.
pub(crate) fn password_from_stdin() -> Result<SecretString> {
    let mut text = std::io::read_to_string(std::io::stdin())?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(SecretString::from(text))
}
