//! One side of a copy: a repository of a registry, and the right to it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, header};

use super::CopyError;
use crate::{
    access::{Permission, Permit, is_digest},
    backends::oci::{
        Answer, Ask, Registry, RegistryError, Said,
        answer::{self, SLOW, no},
        judge::KINDS,
        manifests::{self, Manifest},
        typed::At,
    },
};

/// A repository, and the permit for it: an [`At`] that outlives the request that it came with.
pub struct Side {
    pub registry: Arc<Registry>,
    pub repository: String,
    pub permit: Permit,
}

impl Side {
    pub fn at(&self) -> At<'_> {
        At { registry: &self.registry, permit: &self.permit, repository: &self.repository }
    }

    /// `REGISTRY/REPOSITORY`
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry.name, self.repository)
    }

    /// By which right it is reached.
    pub fn held(&self) -> Permission {
        self.permit.operation().permission
    }

    pub fn is_same_registry(&self, other: &Side) -> bool {
        self.registry.name == other.registry.name
    }

    pub fn is_same_place(&self, other: &Side) -> bool {
        self.is_same_registry(other) && self.repository == other.repository
    }

    /// For want of `permission`, `why` is not done.
    pub fn lacks(&self, permission: Permission, why: &str) -> CopyError {
        let place = format!("registry/{}/repository/{}", self.registry.name, self.repository);
        CopyError::Denied(format!("{why}, which needs the permission {permission} on {place}."))
    }

    pub fn failed(&self, error: RegistryError) -> CopyError {
        CopyError::Registry { registry: self.registry.name.clone(), error }
    }

    pub fn garbled(&self, why: &'static str) -> CopyError {
        self.failed(RegistryError::Garbled(why))
    }

    pub async fn refused(&self, answer: Answer) -> CopyError {
        self.failed(RegistryError::Refused(no(answer).await))
    }

    /// What its tokens are asked for: to read, or to write and read.
    fn action(&self) -> &'static str {
        if self.held() == Permission::RepositoryPull { "pull" } else { "pull,push" }
    }

    /// A request about what stands behind `/v2/REPOSITORY/`.
    pub fn ask(&self, method: Method, rest: &str) -> Ask {
        Ask::within(method, &self.repository, rest, self.action())
    }

    /// Sends a request, and goes wherever the answer lies.
    pub async fn send(&self, ask: Ask) -> Result<Answer, CopyError> {
        self.registry.fetch(&self.permit, ask).await.map_err(|error| self.failed(error))
    }

    /// A manifest by its tag or digest, judged; `None` where there is none.
    pub async fn manifest(&self, reference: &str) -> Result<Option<Manifest>, CopyError> {
        let ask = manifests::ask(Method::GET, &self.repository, reference, KINDS, self.action());
        answer::there(manifests::get(&self.registry, &self.permit, ask, reference).await).map_err(|error| self.failed(error))
    }

    /// What a tag means now, or the digest itself if it is there.
    pub async fn meaning(&self, reference: &str) -> Result<Option<String>, CopyError> {
        let ask = manifests::ask(Method::HEAD, &self.repository, reference, KINDS, self.action());
        let Some(head) = manifests::head(&self.registry, &self.permit, ask, reference).await.map_err(|error| self.failed(error))? else {
            return Ok(None);
        };
        let digest = head.digest.filter(|digest| is_digest(digest));
        digest.map(Some).ok_or_else(|| self.garbled("it does not say which manifest this is"))
    }

    /// Stores a manifest under a tag or its digest.
    pub async fn put(&self, reference: &str, media: &'static str, body: Bytes, digest: &str) -> Result<(), CopyError> {
        let mut ask = self.ask(Method::PUT, &format!("manifests/{reference}"));
        ask.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        ask.body = Said::Bytes(body);
        ask.deadline = SLOW;
        let answer = self.send(ask).await?;
        if !answer.response.status().is_success() {
            return Err(self.refused(answer).await);
        }
        answer::about(answer.response.headers(), digest).map_err(|error| self.failed(error))
    }
}
