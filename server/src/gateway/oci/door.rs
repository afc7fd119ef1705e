//! The door: who asks for what, and whether they may; the rest is each endpoint's own.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header, request};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;

use super::{
    classify::{Classified, classify},
    refusal::{Code, Refusal},
};
use crate::{
    access::{Hides, Known, Operation, Permission, table::oci::Act},
    audit::{Ending, Entry},
    authn::{Origin, Principal, registry_token::Access},
    backends::{
        Registries,
        oci::{Registry, full},
    },
    guardrails::Guardrails,
    operate::{Begun, Operator, Refused},
    registries::rules::Rules,
    seal::Seal,
};

/// A body on its way to the client.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Who asks, and what their token says it is for; `None` for a credential that stands for itself.
#[derive(Clone)]
pub struct Caller {
    pub who: Principal,
    pub access: Option<Arc<[Access]>>,
}

/// The distribution API of every registry.
pub struct RegistryDoor {
    pub(super) operator: Arc<Operator>,
    pub(super) registries: Arc<Registries>,
    /// What registries are bound by.
    pub(super) rules: Arc<Rules>,
    /// Judge what is pulled.
    pub(super) guardrails: Arc<Guardrails>,
    /// What uploads under way are sealed with.
    pub(super) seal: Seal,
    /// Where tokens are asked for.
    realm: String,
}

impl RegistryDoor {
    /// `url` is where Pilothouse is reached.
    pub fn new(operator: Arc<Operator>, registries: Arc<Registries>, rules: Arc<Rules>, guardrails: Arc<Guardrails>, seal: Seal, url: &str) -> Self {
        Self { operator, registries, rules, guardrails, seal, realm: format!("{url}/token") }
    }

    /// Answers one request. `caller` is nobody when no credential of ours came with it; `came` is whether anything did.
    pub async fn handle(self: &Arc<Self>, request: Request<Incoming>, caller: Option<Caller>, came: bool, origin: &Origin) -> Response<Body> {
        let mut response = match self.pass(request, caller, came, origin).await {
            Ok(response) => response,
            Err(refusal) => refusal.answer(),
        };
        response.headers_mut().insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
        response
    }

    async fn pass(
        self: &Arc<Self>,
        request: Request<Incoming>,
        caller: Option<Caller>,
        came: bool,
        origin: &Origin,
    ) -> Result<Response<Body>, Refusal> {
        let (head, body) = request.into_parts();
        let classified = classify(&head.method, head.uri.path(), head.uri.query());
        let Some(caller) = caller else { return Err(self.nobody(&head, classified.ok().as_ref(), came, origin).await) };
        let asked = match classified {
            Ok(asked) => asked,
            Err(refusal) => {
                let operation = Operation::on_system("Unclassified", Permission::RegistryView, head.uri.path());
                let status = refusal.status.as_u16();
                self.written(Some(&caller.who), origin, &operation, &refusal.message, status).await?;
                return Err(refusal);
            }
        };
        self.check_access(&caller, &asked)?;
        let door = Arc::clone(self);
        match asked.row.act {
            Act::Base => self.base(&caller, &asked).await,
            Act::Catalog => self.catalog(&caller, &asked).await,
            Act::TagList => self.tag_list(&caller, &asked).await,
            Act::Referrers => self.referrers(&caller, &asked).await,
            Act::ManifestGet | Act::ManifestHead => self.manifest(&caller, &asked, &head).await,
            Act::ManifestPut => finished(async move { door.put_manifest(&caller, &asked, &head, body).await }).await,
            Act::ManifestDelete => finished(async move { door.delete_manifest(&caller, &asked).await }).await,
            Act::BlobDelete => finished(async move { door.delete_blob(&caller, &asked).await }).await,
            Act::BlobGet | Act::BlobHead => self.blob(&caller, &asked, &head).await,
            Act::UploadStart => self.start_upload(&caller, &asked, &head, body).await,
            Act::UploadStatus => self.upload_status(&caller, &asked).await,
            Act::UploadChunk => self.upload_chunk(&caller, &asked, &head, body).await,
            Act::UploadFinish => self.finish_upload(&caller, &asked, &head, body).await,
            Act::UploadCancel => self.cancel_upload(&caller, &asked).await,
        }
    }

