//! Every mount on one screen: which door a request goes to, and who is at it.

use std::sync::Arc;

use axum::{Router, body::Body, response::IntoResponse};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use pilothouse_app::api::{Code, Problem};
use tower::ServiceExt;

use crate::{
    access::{Operation, Permission},
    api::ApiError,
    authn::{Door, Origin, Principal, registry_token::Signer},
    gateway::{
        docker::{
            door::{Asked, EngineDoor, message},
            name,
        },
        oci::{self, Refusal, door::RegistryDoor},
    },
    house::House,
};

use super::{
    Peer, Probes, Proxies, headers,
    identity::{self, Asker},
    origin,
};

/// The doors there are.
pub struct Doors {
    /// `/api/v1`
    pub api: Router,
    /// `/engines/NAME/`, and the root for who names an engine otherwise.
    pub engine: EngineDoor,
    /// `/v2/`: the distribution API.
    pub registry: Arc<RegistryDoor>,
    /// Everything else: the console, its assets, and the API's description.
    pub console: Router,
}

/// What stands at the front: looks at the shape of a request, finds out who asks, and shows the way.
pub struct Front {
    pub doors: Doors,
    pub house: Arc<House>,
    /// `/healthz` and `/readyz`.
    pub probes: Probes,
    pub proxies: Proxies,
    /// Knows the tokens that clients of registries show.
    pub signer: Arc<Signer>,
}

