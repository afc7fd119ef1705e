//! Manifests: read whole, judged both ways, and what a tag comes to mean written down.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming as Coming;
use tokio::sync::OwnedMutexGuard;

use super::{
    answer::{self, DIGEST, SLOW, one, put},
    classify::Classified,
    door::{Body, Caller, RegistryDoor, settle},
    refusal::{Code, Refusal},
};
use crate::{
    access::{Permission, Permit, is_digest},
    audit::{Change, Entry, field},
    backends::oci::{
        Registry, Said,
        answer::{is, sha256},
        full,
        judge::{KINDS, LARGEST, judge, kind},
        manifests::{self, Manifest, ask},
    },
    guardrails::Pulled,
    operate::Begun,
    registries::Incoming,
};

/// How long a client has for a manifest.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The kinds that a client takes, of those that there are.
fn accepted(headers: &HeaderMap) -> Vec<&'static str> {
    let named = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let mut found: Vec<&'static str> = Vec::new();
    for name in named.map(str::trim) {
        match kind(name) {
            Some(kind) if !found.contains(&kind) => found.push(kind),
            None if name.starts_with("*/*") || name.starts_with("application/*") => return KINDS.to_vec(),
            _ => {}
        }
    }
    if found.is_empty() { KINDS.to_vec() } else { found }
}

impl RegistryDoor {
    pub(super) async fn manifest(&self, caller: &Caller, asked: &Classified, head: &request::Parts) -> Result<Response<Body>, Refusal> {
        let digest = is_digest(&asked.reference).then_some(asked.reference.as_str());
        let Begun { permit, mut entry, .. } = self.begin(caller, asked, digest).await?;
        let result = self.get_manifest(caller, &permit, asked, head, &mut entry).await;
        settle(entry, result)
    }

    async fn get_manifest(
        &self,
        caller: &Caller,
        permit: &Permit,
        asked: &Classified,
        head: &request::Parts,
        entry: &mut Entry,
    ) -> Result<Response<Body>, Refusal> {
        let registry = self.registry(asked)?;
        let ask = ask(head.method.clone(), &asked.repository, &asked.reference, &accepted(&head.headers), "pull");
        let unknown = |error| answer::failed(error, Code::ManifestUnknown);
        if head.method == Method::HEAD {
            let found = manifests::head(&registry, permit, ask, &asked.reference).await.map_err(unknown)?;
            let found = found.ok_or_else(|| Refusal::not_found(Code::ManifestUnknown, "The registry answered with 404."))?;
            let digest = found.digest.ok_or_else(|| Refusal::garbled("it does not say which manifest this is"))?;
            return Ok(shown(Bytes::new(), found.media, &digest, found.length));
        }
        let Manifest { media, digest, body } = manifests::get(&registry, permit, ask, &asked.reference).await.map_err(unknown)?;
        if asked.reference != digest {
            entry.also(&format!("It was {digest}."));
        }
        // A head takes nothing out, and was answered above.
        let pulled = Pulled { registry: &registry, repository: &asked.repository, reference: &asked.reference, digest: &digest, body: &body };
        match self.guardrails.check_pull(permit, &caller.who, &pulled).await {
            Ok(note) if note.is_empty() => {}
            Ok(note) => entry.also(&note),
            Err(finding) => return Err(Refusal::denied(finding.sentence)),
        }
        let length = body.len() as u64;
        Ok(shown(body, media, &digest, Some(length)))
    }

    pub(super) async fn put_manifest(
        &self,
        caller: &Caller,
        asked: &Classified,
        head: &request::Parts,
        body: Coming,
    ) -> Result<Response<Body>, Refusal> {
        // Of somebody who may not, nothing is read.
        if !self.may(caller, asked) {
            let begun = self.begin(caller, asked, None).await?;
            return settle(begun.entry, Err(Refusal::denied("The right to this has just ended.")));
        }
        let read = read(head, body, &asked.reference).await;
        let digest = read.as_ref().ok().map(|(_, _, digest)| digest.clone());
        let Begun { permit, mut entry, .. } = self.begin(caller, asked, digest.as_deref()).await?;
        let result = async {
            let (media, bytes, digest) = read?;
            let _alone = self.alone(asked).await;
            self.store_manifest(&permit, asked, &mut entry, media, bytes, &digest).await
        };
        let result = result.await;
        settle(entry, result)
    }

    /// Who changes one tag is alone with it: of two at once each is told what it meant before. Not by a digest.
    async fn alone(&self, asked: &Classified) -> Option<OwnedMutexGuard<()>> {
        match is_digest(&asked.reference) {
            true => None,
            false => Some(self.registries.tags.take(format!("{}/{}:{}", asked.registry, asked.repository, asked.reference)).await),
        }
    }

