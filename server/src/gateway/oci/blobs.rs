//! Blobs: looked at, taken out whole or in part, and removed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request};

use super::{
    answer::{self, DIGEST, one, put},
    classify::Classified,
    door::{Body, Caller, RegistryDoor, settle},
    refusal::{Code, Refusal},
    stream::{Download, deliver},
};
use crate::{
    access::Permit,
    audit::{Ending, field},
    backends::oci::{Answer, Ask, answer::Check, full},
    operate::Begun,
};

fn ask(method: Method, repository: &str, digest: &str, action: &str) -> Ask {
    Ask::within(method, repository, &format!("blobs/{digest}"), action)
}

/// A part of a blob that is asked for: `bytes=FROM-`, `bytes=FROM-TO` or `bytes=-LAST`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Range {
    From(u64),
    FromTo(u64, u64),
    Last(u64),
}

impl Range {
    /// `None` for what is no single range of bytes: then all of it is sent, as HTTP has it.
    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        match text.strip_prefix("bytes=")?.split_once('-')? {
            ("", last) => Some(Self::Last(number(last)?)),
            (from, "") => Some(Self::From(number(from)?)),
            (from, to) => {
                let (from, to) = (number(from)?, number(to)?);
                (from <= to).then_some(Self::FromTo(from, to))
            }
        }
    }

    fn text(self) -> String {
        match self {
            Self::From(from) => format!("bytes={from}-"),
            Self::FromTo(from, to) => format!("bytes={from}-{to}"),
            Self::Last(last) => format!("bytes=-{last}"),
        }
    }

    /// How many bytes come, if `content` is an answer to this.
    fn answered(self, content: &str) -> Option<u64> {
        let (part, total) = content.strip_prefix("bytes ")?.split_once('/')?;
        let (from, to) = part.split_once('-')?;
        let (from, to, total): (u64, u64, u64) = (from.parse().ok()?, to.parse().ok()?, total.parse().ok()?);
        let fits = from <= to && to < total;
        let is_it = match self {
            Self::From(asked) => from == asked && to == total - 1,
            Self::FromTo(asked, last) => from == asked && to == last.min(total.checked_sub(1)?),
            Self::Last(last) => to == total.checked_sub(1)? && from == total.saturating_sub(last),
        };
        (fits && is_it).then(|| to - from + 1)
    }
}

