//! A place that takes checkpoints: a bucket of S3, or of what speaks as S3 does. One object each, written once.

use std::sync::Arc;

use http::{Method, StatusCode, Uri, header};
use rustls::ClientConfig;

pub use super::sigv4::Key;
use super::{
    Batch, Item, Sink, SinkError,
    sigv4::{self, authorization, digest},
    webhook::{origin, post},
};

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Without a path; the bucket stands in the path of requests.
    pub endpoint: Uri,
    pub bucket: String,
    /// Before the names of objects, without a slash at its ends; empty for none.
    pub prefix: String,
    pub key: Key,
    pub tls: Arc<ClientConfig>,
}

impl S3 {
    /// Where it is.
    pub fn shown(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("{}/{}{slash}{}", origin(&self.endpoint), self.bucket, self.prefix)
    }

    /// Where the object of this checkpoint is: its number has ten digits, so that a list by name is one by number.
    fn path(&self, n: i64) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        sigv4::path(&format!("/{}/{}{slash}{n:010}.json", self.bucket, self.prefix))
    }

    async fn ask(&self, method: Method, path: &str, more: &[(&'static str, &str)], body: Vec<u8>) -> Result<http::Response<Vec<u8>>, SinkError> {
        let at = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let host = self.endpoint.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let digest = digest(&body);
        let mut headers = vec![("host", host.as_str()), ("x-amz-content-sha256", &digest), ("x-amz-date", &at)];
        headers.extend(more);
        headers.sort_unstable();
        let authorization = authorization(&self.key, method.as_str(), path, &headers, &digest, &at);
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", origin(&self.endpoint)));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        post(&self.tls, request.header(header::AUTHORIZATION, authorization).header(header::USER_AGENT, "pilothouse"), body, &self.shown()).await
    }

    /// Writes one object that is not there yet; or finds it there as it should be.
    async fn keep(&self, item: &Item) -> Result<(), SinkError> {
        let path = self.path(item.seq);
        let body = format!("{}\n", item.line).into_bytes();
        // What is there is evidence: it is never written over.
        let answer = self.ask(Method::PUT, &path, &[("content-type", "application/json"), ("if-none-match", "*")], body.clone()).await?;
        match answer.status() {
            status if status.is_success() => return Ok(()),
            StatusCode::PRECONDITION_FAILED => {}
            status => return Err(SinkError::Away(format!("{} answered {}{}.", self.shown(), status.as_u16(), code(answer.body())))),
        }
        let answer = self.ask(Method::GET, &path, &[], Vec::new()).await?;
        match answer.status() {
            status if status.is_success() && *answer.body() == body => Ok(()),
            status if status.is_success() => Err(SinkError::Stop(format!(
                "{} has another checkpoint {} already: an old database was put in place of this one, or two write to one bucket.",
                self.shown(),
                item.seq
            ))),
            status => Err(SinkError::Away(format!("{} answered {}{}.", self.shown(), status.as_u16(), code(answer.body())))),
        }
    }
}

impl Sink for S3 {
    const LINES: u32 = 50;

    async fn send(&mut self, batch: &Batch) -> Result<Option<String>, SinkError> {
        for item in batch.items.iter().filter(|item| item.kind == "checkpoint") {
            self.keep(item).await?;
        }
        Ok(None)
    }
}

/// The code of an answer that is a mistake, such as ` (SignatureDoesNotMatch)`.
fn code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next()).unwrap_or_default();
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    if code.is_empty() { code } else { format!(" ({code})") }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_mistake_is_told_by_its_code() {
        assert_eq!(code(b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"), " (AccessDenied)");
        assert_eq!(code(b"<html>"), "");
    }
}