impl Front {
    /// Answers one request. Never fails: what goes wrong is an answer. `ambiguous` is a head that could be read in two ways.
    pub async fn answer(&self, request: Request<Incoming>, peer: Peer, ambiguous: bool) -> Response<Body> {
        // Where such a request ends is not looked after (see `heads`), so it is the connection's last.
        let last = request.headers().contains_key(header::TRANSFER_ENCODING) || request.headers().contains_key(header::UPGRADE);
        let (mut response, last) = match self.misshapen(&request, &peer, ambiguous).await {
            Some(refusal) => (refusal, true),
            None => (self.enter(request, &peer).await, last),
        };
        if last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// What is said to somebody whose words are ambiguous: nothing more is read from them.
    async fn misshapen(&self, request: &Request<Incoming>, peer: &Peer, ambiguous: bool) -> Option<Response<Body>> {
        let framing = ambiguous.then_some("The head of this request can be read in two ways.");
        let why = framing.or_else(|| headers::malformed(request))?;
        let door = match request.uri().path() {
            path if path.starts_with("/engines/") => Door::Engine,
            path if is_registry(path) => Door::Registry,
            _ => Door::Api,
        };
        let origin = self.origin(door, request.headers(), peer);
        let refusal = ApiError(Problem::new(Code::InvalidInput, why));
        Some(self.refuse(None, &origin, "Malformed", request.uri().path(), refusal).await)
    }

    /// Refuses what is no operation yet, and has it written down.
    async fn refuse(&self, who: Option<&Principal>, origin: &Origin, name: &'static str, path: &str, refusal: ApiError) -> Response<Body> {
        let operation = Operation::on_system(name, Permission::AccountView, path);
        let written = self.house.trail().refused(who, origin, &operation, &refusal.0.title, refusal.0.status).await;
        let answer = if written.is_err() { ApiError::trail_down() } else { refusal };
        if origin.door == Door::Engine {
            let status = StatusCode::from_u16(answer.0.status).unwrap_or(StatusCode::BAD_REQUEST);
            return message(status, &answer.0.title).map(Body::new);
        }
        if origin.door == Door::Registry {
            let status = StatusCode::from_u16(answer.0.status).unwrap_or(StatusCode::BAD_REQUEST);
            return Refusal::new(status, oci::Code::Denied, answer.0.title).answer().map(Body::new);
        }
        answer.into_response()
    }

    async fn enter(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        if let Some(mut response) = self.probes.answer(request.method(), request.uri().path()).await {
            headers::harden(response.headers_mut());
            return response;
        }
        identity::learn(&self.house, request.headers()).await;
        // Before an engine is looked for at the root: no engine has such paths.
        if is_registry(request.uri().path()) {
            return self.at_registries(request, peer).await;
        }
        let origin = self.origin(Door::Engine, request.headers(), peer);
        let asker = identity::find(&self.house, request.headers(), peer, &origin);
        let bound = asker.principal().and_then(|who| who.subject.bound_to.clone());
        if let Some(named) = name::engine(request.uri(), request.headers(), bound.as_deref()) {
            let asked = named.map(Asked::from);
            if let Err(problem) = origin::check(request.method(), request.headers()) {
                return self.refuse(asker.principal(), &origin, "CrossOrigin", request.uri().path(), ApiError(problem)).await;
            }
            let who = match asker {
                Asker::Nobody => None,
                Asker::Somebody(who) => Some(who),
                Asker::Two => return self.two(&origin, request.uri().path()).await,
            };
            return self.doors.engine.handle(request, asked, who, &origin).await.map(Body::new);
        }
        if !request.uri().path().starts_with("/api/") && identity::is_stale(request.headers(), peer, &asker) {
            let problem = Problem::new(Code::Unauthenticated, "The token or the certificate is wrong, expired or revoked.");
            return self.refuse(None, &origin, "Unauthenticated", request.uri().path(), ApiError(problem)).await;
        }
        self.house_doors(request, peer).await
    }

    /// The distribution API, and the tokens for it. Cookies and certificates count for nothing here.
    async fn at_registries(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let origin = self.origin(Door::Registry, request.headers(), peer);
        let path = request.uri().path().to_owned();
        let mut response = if let Err(problem) = origin::check(request.method(), request.headers()) {
            self.refuse(None, &origin, "CrossOrigin", &path, ApiError(problem)).await
        } else if path == TOKEN {
            let mut request = request.map(|body| Body::new(body.map_err(axum::Error::new)));
            request.extensions_mut().insert(origin);
            self.doors.api.clone().oneshot(request).map(|Ok(response)| response).await
        } else {
            let came = request.headers().contains_key(header::AUTHORIZATION);
            let caller = identity::at_registries(&self.house, &self.signer, request.headers(), &origin);
            self.doors.registry.handle(request, caller, came, &origin).await.map(Body::new)
        };
        headers::harden(response.headers_mut());
        response
    }

    /// Refuses what comes from two people at once.
    async fn two(&self, origin: &Origin, path: &str) -> Response<Body> {
        let problem = Problem::new(Code::Unauthenticated, "The certificate is of one person, and what came with the request of another.");
        self.refuse(None, origin, "TwoPeople", path, ApiError(problem.detail("Send one of the two."))).await
    }

    /// The API and the console: a token, a cookie or a certificate.
    async fn house_doors(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let is_api = request.uri().path().starts_with("/api/");
        let door = if is_api && !identity::is_from_page(request.headers()) { Door::Api } else { Door::Console };
        let origin = self.origin(door, request.headers(), peer);
        let principal = match identity::find(&self.house, request.headers(), peer, &origin) {
            Asker::Nobody => None,
            Asker::Somebody(who) => Some(who),
            Asker::Two => {
                let mut response = self.two(&origin, request.uri().path()).await;
                headers::harden(response.headers_mut());
                return response;
            }
        };
        let mut response = match origin::check(request.method(), request.headers()) {
            Err(problem) => self.refuse(principal.as_ref(), &origin, "CrossOrigin", request.uri().path(), ApiError(problem)).await,
            Ok(()) => {
                // Not for those whom nobody knows: what they begin costs time, and must end with them.
                let known = principal.is_some() || request.uri().path() == "/api/v1/setup";
                let changes = known && !request.method().is_safe();
                let mut request = request.map(|body| Body::new(body.map_err(axum::Error::new)));
                request.extensions_mut().insert(origin);
                if let Some(principal) = principal {
                    request.extensions_mut().insert::<Principal>(principal);
                }
                let router = if is_api { self.doors.api.clone() } else { self.doors.console.clone() };
                let answer = router.oneshot(request).map(|Ok(response)| response);
                if changes { finished(answer).await } else { answer.await }
            }
        };
        headers::harden(response.headers_mut());
        response
    }

    fn origin(&self, door: Door, headers: &HeaderMap, peer: &Peer) -> Origin {
        let client: String =
            headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).chars().take(200).collect()).unwrap_or_default();
        Origin { door, address: self.proxies.client(peer.address.ip(), headers).to_string().into(), client: client.into() }
    }
}

/// Where tokens for registries are asked for.
const TOKEN: &str = "/token";

/// Whether a path is the distribution API's, or the token service's.
fn is_registry(path: &str) -> bool {
    path == TOKEN || path == "/v2" || path.starts_with("/v2/")
}

/// What has begun to change something is finished, whether or not whoever asked stays: half of it would be in the store and not in force.
async fn finished(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Response<Body> {
    match tokio::spawn(answer).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "A request was not answered.");
            ApiError::internal().into_response()
        }
    }
}
