//! Requests to providers. Whoever sets up a tenant's provider decides where they go; so they go over HTTPS only,
//! follow nobody elsewhere, end within seconds, take no endless answer, and never reach what this machine or its
//! link alone can reach (loopback, metadata services), unless the operator allows loopback for trials.

use crate::config::Loopback;
use crate::error::{AppError, Result};
use openidconnect::{HttpRequest, HttpResponse};
use std::fmt;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Method, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::{Host, Url};

/// For one request, from looking up the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(8);
/// More than any provider's document or answer needs.
const MOST_BYTES: u64 = 1024 * 1024;

static ROOTS: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    let owned = |der: &rustls::pki_types::CertificateDer<'_>| Certificate::from_der(der).to_owned();
    Arc::new(found.certs.iter().map(owned).collect())
});

/// What asks providers.
#[derive(Debug)]
pub struct Outgoing {
    agent: Agent,
    loopback: Loopback,
}

/// Why a request went wrong, for whoever set the provider up.
#[derive(Debug)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl Outgoing {
    /// As the operator allows.
    pub fn new(loopback: Loopback) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::clone(&ROOTS)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .tls_config(tls)
            .build();
        let resolver = Guarded {
            loopback,
            inner: DefaultResolver::default(),
        };
        Self {
            agent: Agent::with_parts(config, DefaultConnector::new(), resolver),
            loopback,
        }
    }

    /// Demands that a URL is one that may be asked, or that a browser may be sent to.
    ///
    /// # Errors
    /// `Invalid("sign-on-url-refused")`.
    pub fn demand(&self, url: &Url) -> Result<()> {
        let named = url.host().is_some() && url.username().is_empty() && url.password().is_none();
        let trial = self.loopback == Loopback::Allow && is_loopback(url);
        if named && (url.scheme() == "https" || (trial && url.scheme() == "http")) {
            return Ok(());
        }
        Err(AppError::Invalid {
            key: "sign-on-url-refused",
            params: vec![("url", url.to_string())],
        })
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// `Fault` where it may not be sent, or no answer comes.
    pub fn send(&self, request: HttpRequest) -> Result<HttpResponse, Fault> {
        let url =
            Url::parse(&request.uri().to_string()).map_err(|error| Fault(error.to_string()))?;
        self.demand(&url)
            .map_err(|error| Fault(error.to_string()))?;
        let said = |error: ureq::Error| Fault(error.to_string());
        let answer = if request.method() == Method::GET {
            self.agent.run(request.map(|_| ())).map_err(said)?
        } else {
            self.agent.run(request).map_err(said)?
        };
        let (parts, body) = answer.into_parts();
        let mut bytes = Vec::new();
        body.into_with_config()
            .limit(MOST_BYTES)
            .reader()
            .read_to_end(&mut bytes)
            .map_err(|error| Fault(error.to_string()))?;
        Ok(HttpResponse::from_parts(parts, bytes))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether a name may stand for this address. Addresses of a private network may be: a provider of one's own
/// usually has one.
fn is_reachable(ip: IpAddr, loopback: Loopback) -> bool {
    match ip.to_canonical() {
        ip if ip.is_loopback() => loopback == Loopback::Allow,
        IpAddr::V4(ip) => {
            !(ip.is_link_local() || ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast())
        }
        IpAddr::V6(ip) => !(ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast()),
    }
}

/// Looks names up, and leaves out what may not be reached: at the moment of the connection, so that no name can
/// change its meaning between the check and the request.
#[derive(Debug)]
struct Guarded {
    loopback: Loopback,
    inner: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut left = self.empty();
        let good = |at: &&SocketAddr| is_reachable(at.ip(), self.loopback);
        for address in found.iter().filter(good) {
            left.push(*address);
        }
        if left.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(loopback: Loopback, url: &str) -> bool {
        let url = Url::parse(url).unwrap();
        Outgoing::new(loopback).demand(&url).is_ok()
    }

    #[test]
    fn only_https_and_loopback_where_it_is_allowed() {
        use Loopback::{Allow, Refuse};
        for (url, always, trial) in [
            ("https://login.example.org/realm", true, true),
            ("http://login.example.org", false, false),
            ("http://127.0.0.1:9000", false, true),
            ("http://[::1]:9000", false, true),
            ("http://localhost:9000", false, true),
            ("http://localhost.example.org", false, false),
            ("https://anna@login.example.org", false, false),
            ("file:///etc/passwd", false, false),
            ("javascript:alert(1)", false, false),
        ] {
            assert_eq!(
                (may(Refuse, url), may(Allow, url)),
                (always, trial),
                "{url}"
            );
        }
    }

    #[test]
    fn no_name_leads_to_what_only_this_machine_reaches() {
        use Loopback::{Allow, Refuse};
        let reached = |ip: &str, loopback| is_reachable(ip.parse().unwrap(), loopback);
        for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(!reached(ip, Refuse) && reached(ip, Allow), "{ip}");
        }
        for ip in ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1"] {
            assert!(!reached(ip, Refuse) && !reached(ip, Allow), "{ip}");
        }
        for ip in ["10.1.2.3", "192.0.2.1", "2001:db8::1"] {
            assert!(reached(ip, Refuse), "{ip}");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_not_asked() {
        let outgoing = Outgoing::new(Loopback::Refuse);
        let request = ureq::http::Request::get("https://localhost:1/").body(Vec::new());
        let fault = outgoing.send(request.unwrap()).unwrap_err();
        assert!(fault.to_string().contains("host not found"), "{fault}");
    }
}
