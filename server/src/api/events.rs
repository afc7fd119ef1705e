//! What an engine says has happened.

use axum::{Extension, Router, extract::State, response::Response};
use pilothouse_app::api::events::{EventQuery, EventsFollow};

use super::{Api, ApiError, Asked, Named, Who, live, route_live};
use crate::{
    access::{Operation, Permission},
    backends::docker::typed::events,
};

pub fn routes() -> Router<Api> {
    route_live(Router::new(), EventsFollow, follow)
}

async fn follow(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Asked(query): Asked<EventQuery>,
) -> Result<Response, ApiError> {
    let operation = Operation::on_engine("EventsFollow", Permission::SystemEvents, &engine, "");
    live::events::<EventsFollow, _, _>(&api, &who, operation, async |permit| {
        let path = events::path(&query)?;
        Ok(events::follow(api.engine_of(&permit)?, permit, &path).await?)
    })
    .await
}
