//! A Pilothouse elsewhere, as the command line calls it: the same typed calls as the console's, a connection each.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use pilothouse_app::{
    api::{Code, Problem},
    client::{Client, Reply, Transport},
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;

/// Where it is.
#[derive(Clone)]
pub struct Site {
    /// `https://HOST[:PORT]`
    pub url: String,
    pub host: String,
    pub port: u16,
    pub https: bool,
    /// `Host` in a request.
    named: String,
}

impl Site {
    /// # Errors
    /// One sentence, when the address is none, or would send a secret through a network in the clear.
    pub fn parse(url: &str) -> Result<Self, String> {
        let shape = || format!("{url:?} is no address of a Pilothouse: use https://HOST or https://HOST:PORT.");
        let uri: Uri = url.trim_end_matches('/').parse().map_err(|_| shape())?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(shape()),
        };
        let named = uri.authority().map(|it| it.as_str().to_owned()).filter(|named| !named.contains('@')).ok_or_else(shape)?;
        let host = uri.host().map(|host| host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty()).ok_or_else(shape)?;
        if uri.path() != "/" && !uri.path().is_empty() || uri.query().is_some() {
            return Err(shape());
        }
        let is_loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if !https && !is_loopback {
            return Err(format!("{url} is not encrypted: your token could be read on its way. Use https://."));
        }
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let scheme = if https { "https" } else { "http" };
        Ok(Self { url: format!("{scheme}://{named}"), host, port, https, named })
    }

    /// A connection with TLS on it, trusting these.
    pub async fn connect_tls(&self, config: Arc<ClientConfig>) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let open = async { TlsConnector::from(config).connect(name, self.connect().await?).await };
        tokio::time::timeout(PATIENCE, open).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect((self.host.as_str(), self.port)).await
    }

    /// The client of its API.
    pub fn client(&self, trusted: RootCertStore, token: Option<&str>) -> Client {
        Client::new(Arc::new(self.wire(trusted, token)))
    }

    /// What carries the calls.
    pub fn wire(&self, trusted: RootCertStore, token: Option<&str>) -> Wire {
        Wire { site: self.clone(), config: Arc::new(tls_config(trusted)), token: token.map(str::to_owned) }
    }
}

/// TLS without a certificate of ours.
pub fn tls_config(trusted: RootCertStore) -> ClientConfig {
    let mut config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Carries calls to a site.
#[derive(Clone)]
pub struct Wire {
    site: Site,
    config: Arc<ClientConfig>,
    token: Option<String>,
}

impl Transport for Wire {
    fn send(&self, request: Request<Vec<u8>>) -> Reply {
        let wire = self.clone();
        Box::pin(async move {
            let url = wire.site.url.clone();
            let failed = |why: String| Problem::new(Code::BackendUnreachable, format!("{url} did not answer.")).detail(why);
            match tokio::time::timeout(PATIENCE, wire.ask(request)).await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(error)) => Err(failed(error.to_string())),
                Err(_) => Err(failed("It took too long.".to_owned())),
            }
        })
    }
}

impl Wire {
    async fn ask(&self, mut request: Request<Vec<u8>>) -> io::Result<Response<Vec<u8>>> {
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_str(&self.site.named).map_err(io::Error::other)?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("pilothouse/", env!("CARGO_PKG_VERSION"))));
        if let Some(token) = &self.token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(io::Error::other)?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        if self.site.https {
            return exchange(self.site.connect_tls(self.config.clone()).await?, request).await;
        }
        exchange(self.site.connect().await?, request).await
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> io::Result<Response<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let moving = tokio::spawn(connection);
    let answer = async {
        let (parts, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?;
        Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
    };
    let answer = answer.await;
    moving.abort();
    answer
}

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn a_secret_never_goes_through_a_network_in_the_clear() {
        let site = |url: &str| Site::parse(url).map(|site| (site.url, site.port));
        assert_eq!(site("https://h.example/"), Ok(("https://h.example".to_owned(), 443)));
        assert_eq!(site("https://h.example:8443"), Ok(("https://h.example:8443".to_owned(), 8443)));
        assert_eq!(site("http://127.0.0.1:8080"), Ok(("http://127.0.0.1:8080".to_owned(), 8080)));
        assert_eq!(site("http://[::1]:8080"), Ok(("http://[::1]:8080".to_owned(), 8080)));
        for bad in [
            "http://h.example",
            "http://10.0.0.1:8080",
            "h.example",
            "ftp://h",
            "https://",
            "https://u:p@h",
            "https://h/path",
            "http://localhost.evil.example",
        ] {
            assert!(site(bad).is_err(), "{bad}");
        }
    }
}
