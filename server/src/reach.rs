//! How Pilothouse is reached from elsewhere, for those who are handed something that leads here.

use std::sync::Arc;

use http::Uri;

use crate::authority::Authority;

/// The way to Pilothouse.
#[derive(Clone)]
pub struct Reach {
    /// The address people use, without a `/` at its end.
    pub url: String,
    /// `HOST:PORT`, always with its port.
    pub host: String,
    pub https: bool,
    /// Makes client certificates, where Pilothouse speaks TLS itself: a proxy in front would not hand them on.
    pub authority: Option<Arc<Authority>>,
    /// The authority that signed what the listener shows, as PEM, where clients do not know it by themselves.
    pub ca: Option<String>,
}

impl Reach {
    pub fn new(url: &str, authority: Option<Arc<Authority>>, ca: Option<String>) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        Some(Self { url: url.to_owned(), host: format!("{}:{port}", uri.host()?), https, authority, ca })
    }
}

impl Reach {
    /// The host in the names of images that are pulled through Pilothouse. Docker takes for a host what has a dot or a port.
    pub fn registry_host(&self) -> &str {
        self.host.strip_suffix(":443").filter(|host| self.https && host.contains('.')).unwrap_or(&self.host)
    }

    /// What stands behind the host in the name of an image that is pulled through Pilothouse: `REGISTRY/REPOSITORY`. `None` for any other.
    pub fn own_image<'n>(&self, name: &'n str) -> Option<&'n str> {
        [self.registry_host(), &self.host].into_iter().find_map(|host| name.strip_prefix(host)?.strip_prefix('/'))
    }
}

/// The host of an address, without the brackets of IPv6.
pub fn host_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?;
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_always_has_its_port() {
        let host = |url: &str| Reach::new(url, None, None).map(|reach| (reach.host, reach.https));
        assert_eq!(host("https://h.example"), Some(("h.example:443".to_owned(), true)));
        assert_eq!(host("http://127.0.0.1:8080"), Some(("127.0.0.1:8080".to_owned(), false)));
        assert_eq!(host("https://[::1]"), Some(("[::1]:443".to_owned(), true)));
        assert_eq!(host_of("https://[::1]:8443").as_deref(), Some("::1"));
        assert_eq!(host_of("https://"), None);
    }

    #[test]
    fn an_image_is_ours_by_its_host_alone() {
        let own = |url: &str, name: &str| Reach::new(url, None, None).and_then(|reach| reach.own_image(name).map(str::to_owned));
        let ours = Some("reg/team/app".to_owned());
        assert_eq!(own("https://h.example", "h.example/reg/team/app"), ours);
        assert_eq!(own("https://h.example", "h.example:443/reg/team/app"), ours);
        assert_eq!(own("http://127.0.0.1:8080", "127.0.0.1:8080/reg/team/app"), ours);
        for (url, name) in [
            ("https://h.example", "h.example.evil/reg/team/app"),
            ("https://h.example", "h.example:5000/reg/team/app"),
            // Without its port docker would look for it at Docker Hub.
            ("https://house", "house/reg/team/app"),
            // Without its port docker would speak TLS to another port.
            ("http://h.example", "h.example/reg/team/app"),
            ("https://h.example", "reg/team/app"),
            ("https://h.example", "h.example"),
        ] {
            assert_eq!(own(url, name), None, "{name} at {url}");
        }
    }
}
