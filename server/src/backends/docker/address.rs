//! Where an engine is.

use std::{fmt, path::PathBuf};

/// The address of an engine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// `unix:///path/to/socket`
    Unix(PathBuf),
    /// `tcp://host:port`: mutual TLS, always.
    Tls { host: String, port: u16 },
    /// `tcp+plain://host:port`: no TLS. The name says out loud that whoever reaches that port owns the machine.
    Plain { host: String, port: u16 },
}

impl Address {
    /// # Errors
    /// One sentence that says what is wrong and what it should look like.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("unix://") {
            if !path.starts_with('/') || path.len() > 107 || path.contains('\0') {
                return Err("A unix address has an absolute path of at most 107 characters: unix:///var/run/docker.sock.".to_owned());
            }
            return Ok(Address::Unix(PathBuf::from(path)));
        }
        if let Some(rest) = url.strip_prefix("tcp+plain://") {
            return host_port(rest).map(|(host, port)| Address::Plain { host, port });
        }
        if let Some(rest) = url.strip_prefix("tcp://") {
            return host_port(rest).map(|(host, port)| Address::Tls { host, port });
        }
        Err("An engine's address begins with unix://, tcp:// (with TLS) or tcp+plain:// (without).".to_owned())
    }
}

fn host_port(text: &str) -> Result<(String, u16), String> {
    const SHAPE: &str = "An address by TCP is HOST:PORT, without a path: tcp://build-1.example.org:2376.";
    let (host, port) = text.rsplit_once(':').ok_or(SHAPE)?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or(SHAPE)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let fits = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'_'));
    if host.is_empty() || host.len() > 253 || !fits {
        return Err(SHAPE.to_owned());
    }
    Ok((host.to_owned(), port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tcp = |f: &mut fmt::Formatter<'_>, scheme: &str, host: &str, port: u16| match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}"),
            false => write!(f, "{scheme}://{host}:{port}"),
        };
        match self {
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::Tls { host, port } => tcp(f, "tcp", host, *port),
            Address::Plain { host, port } => tcp(f, "tcp+plain", host, *port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for url in ["unix:///var/run/docker.sock", "tcp://a.example:2376", "tcp+plain://127.0.0.1:2375", "tcp://[::1]:2376"] {
            assert_eq!(Address::parse(url).unwrap().to_string(), url);
        }
    }

    #[test]
    fn what_is_no_address_says_what_one_is() {
        for url in ["", "http://x:1", "unix://relative", "tcp://x", "tcp://x:0", "tcp://x:99999", "tcp://u@x:1", "tcp://x:1/path", "tcp://:1"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
