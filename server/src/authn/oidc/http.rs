//! The requests that go to an OpenID provider: one connection each, no redirect followed, with a deadline and a cap.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderValue, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use openidconnect::{HttpRequest, HttpResponse};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::authn::tls::is_loopback;

/// How long one request may take, its answer included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

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

/// Sends one request.
pub async fn send(tls: Arc<ClientConfig>, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let (host, port, secure) = place(request.uri())?;
    let name = format!("{host}:{port}");
    match tokio::time::timeout(PATIENCE, exchange(tls, request, &host, port, secure)).await {
        Ok(answer) => answer,
        Err(_) => Err(HttpError::Late(name)),
    }
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

async fn exchange(tls: Arc<ClientConfig>, request: HttpRequest, host: &str, port: u16, secure: bool) -> Result<HttpResponse, HttpError> {
    let unreachable = |source| HttpError::Unreachable { host: format!("{host}:{port}"), source };
    let broken = |why: &dyn std::fmt::Display| HttpError::BrokenOff { host: format!("{host}:{port}"), why: why.to_string() };
    let io = connect(tls, host, port, secure).await.map_err(unreachable)?;
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
fn shaped(request: HttpRequest) -> Result<http::Request<Full<bytes::Bytes>>, HttpError> {
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

async fn connect(tls: Arc<ClientConfig>, host: &str, port: u16, secure: bool) -> io::Result<Box<dyn Io>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((bare, port)).await?;
    tcp.set_nodelay(true)?;
    if !secure {
        return Ok(Box::new(tcp));
    }
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
