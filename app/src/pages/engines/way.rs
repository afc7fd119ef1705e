//! The ways to an engine, and its address as its two parts: the way and the place.

/// A way to reach an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Tls,
    Plain,
}

impl Way {
    pub(super) const OFFERS: &[(&'static str, &'static str, &'static str)] = &[
        ("unix://", "Socket", "An engine on the machine that Pilothouse runs on."),
        ("tcp://", "TCP with TLS", "Both sides show a certificate."),
        ("tcp+plain://", "TCP without TLS", "Not encrypted, and open to whoever reaches the port."),
    ];

    /// The way that an address, or its scheme alone, begins with.
    pub(super) fn of(url: &str) -> Self {
        if url.starts_with("tcp+plain://") {
            Way::Plain
        } else if url.starts_with("tcp://") {
            Way::Tls
        } else {
            Way::Socket
        }
    }

    pub(super) fn scheme(self) -> &'static str {
        match self {
            Way::Socket => "unix://",
            Way::Tls => "tcp://",
            Way::Plain => "tcp+plain://",
        }
    }

    pub(super) fn example(self) -> &'static str {
        match self {
            Way::Socket => "/var/run/docker.sock",
            Way::Tls => "build-1.example.org:2376",
            Way::Plain => "127.0.0.1:2375",
        }
    }
}

/// The place in an address: what stands behind its scheme.
pub(super) fn place(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, place)| place)
}

/// The address of `place` by `way`. Whoever pastes a whole address means the place in it.
pub(super) fn address(way: Way, typed: &str) -> String {
    format!("{}{}", way.scheme(), place(typed.trim()))
}

#[cfg(test)]
mod tests {
    use super::{Way, address, place};

    #[test]
    fn an_address_is_taken_apart_and_put_together() {
        for url in ["unix:///var/run/docker.sock", "tcp://a.example:2376", "tcp+plain://127.0.0.1:2375"] {
            assert_eq!(address(Way::of(url), place(url)), url);
        }
        assert_eq!(address(Way::Tls, " tcp://a:2376 "), "tcp://a:2376");
        assert_eq!(address(Way::Plain, "a:2375"), "tcp+plain://a:2375");
    }
}
