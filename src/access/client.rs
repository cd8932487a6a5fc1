//! Where a request comes from.

use crate::app::App;
use actix_web::HttpRequest;
use std::net::IpAddr;

/// The client's network address; a proxy's word counts if the proxy is trusted.
pub fn address(req: &HttpRequest, app: &App) -> String {
    let peer = req.peer_addr().map(|address| address.ip());
    let trusted = |ip: &IpAddr| {
        app.config
            .server
            .trusted_proxies
            .iter()
            .any(|network| network.contains(*ip))
    };
    let forwarded = req
        .headers()
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match peer {
        Some(peer) if trusted(&peer) => forwarded
            .rsplit(',')
            .filter_map(|part| part.trim().parse::<IpAddr>().ok())
            .find(|ip| !trusted(ip))
            .unwrap_or(peer)
            .to_string(),
        Some(peer) => peer.to_string(),
        None => String::new(),
    }
}
