//! `mandant serve`.

use super::database::open_to_serve;
use super::output::{message, result};
use super::{Result, Verb};
use crate::config::{Flag, Loaded};
use crate::control::{passwords, setup};
use crate::secrets::random_hex;
use crate::server::Application;
use clap::Args;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use url::{Host, Url};

/// Serve the pages and run the jobs; the first line on standard output is the URL
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

impl Verb for Arguments {
    fn settings(&self) -> Vec<Flag> {
        self.listen
            .iter()
            .map(|value| Flag {
                key: "server.listen",
                value: value.clone(),
            })
            .collect()
    }

    fn run(self, loaded: &Loaded) -> Result {
        let opened = open_to_serve(loaded)?;
        let app = Arc::clone(&opened.app);
        passwords::warm_up();
        // A tenant that stays behind is refused with a page that says so; the others are served.
        crate::control::tenants::migrate::all(&app)?;
        actix_web::rt::System::new().block_on(async {
            let application = Application::build(&app)?;
            let address = application.address();
            let url = match &app.config.server.public_url {
                Some(url) => url.to_string(),
                None => format!("http://{address}"),
            };
            result(&url)?;
            if !setup::is_done(&app)? {
                if reached_from_elsewhere(&address, app.config.server.public_url.as_ref()) {
                    let token = random_hex(12);
                    message(&format!("set-up token: {token}"));
                    let _ = app.setup_token.set(SecretString::from(token));
                }
                message(&format!(
                    "open {url} to make the main tenant and its administrator"
                ));
            }
            Ok(application.run_until_stopped(Arc::clone(&app)).await?)
        })
    }
}

/// Whether others than this machine's users may come: directly, or through a server that stands before.
fn reached_from_elsewhere(address: &SocketAddr, public: Option<&Url>) -> bool {
    let elsewhere = |url: &Url| match url.host() {
        Some(Host::Ipv4(ip)) => !ip.is_loopback(),
        Some(Host::Ipv6(ip)) => !ip.is_loopback(),
        Some(Host::Domain(name)) => name != "localhost",
        None => false,
    };
    !address.ip().is_loopback() || public.is_some_and(elsewhere)
}
