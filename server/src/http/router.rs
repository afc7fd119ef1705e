//! Every mount on one screen: which door a request goes to, and who is at it.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, body::Body, response::IntoResponse};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use pilothouse_app::api::{Code, Problem};
use tower::ServiceExt;

use crate::{
    api::ApiError,
    authn::{self, Door, Origin, Principal},
    gateway::docker::{
        door::{Asked, EngineDoor, message},
        name,
    },
    house::House,
};

use super::{Probes, Proxies, headers, origin};

/// The doors there are.
pub struct Doors {
    /// `/api/v1`
    pub api: Router,
    /// `/engines/NAME/`, and the root for who names an engine otherwise.
    pub engine: EngineDoor,
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
}

impl Front {
    /// Answers one request. Never fails: what goes wrong is an answer.
    pub async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        if let Some(why) = headers::malformed(&request) {
            let mut response = ApiError(Problem::new(Code::InvalidInput, why)).into_response();
            // Nothing more is read from somebody whose words are ambiguous.
            response.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
            return response;
        }
        if let Some(mut response) = self.probes.answer(request.method(), request.uri().path()).await {
            headers::harden(response.headers_mut());
            return response;
        }
        let token = authn::bearer_token(request.headers());
        let origin = self.origin(Door::Engine, request.headers(), peer);
        let at_engine = token.and_then(|token| self.house.principal(token, &origin));
        let bound = at_engine.as_ref().and_then(|who| who.subject.bound_to.clone());
        if let Some(named) = name::engine(request.uri(), request.headers(), bound.as_deref()) {
            let asked = named.map(Asked::from);
            if let Err(problem) = origin::check(request.method(), request.headers()) {
                return message(StatusCode::FORBIDDEN, &problem.title).map(Body::new);
            }
            return self.doors.engine.handle(request, asked, at_engine, &origin).await.map(Body::new);
        }
        self.house_doors(request, peer).await
    }

    /// The API and the console: a token or a cookie, never both.
    async fn house_doors(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let is_api = request.uri().path().starts_with("/api/");
        let door = if is_api { Door::Api } else { Door::Console };
        let origin = self.origin(door, request.headers(), peer);
        let mut response = match origin::check(request.method(), request.headers()) {
            Err(problem) => ApiError(problem).into_response(),
            Ok(()) => {
                let principal = self.principal(request.headers(), &origin);
                let mut request = request.map(|body| Body::new(body.map_err(axum::Error::new)));
                request.extensions_mut().insert(origin);
                if let Some(principal) = principal {
                    request.extensions_mut().insert::<Principal>(principal);
                }
                let router = if is_api { self.doors.api.clone() } else { self.doors.console.clone() };
                match router.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
        };
        headers::harden(response.headers_mut());
        response
    }

    fn principal(&self, headers: &HeaderMap, origin: &Origin) -> Option<Principal> {
        if headers.contains_key(header::AUTHORIZATION) {
            return self.house.principal(authn::bearer_token(headers)?, origin);
        }
        let secret = authn::session_secret(headers)?;
        // A token in the cookie's place is no session.
        if authn::secret::is_token(secret) { None } else { self.house.principal(secret, origin) }
    }

    fn origin(&self, door: Door, headers: &HeaderMap, peer: SocketAddr) -> Origin {
        let client: String =
            headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).chars().take(200).collect()).unwrap_or_default();
        Origin { door, address: self.proxies.client(peer.ip(), headers).to_string().into(), client: client.into() }
    }
}
