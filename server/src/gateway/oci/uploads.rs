//! Uploads: begun, carried on in pieces, finished, mounted from elsewhere, given up.
//!
//! Where an upload goes on is the registry's to say, and must lie in the repository it is for, at the registry's own address. The client gets
//! none of it: it gets the same, sealed for this repository, with how far the upload is.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{Method, Response, StatusCode, header, request};
use hyper::body::Incoming;

use super::{
    answer::{self, DIGEST, put},
    classify::Classified,
    door::{Body, Caller, RegistryDoor, settle},
    pieces::{Place, ask, begun, carry, last_byte, next, piece, sent},
    refusal::{Code, Refusal},
    stream::is_empty,
};
use crate::{
    access::{Operation, Permission, Permit, is_digest, is_repository_name},
    audit::{Ending, Entry, field},
    backends::oci::{Answer, Registry, full, place::uploads},
    gateway::upload::Counts,
    lease::Lease,
    operate::Begun,
};

impl RegistryDoor {
    fn seal_place(asked: &Classified, caller: &Caller) -> String {
        format!("uploads/{}/{}/{}", asked.registry, asked.repository, caller.who.subject.user)
    }

    /// What the client is told of where its upload goes on.
    fn our_location(&self, asked: &Classified, caller: &Caller, place: &Place) -> Result<String, Refusal> {
        let failed = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown, "The upload could not be begun here.");
        let text = serde_json::to_vec(place).map_err(|_| failed())?;
        let sealed = self.seal.seal_bytes(&Self::seal_place(asked, caller), &text).map_err(|_| failed())?;
        Ok(format!("/v2/{}/{}/blobs/uploads/{}", asked.registry, asked.repository, BASE64URL_NOPAD.encode(&sealed)))
    }

    /// The upload that the path names.
    fn place(&self, asked: &Classified, caller: &Caller) -> Result<Place, Refusal> {
        let open = || {
            let sealed = BASE64URL_NOPAD.decode(asked.reference.as_bytes()).ok()?;
            let text = self.seal.open_bytes(&Self::seal_place(asked, caller), &sealed).ok()?;
            serde_json::from_slice(&text).ok()
        };
        open().ok_or_else(|| Refusal::not_found(Code::BlobUploadUnknown, "There is no such upload here, or it is not yours."))
    }

    pub(super) async fn start_upload(
        &self,
        caller: &Caller,
        asked: &Classified,
        head: &request::Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Refusal> {
        let digest = asked.asked("digest").or(asked.asked("mount"));
        if digest.is_some_and(|digest| !is_digest(digest)) {
            let begun = self.begin(caller, asked, None).await?;
            return settle(begun.entry, Err(Refusal::bad(Code::DigestInvalid, "This is no digest by sha256 or sha512.")));
        }
        let Begun { permit, mut entry, lease } = self.begin(caller, asked, digest).await?;
        let result = async {
            let registry = self.registry(asked)?;
            if let Some(mounted) = self.mount(&registry, &permit, caller, asked, &mut entry).await? {
                return Ok(mounted);
            }
            // What has no room is not begun.
            let _turn = asked.asked("digest").map(|_| self.turn(caller, asked)).transpose()?;
            let most = self.most(asked, &head.headers, 0).await?;
            let place = begun(self.post_upload(&registry, &permit, asked, &[]).await?, &registry, asked).await?;
            match asked.asked("digest") {
                // All in one request: begun and finished, whether or not the registry takes it so.
                Some(digest) => {
                    let sent = self.finish(&registry, &permit, asked, place, digest, (head, body, most), lease).await?;
                    entry.changed(vec![field("blob", None, Some(digest))]);
                    Ok(sent)
                }
                _ => self.accepted(caller, asked, &place),
            }
        };
        let result = result.await;
        settle(entry, result)
    }

    /// An upload that was begun, or goes on.
    fn accepted(&self, caller: &Caller, asked: &Classified, place: &Place) -> Result<Response<Body>, Refusal> {
        let mut response = Response::new(full(Bytes::new()));
        *response.status_mut() = StatusCode::ACCEPTED;
        let headers = response.headers_mut();
        put(headers, "location", &self.our_location(asked, caller, place)?);
        put(headers, "range", &format!("0-{}", place.offset.saturating_sub(1)));
        Ok(response)
    }

    async fn post_upload(&self, registry: &Registry, permit: &Permit, asked: &Classified, query: &[(&str, &str)]) -> Result<Answer, Refusal> {
        let mut path = uploads(&asked.repository);
        for (n, (key, value)) in query.iter().enumerate() {
            path.push(if n == 0 { '?' } else { '&' });
            path.push_str(&form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish());
        }
        let mut ask = ask(Method::POST, path, &asked.repository);
        if let Some((_, from)) = query.iter().find(|(key, _)| *key == "from") {
            ask.scopes.push(format!("repository:{from}:pull"));
        }
        Ok(registry.send(permit, ask).await?)
    }

    /// Takes a blob over from another repository, if that may be pulled and has it. Else nothing tells why not: it is uploaded then.
    async fn mount(
        &self,
        registry: &Registry,
        permit: &Permit,
        caller: &Caller,
        asked: &Classified,
        entry: &mut Entry,
    ) -> Result<Option<Response<Body>>, Refusal> {
        let (Some(digest), Some(from)) = (asked.asked("mount"), asked.asked("from")) else { return Ok(None) };
        let source = from.split_once('/').filter(|(registry, repository)| *registry == asked.registry && is_repository_name(repository));
        let may_pull = |repository: &str| {
            let operation = Operation::on_repository("BlobGet", Permission::RepositoryPull, &asked.registry, repository, digest);
            let in_token =
                |access: &crate::authn::registry_token::Access| access.name == from && access.actions.iter().any(|it| it == "pull" || it == "*");
            let told = caller.access.as_ref().is_none_or(|access| access.iter().any(in_token));
            told && self.operator.may(&caller.who, &operation)
        };
        let Some((_, source)) = source.filter(|(_, repository)| may_pull(repository)) else {
            entry.also("The blob was not mounted: its source may not be pulled from.");
            return Ok(None);
        };
        let answer = self.post_upload(registry, permit, asked, &[("mount", digest), ("from", source)]).await?;
        if answer.response.status() != StatusCode::CREATED {
            let place = begun(answer, registry, asked).await?;
            return self.accepted(caller, asked, &place).map(Some);
        }
        answer::about(answer.response.headers(), digest)?;
        entry.also(&format!("The blob was mounted from {from}."));
        entry.changed(vec![field("blob", None, Some(digest))]);
        Ok(Some(created(asked, digest)))
    }

    pub(super) async fn upload_status(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { permit, entry, .. } = self.begin(caller, asked, None).await?;
        let result = async {
            let place = self.place(asked, caller)?;
            let registry = self.registry(asked)?;
            let answer = registry.send(&permit, ask(Method::GET, format!("{}{}", uploads(&asked.repository), place.rest), &asked.repository)).await?;
            if !answer.response.status().is_success() {
                return Err(answer::refused(answer, Code::BlobUploadUnknown).await);
            }
            let headers = answer.response.headers();
            let offset = match last_byte(headers)? {
                // 0-0 is said of one byte, and of none.
                None | Some(0) => place.offset.min(1),
                Some(last) => last + 1,
            };
            let rest = next(headers, &registry, asked)?.unwrap_or(place.rest);
            let mut response = self.accepted(caller, asked, &Place { rest, offset })?;
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        };
        let result = result.await;
        settle(entry, result)
    }

    pub(super) async fn upload_chunk(
        &self,
        caller: &Caller,
        asked: &Classified,
        head: &request::Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Refusal> {
        let Begun { permit, entry, lease } = self.begin(caller, asked, None).await?;
        let counts = Arc::new(Counts::default());
        let result = async {
            let place = self.place(asked, caller)?;
            let registry = self.registry(asked)?;
            self.in_order(caller, asked, head, &place)?;
            let _turn = self.turn(caller, asked)?;
            let most = self.most(asked, &head.headers, place.offset).await?;
            let mut ask = ask(Method::PATCH, format!("{}{}", uploads(&asked.repository), place.rest), &asked.repository);
            carry(&mut ask, head, body, place.offset, most, &counts)?;
            let answer = self.bounded(&registry, &permit, asked, &place, most, &counts, sent(&registry, &permit, ask, lease, &counts)).await?;
            if !answer.response.status().is_success() {
                return Err(answer::refused(answer, Code::BlobUploadUnknown).await);
            }
            let headers = answer.response.headers();
            let offset = place.offset + counts.bytes_in.load(Ordering::Relaxed);
            // Docker's says 0-0 of nothing, too.
            if last_byte(headers)?.is_some_and(|last| last != offset.saturating_sub(1)) {
                return Err(Refusal::garbled("it does not have as much of the blob as it was sent"));
            }
            let rest = next(headers, &registry, asked)?.unwrap_or(place.rest);
            self.accepted(caller, asked, &Place { rest, offset })
        };
        let result = result.await;
        ended(entry, &counts, result)
    }

    /// Makes sure that a piece that says where it belongs comes in its turn.
    fn in_order(&self, caller: &Caller, asked: &Classified, head: &request::Parts, place: &Place) -> Result<(), Refusal> {
        let Some((from, _)) = piece(&head.headers)? else { return Ok(()) };
        if from == place.offset {
            return Ok(());
        }
        let refusal =
            Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid, format!("The next piece begins at byte {}.", place.offset));
        let refusal = refusal.with(header::RANGE, &format!("0-{}", place.offset.saturating_sub(1)));
        Err(refusal.with(header::LOCATION, &self.our_location(asked, caller, place)?))
    }

    pub(super) async fn finish_upload(
        &self,
        caller: &Caller,
        asked: &Classified,
        head: &request::Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Refusal> {
        let digest = asked.asked("digest").filter(|digest| is_digest(digest));
        let Begun { permit, mut entry, lease } = self.begin(caller, asked, digest).await?;
        let result = async {
            let digest = digest.ok_or_else(|| Refusal::bad(Code::DigestInvalid, "An upload is finished with its digest by sha256 or sha512."))?;
            let place = self.place(asked, caller)?;
            let registry = self.registry(asked)?;
            self.in_order(caller, asked, head, &place)?;
            entry.changed(vec![field("blob", None, Some(digest))]);
            // What comes without bytes has waited for its turn before.
            let (_turn, most) = match is_empty(&body) {
                true => (None, None),
                false => (Some(self.turn(caller, asked)?), self.most(asked, &head.headers, place.offset).await?),
            };
            self.finish(&registry, &permit, asked, place, digest, (head, body, most), lease).await
        };
        let result = result.await;
        settle(entry, result)
    }

    /// Sends what is left of a blob, and has it put together. Whether it is what its digest says is the registry's verdict.
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and they come together once")]
    async fn finish(
        &self,
        registry: &Registry,
        permit: &Permit,
        asked: &Classified,
        place: Place,
        digest: &str,
        (head, body, most): (&request::Parts, Incoming, Option<u64>),
        lease: Lease,
    ) -> Result<Response<Body>, Refusal> {
        let mark = if place.rest.contains('?') { '&' } else { '?' };
        let path = format!("{}{}{mark}digest={}", uploads(&asked.repository), place.rest, digest.replace(':', "%3A"));
        let mut ask = ask(Method::PUT, path, &asked.repository);
        let counts = Arc::new(Counts::default());
        carry(&mut ask, head, body, place.offset, most, &counts)?;
        let answer = self.bounded(registry, permit, asked, &place, most, &counts, sent(registry, permit, ask, lease, &counts)).await?;
        if !answer.response.status().is_success() {
            return Err(answer::refused(answer, Code::BlobUploadUnknown).await);
        }
        answer::about(answer.response.headers(), digest)?;
        Ok(created(asked, digest))
    }

    /// What comes of a piece. One of which more came than may is given up at the registry, too: nothing of it is to be finished.
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and they come together twice")]
    async fn bounded(
        &self,
        registry: &Registry,
        permit: &Permit,
        asked: &Classified,
        place: &Place,
        most: Option<u64>,
        counts: &Counts,
        sent: impl Future<Output = Result<Answer, Refusal>>,
    ) -> Result<Answer, Refusal> {
        let result = sent.await;
        let Some(most) = most.filter(|_| counts.over.load(Ordering::Relaxed)) else { return result };
        let ask = ask(Method::DELETE, format!("{}{}", uploads(&asked.repository), place.rest), &asked.repository);
        if let Err(error) = registry.send(permit, ask).await {
            tracing::warn!(%error, registry = asked.registry, "An upload that was too large could not be given up; the registry forgets it by itself.");
        }
        Err(self.over(asked, place.offset + most))
    }

    pub(super) async fn cancel_upload(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { permit, entry, .. } = self.begin(caller, asked, None).await?;
        let result = async {
            let place = self.place(asked, caller)?;
            let ask = ask(Method::DELETE, format!("{}{}", uploads(&asked.repository), place.rest), &asked.repository);
            let answer = self.registry(asked)?.send(&permit, ask).await?;
            if !answer.response.status().is_success() {
                return Err(answer::refused(answer, Code::BlobUploadUnknown).await);
            }
            let mut response = Response::new(full(Bytes::new()));
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        };
        let result = result.await;
        settle(entry, result)
    }
}

/// A blob that is there now.
fn created(asked: &Classified, digest: &str) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    put(headers, "location", &format!("/v2/{}/{}/blobs/{digest}", asked.registry, asked.repository));
    put(headers, DIGEST, digest);
    response
}

/// As `settle`, with how much came.
fn ended(mut entry: Entry, counts: &Counts, result: Result<Response<Body>, Refusal>) -> Result<Response<Body>, Refusal> {
    let came = counts.bytes_in.load(Ordering::Relaxed);
    match &result {
        Ok(response) => entry.finish(Ending::of_status(response.status().as_u16()).bytes(came, 0)),
        Err(refusal) => {
            let status = refusal.status.as_u16();
            entry.also(&refusal.message);
            entry.finish(if refusal.by_right { Ending::denied(status) } else { Ending::failed(status) }.bytes(came, 0));
        }
    }
    result
}
