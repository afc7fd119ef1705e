//! The REST API: thin handlers. A permit in, the endpoint's output out. Never imports `gateway`.

mod access;
mod audit;
mod certificates;
mod change;
mod containers;
mod device;
mod engines;
mod error;
mod events;
mod factors;
mod grants;
mod guardrails;
mod image_search;
mod images;
mod input;
pub mod list;
pub mod live;
mod networks;
mod overview;
mod people;
mod providers;
mod recordings;
pub mod registries;
mod repositories;
mod robots;
mod roles;
mod runs;
pub mod session;
mod sheet;
mod teams;
mod through;
mod tokens;
mod volumes;
mod ways;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::Request,
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use pilothouse_app::api::{Code, Empty, Endpoint, Live, Problem};

pub use error::ApiError;
pub use input::{Asked, Input, Named};

use crate::{
    access::{Operation, Permit, Target, guard::Ask},
    audit::{Changed, alerts::Alerts, forward::Forwarding, keeper::Keeper},
    authn::{Origin, Principal, device::Devices, registry_token::Signer},
    backends::{Engines, docker::Engine},
    fleet::Fleet,
    guardrails::Guardrails,
    house::House,
    operate::Operator,
    providers::Providers,
    reach::Reach,
    recordings::Recordings,
    registries::{Registrar, hooks::Hooks, rules::Rules},
    registry_retention::Retention,
    runs::Runs,
    scans::Scans,
    store::Store,
};

/// What handlers have at hand.
#[derive(Clone)]
pub struct Api {
    pub operator: Arc<Operator>,
    pub engines: Arc<Engines>,
    pub figures: Arc<crate::observe::Figures>,
    pub store: Store,
    /// Users, sessions, tokens and grants, in memory and in the store.
    pub house: Arc<House>,
    /// How engines are made from what is kept.
    pub fleet: Arc<Fleet>,
    /// How registries are, and which there are.
    pub registrar: Arc<Registrar>,
    /// What runs where.
    pub runs: Arc<Runs>,
    /// What goes of what registries hold, and when.
    pub retention: Arc<Retention>,
    /// What registries are bound by.
    pub rules: Arc<Rules>,
    /// Who is told of what changes in registries.
    pub hooks: Arc<Hooks>,
    pub guardrails: Arc<Guardrails>,
    /// What scanners found in images.
    pub scans: Arc<Scans>,
    pub recordings: Arc<Recordings>,
    /// Who else may say who somebody is.
    pub providers: Arc<Providers>,
    /// How Pilothouse is reached from elsewhere.
    pub reach: Arc<Reach>,
    /// The proof of the trail.
    pub keeper: Arc<Keeper>,
    /// Who is told when the trail has something that is looked for.
    pub alerts: Arc<Alerts>,
    /// Where the trail is archived, if it is.
    pub archive: Option<Arc<std::path::PathBuf>>,
    /// Where the trail is forwarded to.
    pub forwarding: Forwarding,
    /// Signs the tokens that clients of registries show.
    pub signer: Arc<Signer>,
    /// The sessions that passwords began at the token service.
    pub sign_ins: Arc<registries::token::SignIns>,
    /// Sign-ins from the command line that wait for a yes.
    pub devices: Arc<Devices>,
}

/// What a handler of `E` answers.
pub type Answer<E> = Result<Json<<E as Endpoint>::Output>, ApiError>;

impl Api {
    /// The engine of this name. Call it inside the action, after the permit: what may not be seen is not found either way.
    pub fn engine(&self, name: &str) -> Result<Arc<Engine>, ApiError> {
        self.engines.get(name).ok_or_else(|| ApiError::no_engine(name))
    }

    /// The engine that a permit is for.
    fn engine_of(&self, permit: &Permit) -> Result<Arc<Engine>, ApiError> {
        match &permit.operation().target {
            Target::Engine(name) => self.engine(name),
            Target::System | Target::Registry(_) => Err(ApiError::internal()),
        }
    }

    /// Judges what the engine would be asked for, by the name of the operation in its own API: the same as at its own door.
    pub(crate) async fn guard(
        &self,
        engine: &Engine,
        permit: &Permit,
        who: &Principal,
        operation: &str,
        params: &[String],
        body: &serde_json::Value,
    ) -> Result<(), ApiError> {
        let ask = Ask { operation, params, query: &[], body: Some(body) };
        self.guardrails.check(engine, permit, who, &ask).await?;
        Ok(())
    }