    async fn store_manifest(
        &self,
        permit: &Permit,
        asked: &Classified,
        entry: &mut Entry,
        media: &'static str,
        bytes: Bytes,
        digest: &str,
    ) -> Result<Response<Body>, Refusal> {
        let registry = self.registry(asked)?;
        let held = permit.operation().permission;
        let lacks = |permission: Permission, why: &str| {
            Refusal::denied(format!("{why}, which needs the permission {permission} on registry/{}/repository/{}.", asked.registry, asked.repository))
        };
        if is_digest(&asked.reference) {
            if held == Permission::RepositoryRetag && current(&registry, permit, &asked.repository, digest).await?.is_none() {
                return Err(lacks(Permission::RepositoryCreate, "There is no such manifest yet: to push it makes one"));
            }
            entry.changed(vec![field("digest", None, Some(digest))]);
        } else {
            let before = current(&registry, permit, &asked.repository, &asked.reference).await?;
            match &before {
                Some(before) if before != digest && held != Permission::RepositoryPush => {
                    return Err(lacks(Permission::RepositoryPush, "This tag is there already and would come to mean something else"));
                }
                None if held == Permission::RepositoryRetag && current(&registry, permit, &asked.repository, digest).await?.is_none() => {
                    return Err(lacks(Permission::RepositoryCreate, "There is no such manifest yet: to push it makes one"));
                }
                _ => {}
            }
            entry.changed(moved(before.as_deref(), digest));
            if before.is_some_and(|before| before != digest) {
                self.may_move(asked)?;
            }
        }
        // What is over a limit goes no further, and what counts does so before the registry has it: of two at once only one gets the last room.
        let (repository, reference) = (&asked.repository, &asked.reference);
        let admitted = self.rules.let_in(&Incoming { registry: &registry, permit, repository, reference, digest, manifest: &bytes }).await?;
        let mut ask = ask(Method::PUT, &asked.repository, &asked.reference, &[], "pull,push");
        ask.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        ask.body = Said::Bytes(bytes);
        ask.deadline = SLOW;
        // Of an answer that does not come nobody knows what was done: it counts, until it is counted anew.
        let answer = registry.send(permit, ask).await?;
        if !answer.response.status().is_success() {
            if let Some(admitted) = admitted {
                self.rules.take_back(admitted).await;
            }
            return Err(answer::refused(answer, Code::NameUnknown).await);
        }
        answer::about(answer.response.headers(), digest)?;
        let mut response = Response::new(full(Bytes::new()));
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        put(headers, "location", &format!("/v2/{}/{}/manifests/{digest}", asked.registry, asked.repository));
        put(headers, DIGEST, digest);
        if let Some(subject) = one(answer.response.headers(), "oci-subject").filter(|subject| is_digest(subject)) {
            put(headers, "oci-subject", subject);
        }
        Ok(response)
    }

    pub(super) async fn delete_manifest(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let digest = is_digest(&asked.reference).then_some(asked.reference.as_str());
        let Begun { permit, mut entry, .. } = self.begin(caller, asked, digest).await?;
        let result = async {
            let registry = self.registry(asked)?;
            let _alone = self.alone(asked).await;
            let before = match digest {
                Some(digest) => Some(digest.to_owned()),
                None => current(&registry, &permit, &asked.repository, &asked.reference).await?,
            };
            entry.changed(vec![field(if digest.is_some() { "digest" } else { "tag" }, before.as_deref(), None)]);
            self.may_delete(&registry, &permit, asked, before.as_deref()).await?;
            let answer = registry.send(&permit, ask(Method::DELETE, &asked.repository, &asked.reference, &[], "pull,push,delete")).await?;
            if !answer.response.status().is_success() {
                return Err(answer::refused(answer, Code::ManifestUnknown).await);
            }
            self.rules.gone(&asked.registry, &asked.repository, &asked.reference).await;
            let mut response = Response::new(full(Bytes::new()));
            *response.status_mut() = StatusCode::ACCEPTED;
            Ok(response)
        };
        let result = result.await;
        settle(entry, result)
    }
}

/// A manifest for the client, or what is said of it.
fn shown(body: Bytes, media: &'static str, digest: &str, length: Option<u64>) -> Response<Body> {
    let mut response = Response::new(full(body));
    let headers = response.headers_mut();
    put(headers, "content-type", media);
    put(headers, DIGEST, digest);
    if let Some(length) = length {
        put(headers, "content-length", &length.to_string());
    }
    response
}

/// What a tag means now, or the digest itself if it is there.
async fn current(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<String>, Refusal> {
    let found = manifests::meaning(registry, permit, ask(Method::HEAD, repository, reference, KINDS, "pull,push")).await;
    found.map_err(|error| answer::failed(error, Code::ManifestUnknown))
}

/// What becomes of a tag, for the record. One that means the same as before is not changed.
fn moved(before: Option<&str>, digest: &str) -> Vec<Change> {
    if before == Some(digest) { Vec::new() } else { vec![field("digest", before, Some(digest))] }
}

/// Reads a client's manifest, judges it, and says which one it is.
async fn read(head: &request::Parts, body: Coming, reference: &str) -> Result<(&'static str, Bytes, String), Refusal> {
    let media = one(&head.headers, "content-type").unwrap_or_default();
    let media = kind(media).ok_or_else(|| {
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::ManifestInvalid, "This media type is of no manifest that is known here.")
    })?;
    if head.headers.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::ManifestInvalid, "A compressed manifest cannot be judged."));
    }
    let bytes = match tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, "A manifest has at most 4 MiB."));
        }
        Ok(Err(_)) => return Err(Refusal::bad(Code::ManifestInvalid, "The manifest broke off.")),
        Err(_) => return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, Code::ManifestInvalid, "The manifest did not come in time.")),
    };
    judge(media, &bytes).map_err(|why| Refusal::bad(Code::ManifestInvalid, why))?;
    if is_digest(reference) {
        if !is(&bytes, reference) {
            return Err(Refusal::bad(Code::DigestInvalid, "The manifest is not what the digest in the path says."));
        }
        return Ok((media, bytes, reference.to_owned()));
    }
    let digest = sha256(&bytes);
    Ok((media, bytes, digest))
}