impl RegistryDoor {
    pub(super) async fn blob(&self, caller: &Caller, asked: &Classified, head: &request::Parts) -> Result<Response<Body>, Refusal> {
        let Begun { permit, mut entry, lease } = self.begin(caller, asked, Some(&asked.reference)).await?;
        let range = one(&head.headers, "range").and_then(Range::read).filter(|_| head.method == Method::GET);
        let answer = match self.ask_blob(&permit, asked, &head.method, range).await {
            Ok(answer) => answer,
            Err(refusal) => return settle(entry, Err(refusal)),
        };
        if let Some(elsewhere) = &answer.elsewhere {
            entry.also(&format!("The client was sent to {}.", elsewhere.host().unwrap_or_default()));
            let mut response = Response::new(full(Bytes::new()));
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            put(response.headers_mut(), "location", &elsewhere.to_string());
            return settle(entry, Ok(response));
        }
        let headers = match blob_headers(&answer, asked, range) {
            Ok(headers) => headers,
            Err(refusal) => return settle(entry, Err(refusal)),
        };
        let status = answer.response.status();
        let body = if head.method == Method::HEAD {
            entry.finish(Ending::ok(200));
            full(Bytes::new())
        } else {
            let check = (status == StatusCode::OK).then(|| Check::new(&asked.reference));
            let size = answer::length(&headers);
            let download = Download { body: answer.response.into_body(), _turn: answer.turn, size, check, status: status.as_u16() };
            deliver(download, entry, lease).await?
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn ask_blob(&self, permit: &Permit, asked: &Classified, method: &Method, range: Option<Range>) -> Result<Answer, Refusal> {
        let registry = self.registry(asked)?;
        let mut ask = ask(method.clone(), &asked.repository, &asked.reference, "pull");
        if let Some(range) = range {
            ask.headers.extend(HeaderValue::try_from(range.text()).ok().map(|range| (header::RANGE, range)));
        }
        let answer = registry.send(permit, ask).await?;
        match answer.response.status() {
            _ if answer.elsewhere.is_some() => Ok(answer),
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(answer),
            _ => Err(answer::refused(answer, Code::BlobUnknown).await),
        }
    }

    pub(super) async fn delete_blob(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { permit, mut entry, .. } = self.begin(caller, asked, Some(&asked.reference)).await?;
        entry.changed(vec![field("blob", Some(&asked.reference), None)]);
        let result = async {
            let registry = self.registry(asked)?;
            self.may_delete_blob(asked)?;
            let answer = registry.send(&permit, ask(Method::DELETE, &asked.repository, &asked.reference, "pull,push,delete")).await?;
            if !answer.response.status().is_success() {
                return Err(answer::refused(answer, Code::BlobUnknown).await);
            }
            let mut response = Response::new(full(Bytes::new()));
            *response.status_mut() = StatusCode::ACCEPTED;
            Ok(response)
        };
        let result = result.await;
        settle(entry, result)
    }
}

/// The headers for the client, made from what the answer says of itself and has to say.
fn blob_headers(answer: &Answer, asked: &Classified, range: Option<Range>) -> Result<HeaderMap, Refusal> {
    let theirs = answer.response.headers();
    answer::about(theirs, &asked.reference)?;
    if theirs.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::garbled("its blob is compressed on the way, so that it is not what its digest says"));
    }
    let mut headers = HeaderMap::new();
    put(&mut headers, "content-type", "application/octet-stream");
    put(&mut headers, DIGEST, &asked.reference);
    put(&mut headers, "accept-ranges", "bytes");
    let mut length = answer::length(theirs);
    if answer.response.status() == StatusCode::PARTIAL_CONTENT {
        let content = one(theirs, "content-range").unwrap_or_default();
        let part = range
            .and_then(|range| range.answered(content))
            .ok_or_else(|| Refusal::garbled("the part of the blob is not the one that was asked for"))?;
        if length.is_some_and(|length| length != part) {
            return Err(Refusal::garbled("the part of the blob is not as long as it says"));
        }
        length = Some(part);
        put(&mut headers, "content-range", content);
    }
    if let Some(length) = length {
        put(&mut headers, "content-length", &length.to_string());
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::Range::{self, *};

    #[test]
    fn a_part_is_the_one_that_was_asked_for() {
        assert_eq!((Range::read("bytes=5-"), Range::read("bytes=5-9"), Range::read("bytes=-5")), (Some(From(5)), Some(FromTo(5, 9)), Some(Last(5))));
        for bad in ["", "bytes=", "bytes=-", "bytes=9-5", "bytes=1-2,4-5", "items=1-2", "bytes=+1-2", "bytes=a-b"] {
            assert_eq!(Range::read(bad), None, "{bad}");
        }
        assert_eq!(From(5).answered("bytes 5-9/10"), Some(5));
        assert_eq!(FromTo(5, 7).answered("bytes 5-7/10"), Some(3));
        assert_eq!(FromTo(5, 70).answered("bytes 5-9/10"), Some(5));
        assert_eq!(Last(3).answered("bytes 7-9/10"), Some(3));
        for (range, bad) in [
            (From(5), "bytes 0-9/10"),
            (From(5), "bytes 5-8/10"),
            (FromTo(5, 7), "bytes 5-9/10"),
            (FromTo(5, 7), "bytes 5-6/10"),
            (Last(3), "bytes 6-9/10"),
            (From(0), "bytes 0-9/9"),
            (From(0), "bytes 0-9/*"),
            (From(0), ""),
        ] {
            assert_eq!(range.answered(bad), None, "{range:?} {bad}");
        }
    }
}