    /// Does `action` on the engine that `operation` is aimed at, if `who` may, between an intent and an outcome.
    pub(crate) async fn at_engine<T>(
        &self,
        who: &Principal,
        operation: Operation,
        action: impl AsyncFnOnce(Arc<Engine>, Permit) -> Result<T, ApiError>,
    ) -> Result<Json<T>, ApiError> {
        let action = async |permit: Permit| action(self.engine_of(&permit)?, permit).await.map(Json);
        self.operator.operate(who, operation, action).await
    }
}

impl Api {
    /// The same for what changes something there: `action` says what.
    pub(crate) async fn change_at_engine<T>(
        &self,
        who: &Principal,
        operation: Operation,
        action: impl AsyncFnOnce(Arc<Engine>, Permit) -> Result<Changed<T>, ApiError>,
    ) -> Result<Json<T>, ApiError> {
        let action = async |permit: Permit| action(self.engine_of(&permit)?, permit).await;
        self.operator.change(who, operation, action).await.map(Json)
    }
}

/// What is done is answered with nothing.
pub(crate) fn done<E: Into<ApiError>>(result: Result<(), E>) -> Result<Empty, ApiError> {
    result.map(|()| Empty {}).map_err(Into::into)
}

/// Every route under `/api/v1`, for requests that authentication has passed: those with a [`Principal`], and the few that need none.
pub fn routes(api: Api) -> Router {
    let signed_in = Router::new()
        .merge(session::routes())
        .merge(factors::routes())
        .merge(certificates::routes())
        .merge(device::routes())
        .merge(people::routes())
        .merge(providers::routes())
        .merge(robots::routes())
        .merge(teams::routes())
        .merge(roles::routes())
        .merge(grants::routes())
        .merge(access::routes())
        .merge(engines::routes())
        .merge(containers::routes())
        .merge(images::routes())
        .merge(image_search::routes())
        .merge(volumes::routes())
        .merge(networks::routes())
        .merge(events::routes())
        .merge(overview::routes())
        .merge(audit::routes())
        .merge(guardrails::routes())
        .merge(recordings::routes())
        .merge(registries::routes())
        .merge(repositories::routes())
        .merge(runs::routes())
        .merge(registries::vulnerabilities::routes())
        .route_layer(middleware::from_fn_with_state(api.clone(), require_principal));
    Router::new()
        .merge(session::public_routes())
        .merge(ways::public_routes())
        .merge(factors::public_routes())
        .merge(device::public_routes())
        .merge(registries::token::routes())
        .merge(signed_in)
        .fallback(async || ApiError(Problem::new(Code::NotFound, "The API has no such path.").detail("See /api/openapi.json for all of them.")))
        .method_not_allowed_fallback(async || ApiError(Problem::new(Code::MethodNotAllowed, "This path does not take this method.")))
        .with_state(api)
}

/// Nobody gets past without a credential, and the attempt is written down.
async fn require_principal(axum::extract::State(api): axum::extract::State<Api>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Principal>().is_some() {
        return next.run(request).await;
    }
    if let Some(origin) = request.extensions().get::<Origin>() {
        let operation = Operation::on_system("Unauthenticated", crate::access::Permission::AccountView, request.uri().path());
        if api.operator.trail().refused(None, origin, &operation, "No credential, or one that is not in force.", 401).await.is_err() {
            return ApiError::trail_down().into_response();
        }
    }
    ApiError::unauthenticated().into_response()
}

/// Adds the handler of an endpoint under the endpoint's own method and path.
pub(crate) fn route<E, H, T>(router: Router<Api>, _endpoint: E, handler: H) -> Router<Api>
where
    E: Endpoint,
    H: Handler<T, Api>,
    T: 'static,
{
    router.route(E::PATH, on(filter(&E::METHOD), handler))
}

/// Adds the handler of a live endpoint under its own method and path.
pub(crate) fn route_live<L, H, T>(router: Router<Api>, _live: L, handler: H) -> Router<Api>
where
    L: Live,
    H: Handler<T, Api>,
    T: 'static,
{
    router.route(L::PATH, on(filter(&L::METHOD), handler))
}

fn filter(method: &http::Method) -> MethodFilter {
    // The contract uses five methods; a sixth would be a mistake that every test sees at once, as a route that answers 405.
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::TRACE)
}

/// The principal that authentication found.
pub type Who = Extension<Principal>;
