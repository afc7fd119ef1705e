//! The pieces that an upload comes in: what a client says of one, how it is sent on, and where the upload goes on by the registry's answer.

use std::sync::{Arc, atomic::Ordering};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use super::{
    answer::{self, SLOW, one, put},
    classify::Classified,
    refusal::{Code, Refusal},
    stream::is_empty,
};
use crate::{
    access::Permit,
    backends::oci::{Answer, Ask, Registry, RegistryError, Said, place::rest_of},
    gateway::upload::{Counts, Upload},
    lease::Lease,
};

/// How long one request of an upload may take, as long as it moves.
const LONGEST_UPLOAD: std::time::Duration = std::time::Duration::from_secs(86_400);

/// An upload under way.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Place {
    /// What stands behind `/blobs/uploads/` at the registry, with its query.
    pub rest: String,
    /// How many bytes have come.
    pub offset: u64,
}

/// The bytes that a piece says it has.
pub(super) fn piece(headers: &HeaderMap) -> Result<Option<(u64, u64)>, Refusal> {
    if !headers.contains_key(header::CONTENT_RANGE) {
        return Ok(None);
    }
    let invalid =
        || Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid, "A piece's Content-Range is FROM-TO, and as long as the piece.");
    let text = one(headers, "content-range").ok_or_else(invalid)?;
    let number = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u64>().ok()).flatten();
    let (from, to) = text.split_once('-').and_then(|(from, to)| Some((number(from)?, number(to)?))).ok_or_else(invalid)?;
    let length = answer::length(headers).ok_or_else(invalid)?;
    if from <= to && to - from + 1 == length { Ok(Some((from, to))) } else { Err(invalid()) }
}

pub(super) fn ask(method: Method, path: String, repository: &str) -> Ask {
    Ask::new(method, path, vec![format!("repository:{repository}:pull,push")])
}

/// The upload that an answer begins.
pub(super) async fn begun(answer: Answer, registry: &Registry, asked: &Classified) -> Result<Place, Refusal> {
    if answer.response.status() != StatusCode::ACCEPTED {
        return Err(answer::refused(answer, Code::NameUnknown).await);
    }
    let rest = next(answer.response.headers(), registry, asked)?.ok_or_else(|| Refusal::garbled("it does not say where the upload goes on"))?;
    Ok(Place { rest, offset: 0 })
}

/// Where an upload goes on by an answer, if it says so.
pub(super) fn next(headers: &HeaderMap, registry: &Registry, asked: &Classified) -> Result<Option<String>, Refusal> {
    if !headers.contains_key(header::LOCATION) {
        return Ok(None);
    }
    let rest = one(headers, "location").and_then(|location| rest_of(location, registry.address(), &asked.repository));
    rest.map(Some).ok_or_else(|| Refusal::garbled("the upload would go on somewhere else than in this repository at the registry's own address"))
}

/// The last byte that a registry has, by its `Range`.
pub(super) fn last_byte(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(header::RANGE) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let last = text.trim_start_matches("bytes=").strip_prefix("0-").and_then(|last| last.parse().ok());
    last.map(Some).ok_or_else(|| Refusal::garbled("what it has of the upload does not begin at its beginning"))
}

/// Puts a client's body into a request, to go on as it comes.
pub(super) fn carry(
    ask: &mut Ask,
    head: &request::Parts,
    body: Incoming,
    offset: u64,
    most: Option<u64>,
    counts: &Arc<Counts>,
) -> Result<(), Refusal> {
    if head.headers.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BlobUploadInvalid,
            "A blob is sent as it is: its digest is over these bytes.",
        ));
    }
    ask.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    ask.deadline = LONGEST_UPLOAD;
    if is_empty(&body) {
        return Ok(());
    }
    if piece(&head.headers)?.is_some()
        && let Some(length) = answer::length(&head.headers)
    {
        put(&mut ask.headers, "content-range", &format!("{offset}-{}", offset + length - 1));
    }
    ask.body = Said::Stream(Upload::new(body, counts.clone()).up_to(most).boxed_unsync());
    Ok(())
}

/// Sends what a client sends, for as long as it has the right to.
pub(super) async fn sent(registry: &Registry, permit: &Permit, ask: Ask, mut lease: Lease, counts: &Counts) -> Result<Answer, Refusal> {
    tokio::select! {
        answer = registry.send(permit, ask) => answer.map_err(|error| {
            if counts.broken.load(Ordering::Relaxed) {
                return Refusal::bad(Code::BlobUploadInvalid, "The blob broke off before its end.");
            }
            error.into()
        }),
        over = lease.ended() => Err(Refusal::denied(over.reason())),
        () = stalled(counts) => Err(RegistryError::Timeout.into()),
    }
}

/// Ends when nothing has moved for so long: the client has paused, or the registry takes nothing or has not put the blob together.
async fn stalled(counts: &Counts) {
    let mut seen = None;
    loop {
        let now = counts.bytes_in.load(Ordering::Relaxed);
        if seen == Some(now) {
            return;
        }
        seen = Some(now);
        tokio::time::sleep(SLOW).await;
    }
}
