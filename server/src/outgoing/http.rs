//! Requests: one connection each, no redirect followed, with a deadline and a cap.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderValue, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::tls::is_loopback;

/// How long one request may take, its answer included.
const PATIENCE: Duration = Duration::from_secs(10);
/// How a peer that is gone is found out: after half a minute of silence it is asked.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10)).with_retries(3);
/// The longest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// A connection, by TLS or plain.
pub trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// The body of a request, or of an answer.
pub type Body = Vec<u8>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{0} is no https:// address; without TLS only this machine itself is asked")]
    Address(String),
    #[error("{host} cannot be reached: {source}")]
    Unreachable { host: String, source: io::Error },
    #[error("{0} did not answer within 10 s")]
    Late(String),
    #[error("{host} broke off: {why}")]
    BrokenOff { host: String, why: String },
}

/// Sends one request; waits 10 s at most, and reads 1 MiB of the answer at most. A redirect is an answer like any other.
///
/// # Errors
/// When no whole answer comes; each names the host, and nothing that was sent.
pub async fn send(tls: Arc<ClientConfig>, request: http::Request<Body>) -> Result<http::Response<Body>, HttpError> {
    let (host, port, secure) = place(request.uri())?;
    let name = format!("{host}:{port}");
    match tokio::time::timeout(PATIENCE, exchange(tls, request, &host, port, secure)).await {
        Ok(answer) => answer,
        Err(_) => Err(HttpError::Late(name)),
    }
}

/// An address that may be asked: by TLS, or on this very machine.
///
/// # Errors
/// What to give in its place; the text itself may be a secret, and is not repeated.
pub fn address(text: &str) -> Result<Uri, &'static str> {
    let refused = "give an https:// address without a user in it; http:// only to this machine itself.";
    let uri: Uri = text.parse().map_err(|_| refused)?;
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    if place(&uri).is_ok() && has_host && !has_user { Ok(uri) } else { Err(refused) }
}

/// Where a request goes, and whether by TLS.
fn place(uri: &Uri) -> Result<(String, u16, bool), HttpError> {
    let refused = || HttpError::Address(uri.to_string().chars().take(200).collect());
    let host = uri.host().ok_or_else(refused)?.to_owned();
    match uri.scheme_str() {
        Some("https") => Ok((host, uri.port_u16().unwrap_or(443), true)),
        Some("http") if is_loopback(&host) => Ok((host, uri.port_u16().unwrap_or(80), false)),
        _ => Err(refused()),
    }
}

async fn exchange(
    tls: Arc<ClientConfig>,
    request: http::Request<Body>,
    host: &str,
    port: u16,
    secure: bool,
) -> Result<http::Response<Body>, HttpError> {
    let unreachable = |source| HttpError::Unreachable { host: format!("{host}:{port}"), source };
    let broken = |why: &dyn std::fmt::Display| HttpError::BrokenOff { host: format!("{host}:{port}"), why: why.to_string() };
    let io = connect(secure.then_some(tls), host, port).await.map_err(unreachable)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|e| broken(&e))?;
    let driver = tokio::spawn(connection);
    let answer = async {
        let answer = sender.send_request(shaped(request)?).await.map_err(|e| broken(&e))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|e| broken(&e))?;
        Ok(http::Response::from_parts(parts, body.to_bytes().to_vec()))
    };
    let answer = answer.await;
    driver.abort();
    answer
}

/// The request as a server wants it: with a host, and the path alone.
fn shaped(request: http::Request<Body>) -> Result<http::Request<Full<bytes::Bytes>>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let refused = || HttpError::Address(parts.uri.to_string().chars().take(200).collect());
    let authority = parts.uri.authority().ok_or_else(refused)?.as_str();
    let host = HeaderValue::from_str(authority.rsplit('@').next().unwrap_or(authority)).map_err(|_| refused())?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|_| refused())?;
    parts.headers.insert(header::HOST, host);
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    parts.uri = path;
    Ok(http::Request::from_parts(parts, Full::new(body.into())))
}

/// Connects to `host`, where an address of IPv6 may stand in brackets; by TLS where that is given. Whoever calls it sets the
/// deadline.
///
/// # Errors
/// When nobody listens there, or the certificate is not of that name or of no authority that `tls` knows.
pub async fn connect(tls: Option<Arc<ClientConfig>>, host: &str, port: u16) -> io::Result<Box<dyn Io>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((bare, port)).await?;
    tcp.set_nodelay(true)?;
    // A connection that is kept is to end when nobody is there any more.
    SockRef::from(&tcp).set_tcp_keepalive(&KEEPALIVE)?;
    let Some(tls) = tls else { return Ok(Box::new(tcp)) };
    let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(tokio_rustls::TlsConnector::from(tls).connect(name, tcp).await?))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        let goes = |uri: &str| place(&uri.parse().unwrap()).ok();
        assert_eq!(goes("https://a.example/x"), Some(("a.example".to_owned(), 443, true)));
        assert_eq!(goes("http://127.0.0.1:8/x"), Some(("127.0.0.1".to_owned(), 8, false)));
        assert_eq!(goes("http://localhost/x").map(|place| place.1), Some(80));
        for bad in ["http://a.example/x", "http://127.0.0.1.evil.example/", "ftp://127.0.0.1/x", "/x"] {
            assert_eq!(goes(bad), None, "{bad}");
        }
    }
}
