//! The application: what all requests, jobs and verbs share.

use crate::access::throttle::Throttle;
use crate::access::used::Used;
use crate::config::Config;
use crate::control::mail::Post;
use crate::db::ids::TokenId;
use crate::db::pool::Pools;
use crate::db::provisioner::Provisioner;
use crate::error::Result;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Requests a minute for each network address that nobody is known by.
const VISITORS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("not zero");

/// Shared state.
#[derive(Debug)]
pub struct App {
    /// What is in force.
    pub config: Config,
    /// Connections of the serving log-ins; handlers reach them through their gate only.
    pub(crate) pools: Pools,
    /// Carries out orders; handlers reach it through `ControlAccess` only.
    pub(crate) provisioner: Provisioner,
    /// Key for cookies, links and sealed ids.
    pub secret: SecretString,
    /// The first words below a tenant's URL.
    pub sections: BTreeSet<String>,
    /// Method and path of what asks whoever is logged in to have shown lately who he is.
    pub critical: BTreeSet<(String, String)>,
    /// What the first start asks for where the program listens to other machines.
    pub setup_token: OnceLock<SecretString>,
    /// Where the server listens, once it does.
    pub bound: OnceLock<SocketAddr>,
    /// How often tokens of the API may ask.
    pub throttle: Throttle<TokenId>,
    /// How often a network address may ask for what costs more than a page, without being logged in.
    pub visitors: Throttle<String>,
    /// Which places were used lately.
    pub used: Used,
    /// Where uploads and error files lie: `<files>/t_<id>/…`.
    pub files: PathBuf,
}

impl App {
    /// Prepares the installation behind `url` (schemas, log-ins, control tables) and opens the pools.
    ///
    /// # Errors
    /// When the database cannot be reached or lacks a privilege.
    pub fn open(config: Config, url: &SecretString) -> Result<Self> {
        let provisioner = Provisioner::prepare(url)?;
        let installation = provisioner.installation();
        let pools = Pools::new(
            installation.names,
            &installation.control_url,
            &installation.app_url,
            config.pool_sizes(),
        );
        let secret = installation.secret.clone();
        let app = Self {
            files: config.files_dir(),
            used: Used::default(),
            throttle: Throttle::new(config.limits.api_per_minute),
            visitors: Throttle::new(VISITORS_PER_MINUTE),
            config,
            setup_token: OnceLock::new(),
            bound: OnceLock::new(),
            pools,
            provisioner,
            secret,
            sections: crate::routes::routes().sections(),
            critical: crate::routes::routes().critical_ones(),
        };
        Ok(app)
    }

    /// What an act needs to write mails and make links.
    pub fn post(&self) -> Post {
        Post::new(
            self.secret.clone(),
            self.config.mail.host.is_some(),
            self.config.base_url(self.bound.get()),
        )
    }
}
