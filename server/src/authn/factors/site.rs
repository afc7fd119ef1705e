//! The place that passkeys are made for.

use std::net::IpAddr;

/// Where people open Pilothouse, from its external URL.
#[derive(Clone, Debug)]
pub struct Site {
    /// `https://pilothouse.example.org`, as browsers say where a request comes from.
    pub origin: String,
    /// The host's name, which passkeys are bound to. None where it is an address: browsers make no passkey for those.
    pub rp_id: Option<String>,
}

impl Site {
    pub fn new(external_url: &str) -> Self {
        let (scheme, rest) = external_url.split_once("://").unwrap_or(("https", external_url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "http" { ":80" } else { ":443" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority);
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        // A browser makes passkeys over a secure channel only; this very machine counts as one.
        let secure = scheme == "https" || host == "localhost" || host.ends_with(".localhost");
        Self { origin: format!("{scheme}://{authority}"), rp_id: (!host.is_empty() && !is_address && secure).then(|| host.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_for_a_name() {
        let of = |url| {
            let site = Site::new(url);
            (site.origin, site.rp_id.unwrap_or_default())
        };
        assert_eq!(of("https://Pilot.example:8443"), ("https://pilot.example:8443".into(), "pilot.example".into()));
        assert_eq!(of("https://pilot.example:443/x"), ("https://pilot.example".into(), "pilot.example".into()));
        assert_eq!(of("http://localhost:8080"), ("http://localhost:8080".into(), "localhost".into()));
        for none in ["http://127.0.0.1:8080", "https://[::1]:8443", "http://pilot.example", "https://10.0.0.1"] {
            assert_eq!(of(none).1, "", "{none}");
        }
    }
}
