//! A place that takes pieces as signed POSTs.

use std::{sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use http::{Uri, header};
use ring::hmac;
use rustls::ClientConfig;

use super::{Batch, Secret, Sink, SinkError};
use crate::{clock::now_ms, outgoing};

/// A secret that signs deliveries has at least this many characters.
pub const SHORTEST: usize = 16;

/// What lines of an export are called.
pub const LINES: &str = "application/x-ndjson";

/// A server that takes lines of an export by HTTP.
#[derive(Clone)]
pub struct Webhook {
    /// `https://`, or `http://` to this very machine. Its path may be a secret.
    pub url: Uri,
    /// What each delivery is signed with.
    pub secret: Secret,
    pub tls: Arc<ClientConfig>,
    /// What the body is called.
    pub media: &'static str,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Webhook({})", self.shown())
    }
}

impl Webhook {
    /// Where it is, without its path.
    pub fn shown(&self) -> String {
        origin(&self.url)
    }
}

impl Sink for Webhook {
    const LINES: u32 = 200;

    async fn send(&mut self, batch: &Batch) -> Result<Option<String>, SinkError> {
        let mut body = Vec::new();
        for item in &batch.items {
            body.extend_from_slice(item.line.as_bytes());
            body.push(b'\n');
        }
        let signature = signature(&self.secret.0, now_ms() / 1000, &body);
        let request = http::Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, self.media)
            .header(header::USER_AGENT, "pilothouse")
            .header("pilothouse-signature", signature)
            .header("pilothouse-delivery", &batch.id);
        let status = post(&self.tls, request, body, &self.shown()).await?.status();
        match status.as_u16() {
            200..=299 => Ok(None),
            410 => Err(SinkError::Stop(format!("{} answered 410: it wants nothing more.", self.shown()))),
            status => Err(SinkError::Away(format!("{} answered {status}.", self.shown()))),
        }
    }
}

/// `t=UNIX,v1=HEX`: the time in seconds, and the HMAC-SHA-256 of that time as text, a dot and the body. With the time in it a receiver can
/// refuse what somebody recorded and sends again later.
fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(format!("{at}.").as_bytes());
    context.update(body);
    format!("t={at},v1={}", HEXLOWER.encode(context.sign().as_ref()))
}

/// How long a server may take for one piece. A little more than the request's own deadline, which tells better what happened.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends a request and gives the answer, whatever its status. `shown` is how the server is called in a mistake.
pub(super) async fn post(
    tls: &Arc<ClientConfig>,
    request: http::request::Builder,
    body: Vec<u8>,
    shown: &str,
) -> Result<http::Response<Vec<u8>>, SinkError> {
    let away = |why: String| SinkError::Away(why);
    let request = request.body(body).map_err(|_| away(format!("No request to {shown} can be made.")))?;
    match tokio::time::timeout(PATIENCE, outgoing::send(tls.clone(), request)).await {
        Ok(Ok(answer)) => Ok(answer),
        // It would show the whole address.
        Ok(Err(outgoing::HttpError::Address(_))) => Err(away(format!("{shown} is no https:// address."))),
        Ok(Err(error)) => Err(away(format!("{error}."))),
        Err(_) => Err(away(format!("{shown} did not answer."))),
    }
}

/// Scheme, host and port of an address.
pub fn origin(url: &Uri) -> String {
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme_str().unwrap_or_default(), url.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_any_other_library_makes() {
        // python3: hmac.new(b"secret of sixteen", b'1795000000.{"a":1}\n', "sha256").hexdigest()
        let said = signature("secret of sixteen", 1_795_000_000, b"{\"a\":1}\n");
        assert_eq!(said, "t=1795000000,v1=1c50e317823d26e00555af01fdf206299d071ae39e23ec073f644177b2c6a158");
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_secret() {
        assert_eq!(origin(&"https://hooks.example:8443/services/T0/secret?key=x".parse().unwrap()), "https://hooks.example:8443");
    }
}