    /// The answer to nobody: where to get a token, and for what.
    async fn nobody(&self, head: &request::Parts, asked: Option<&Classified>, came: bool, origin: &Origin) -> Refusal {
        // That is how clients find out that they need one: every pull begins so.
        let is_greeting = !came && asked.is_some_and(|asked| asked.row.act == Act::Base);
        if !is_greeting {
            let operation = Operation::on_system("Unauthenticated", Permission::RegistryView, head.uri.path());
            let reason = "No credential, or one that is wrong, expired or revoked.";
            if let Err(refusal) = self.written(None, origin, &operation, reason, 401).await {
                return refusal;
            }
        }
        let scope = asked.map(scope_of).unwrap_or_default();
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, "Sign in first: docker login, with your password or a token.");
        self.challenge(refusal, &scope, if came { "invalid_token" } else { "" })
    }

    fn challenge(&self, refusal: Refusal, scope: &str, error: &str) -> Refusal {
        let mut text = format!("Bearer realm=\"{}\",service=\"{}\"", self.realm, crate::authn::registry_token::SERVICE);
        for (name, value) in [("scope", scope), ("error", error)] {
            if !value.is_empty() {
                text += &format!(",{name}=\"{value}\"");
            }
        }
        refusal.with(header::WWW_AUTHENTICATE, &text)
    }

    /// A token that is not for this, of somebody who may do it: they are told to get another one. Of somebody who may not, the decision itself
    /// says so.
    fn check_access(&self, caller: &Caller, asked: &Classified) -> Result<(), Refusal> {
        let Some(access) = &caller.access else { return Ok(()) };
        let (kind, name) = match asked.row.act {
            Act::Base => return Ok(()),
            Act::Catalog => ("registry", "catalog".to_owned()),
            _ => ("repository", format!("{}/{}", asked.registry, asked.repository)),
        };
        let action = asked.row.act.action();
        let is_for = |access: &Access| access.kind == kind && access.name == name && access.actions.iter().any(|it| it == action || it == "*");
        if access.iter().any(is_for) || !self.may(caller, asked) {
            return Ok(());
        }
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, "This token is not for this; ask for one that is.");
        Err(self.challenge(refusal, &scope_of(asked), "insufficient_scope"))
    }

    /// Whether one of the permissions that it takes is held.
    pub(super) fn may(&self, caller: &Caller, asked: &Classified) -> bool {
        asked.row.permissions.iter().any(|permission| self.operator.may(&caller.who, &operation(asked, *permission)))
    }

    /// Writes down what was refused before it was an operation.
    async fn written(&self, who: Option<&Principal>, origin: &Origin, operation: &Operation, reason: &str, status: u16) -> Result<(), Refusal> {
        self.operator.trail().refused(who, origin, operation, reason, status).await.map_err(|_| Refusal::trail_down())
    }

    /// Decides, and writes down the intent. `digest` is what it is about, where that is known.
    pub(super) async fn begin(&self, caller: &Caller, asked: &Classified, digest: Option<&str>) -> Result<Begun, Refusal> {
        let held = asked.row.permissions.iter().find(|permission| self.operator.may(&caller.who, &operation(asked, **permission)));
        // Of what is not held, the least is named.
        let least = if asked.row.act == Act::ManifestPut {
            Permission::RepositoryCreate
        } else {
            asked.row.permissions.first().copied().unwrap_or(Permission::RepositoryPull)
        };
        let mut operation = operation(asked, held.copied().unwrap_or(least));
        if let Some(digest) = digest {
            operation.known = Some(Known { name: operation.object.clone(), id: digest.to_owned() });
        }
        if asked.row.act.takes_out() {
            operation = operation.durable();
        }
        let begun = self.operator.begin(&caller.who, operation).await.map_err(|refused| match refused {
            Refused::Denied(denied) if denied.hides == Hides::Nothing => Refusal::denied(denied.reason),
            Refused::Denied(_) => Refusal::no_such_repository(),
            Refused::NotKnown(error) => Refusal::new(StatusCode::BAD_GATEWAY, Code::Unavailable, error.to_string()),
            Refused::TrailDown => Refusal::trail_down(),
        })?;
        // Whoever may not is told so first: how fast a registry is asked tells that it is there.
        match self.in_time(caller, asked) {
            Ok(()) => Ok(begun),
            Err(refusal) => Err(refuse(begun.entry, refusal)),
        }
    }

    /// The registry that is asked for. Call it after the permit: what may not be seen is not found either way.
    pub(super) fn registry(&self, asked: &Classified) -> Result<Arc<Registry>, Refusal> {
        self.registries.get(&asked.registry).ok_or_else(Refusal::no_such_repository)
    }

    /// That it is spoken here, to who is known.
    async fn base(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let begun = self.begin(caller, asked, None).await?;
        let mut response = Response::new(full(Bytes::from_static(b"{}")));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        settle(begun.entry, Ok(response))
    }
}

/// What is asked for as an operation.
fn operation(asked: &Classified, permission: Permission) -> Operation {
    match asked.row.act {
        Act::Base | Act::Catalog => Operation::on_system(asked.row.name, permission, ""),
        // What an upload is called is ours, long, and nobody's business.
        Act::UploadStart | Act::UploadStatus | Act::UploadChunk | Act::UploadCancel => {
            Operation::on_repository(asked.row.name, permission, &asked.registry, &asked.repository, "")
        }
        Act::UploadFinish => {
            let digest = asked.asked("digest").filter(|text| crate::access::is_digest(text)).unwrap_or_default();
            Operation::on_repository(asked.row.name, permission, &asked.registry, &asked.repository, digest)
        }
        _ => Operation::on_repository(asked.row.name, permission, &asked.registry, &asked.repository, &asked.reference),
    }
}

/// What a token for it is asked for with.
fn scope_of(asked: &Classified) -> String {
    match asked.row.act {
        Act::Base => String::new(),
        Act::Catalog => "registry:catalog:*".to_owned(),
        act => {
            let actions = match act.action() {
                "push" => "pull,push",
                action => action,
            };
            format!("repository:{}/{}:{actions}", asked.registry, asked.repository)
        }
    }
}

/// What has begun to change what a registry has is finished, whether or not the client stays: half of it would count against a quota and not be
/// there, or be there and told to nobody.
async fn finished(answer: impl Future<Output = Result<Response<Body>, Refusal>> + Send + 'static) -> Result<Response<Body>, Refusal> {
    tokio::spawn(answer).await.unwrap_or_else(|error| {
        tracing::error!(%error, "A request was not answered.");
        Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown, "Something went wrong here."))
    })
}

/// Writes down what it came to, and answers.
pub(super) fn settle(entry: Entry, result: Result<Response<Body>, Refusal>) -> Result<Response<Body>, Refusal> {
    match result {
        Ok(response) => {
            entry.finish(Ending::of_status(response.status().as_u16()));
            Ok(response)
        }
        Err(refusal) => Err(refuse(entry, refusal)),
    }
}

/// Writes down that it was refused.
fn refuse(mut entry: Entry, refusal: Refusal) -> Refusal {
    let status = refusal.status.as_u16();
    entry.also(&refusal.message);
    entry.finish(if refusal.by_right { Ending::denied(status) } else { Ending::failed(status) });
    refusal
}
