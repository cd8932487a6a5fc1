//! What passkeys of this installation are bound to: a host name and the address that browsers show. A passkey
//! cannot be bound to an IP address.

use crate::app::App;
use crate::config::Config;
use std::net::SocketAddr;
use url::{Host, Origin};
use webauthn_rp::request::{AsciiDomain, RpId};

/// Where passkeys of this installation are used.
#[derive(Clone, Debug)]
pub struct Site {
    /// The host name, which the passkeys carry.
    pub rp: RpId,
    /// What browsers say where a page is from, to the letter.
    pub origin: String,
}

impl Site {
    /// From the configured public URL; without one from the address where the program listens, if only this
    /// machine reaches it. None where that leaves no host name. Never from what a request says.
    pub fn of(app: &App) -> Option<Self> {
        Self::from(&app.config, app.bound.get())
    }

    fn from(config: &Config, bound: Option<&SocketAddr>) -> Option<Self> {
        let (host, origin) = match &config.server.public_url {
            Some(url) => {
                let Some(Host::Domain(host)) = url.host() else {
                    return None;
                };
                let Origin::Tuple(..) = url.origin() else {
                    return None;
                };
                (host.to_owned(), url.origin().ascii_serialization())
            }
            None => {
                let address = bound.filter(|address| address.ip().is_loopback())?;
                let origin = format!("http://localhost:{}", address.port());
                ("localhost".to_owned(), origin)
            }
        };
        let rp = RpId::Domain(AsciiDomain::try_from(host).ok()?);
        Some(Self { rp, origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(public: Option<&str>, bound: &str) -> Option<(String, String)> {
        let mut config = Config::default();
        config.server.public_url = public.map(|url| url.parse().unwrap());
        let site = Site::from(&config, Some(&bound.parse().unwrap()))?;
        Some((String::from(site.rp), site.origin))
    }

    #[test]
    fn a_site_needs_a_host_name() {
        let pair = |rp: &str, origin: &str| Some((rp.to_owned(), origin.to_owned()));
        let here = "127.0.0.1:8080";
        assert_eq!(
            of(Some("https://mandant.example/"), here),
            pair("mandant.example", "https://mandant.example")
        );
        assert_eq!(
            of(Some("https://mandant.example:8443"), here),
            pair("mandant.example", "https://mandant.example:8443")
        );
        assert_eq!(of(Some("https://192.0.2.1"), here), None);
        assert_eq!(of(Some("https://[2001:db8::1]"), here), None);
        assert_eq!(of(None, here), pair("localhost", "http://localhost:8080"));
        assert_eq!(
            of(None, "[::1]:80"),
            pair("localhost", "http://localhost:80")
        );
        assert_eq!(of(None, "0.0.0.0:8080"), None);
    }
}
