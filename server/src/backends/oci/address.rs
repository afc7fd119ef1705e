//! Where a registry is, and whom else it may send us to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use http::Uri;

/// Scheme, host and port: what a credential is bound to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    pub https: bool,
    /// An address of IPv6 without its brackets.
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads a registry's address. `plain_http` says that speaking without TLS is meant.
    ///
    /// # Errors
    /// One sentence that says what is wrong and what it should look like.
    pub fn parse(url: &str, plain_http: bool) -> Result<Self, String> {
        const SHAPE: &str = "A registry's address is https://HOST or https://HOST:PORT, without a path or a user: https://registry.example.org.";
        let uri: Uri = url.parse().map_err(|_| SHAPE)?;
        let address = Self::of(&uri).ok_or(SHAPE)?;
        let has_more = !matches!(uri.path(), "" | "/") || uri.query().is_some() || url.contains(['@', '#']);
        if has_more || address.host.len() > 253 {
            return Err(SHAPE.to_owned());
        }
        if !address.https && !plain_http && !address.is_near() {
            return Err("Without TLS only this machine and private addresses are spoken to: use https://, or say plain_http.".to_owned());
        }
        Ok(address)
    }

    /// Where `uri` leads; `None` where it is neither `http` nor `https` or names no host.
    pub fn of(uri: &Uri) -> Option<Self> {
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return None,
        };
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'_'));
        let authority = uri.authority()?.as_str();
        let says_port = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest).contains(':');
        let port = match uri.port_u16() {
            Some(port) => port,
            // One that is none, such as 99999, is not the usual one.
            None if says_port => return None,
            None if https => 443,
            None => 80,
        };
        (!host.is_empty() && plain && !authority.contains('@') && port > 0).then_some(Self { https, host, port })
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
    }

    /// Whether it is this machine, or an address of a private network.
    pub fn is_near(&self) -> bool {
        self.is_loopback() || self.host.parse::<IpAddr>().is_ok_and(is_private)
    }

    /// Whether one of `hosts`, each a host or a host with its port, is this one.
    pub fn is_one_of(&self, hosts: &[String]) -> bool {
        let usual = self.port == if self.https { 443 } else { 80 };
        hosts.iter().any(|host| *host == self.authority() || usual && *host == self.host)
    }

    /// `HOST:PORT`.
    fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }
}

/// `ip` as it is reached in the end: what is written as an address of IPv6 and means one of IPv4, as such, and as networks without IPv4 do (RFC 6052).
fn meant(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if v6.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        other => other,
    }
}

/// Whether `ip` is of this very machine.
pub fn is_own(ip: IpAddr) -> bool {
    meant(ip).is_loopback()
}

/// Whether `ip` is of this machine or of a network that the rest of the world does not reach.
pub fn is_private(ip: IpAddr) -> bool {
    match meant(ip) {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]),
        IpAddr::V6(v6) => v6.is_loopback() || is_unique_local(v6),
    }
}

fn is_unique_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xfe00 == 0xfc00
}

/// Where machines of some clouds tell secrets about themselves, at addresses that else are private ones.
const SECRETS: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200))];

/// Whether nobody is to be sent to `ip` by a registry: where machines tell secrets about themselves, and what is no machine's address.
pub fn is_forbidden(ip: IpAddr) -> bool {
    let ip = meant(ip);
    if SECRETS.contains(&ip) {
        return true;
    }
    match ip {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast() || v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_addresses_are_spoken_to_without_tls() {
        for good in
            ["https://a.example", "https://a.example:5000/", "http://127.0.0.1:5000", "http://localhost", "http://10.1.2.3", "http://[::1]:5000"]
        {
            assert!(Address::parse(good, false).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "http://8.8.8.8",
            "https://a.example/v2",
            "https://u:p@a.example",
            "https://a.example?x",
            "ftp://a",
            "https://a:0",
        ] {
            assert!(Address::parse(bad, false).is_err(), "{bad}");
        }
        assert!(Address::parse("http://a.example", true).is_ok());
    }

    #[test]
    fn a_host_counts_with_its_port() {
        let at = |url: &str| Address::of(&url.parse().unwrap()).unwrap();
        let hosts = ["auth.example".to_owned(), "b.example:8443".to_owned()];
        assert!(at("https://auth.example/token").is_one_of(&hosts) && at("https://AUTH.example:443").is_one_of(&hosts));
        assert!(at("https://b.example:8443").is_one_of(&hosts));
        assert!(!at("https://auth.example:8443").is_one_of(&hosts) && !at("https://b.example").is_one_of(&hosts));
        assert!(!at("https://evil-auth.example").is_one_of(&hosts) && !at("https://auth.example.evil").is_one_of(&hosts));
    }

    #[test]
    fn where_machines_tell_secrets_nobody_is_sent() {
        let same = ["::ffff:169.254.169.254", "64:ff9b::169.254.169.254"];
        for bad in ["169.254.169.254", "0.0.0.0", "::", "fe80::1", "224.0.0.1", "fd00:ec2::254", "100.100.100.200"].iter().chain(&same) {
            assert!(is_forbidden(bad.parse().unwrap()), "{bad}");
        }
        assert!(
            !is_forbidden("127.0.0.1".parse().unwrap()) && is_private("::ffff:10.0.0.1".parse().unwrap()) && is_private("fd00::1".parse().unwrap())
        );
        assert!(!is_private("8.8.8.8".parse().unwrap()) && !is_private("64:ff9b::8.8.8.8".parse().unwrap()));
        for own in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"] {
            assert!(is_own(own.parse().unwrap()) && is_private(own.parse().unwrap()), "{own}");
        }
        assert!(!is_own("10.0.0.1".parse().unwrap()) && !is_own("fd00::1".parse().unwrap()));
    }
}
