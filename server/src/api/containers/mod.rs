//! Containers of an engine.

mod act;
mod create;
mod follow;
mod look;

use axum::{Router, routing::get};
use pilothouse_app::api::containers::{
    ContainerChanges, ContainerCreate, ContainerGet, ContainerKill, ContainerList, ContainerLogs, ContainerPause, ContainerRemove, ContainerRename,
    ContainerRestart, ContainerStart, ContainerStats, ContainerStop, ContainerTop, ContainerUnpause, ContainerUsage, LOG_DOWNLOAD, TERMINAL,
};

use super::{Api, Named, live, route, route_live};

/// The engine and the container that a path names.
type One = Named<(String, String)>;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, ContainerList, look::list_containers);
    let router = route(router, ContainerCreate, create::create);
    let router = route(router, ContainerGet, look::get);
    let router = route(router, ContainerStart, act::start);
    let router = route(router, ContainerStop, act::stop);
    let router = route(router, ContainerRestart, act::restart);
    let router = route(router, ContainerKill, act::kill);
    let router = route(router, ContainerPause, act::pause);
    let router = route(router, ContainerUnpause, act::unpause);
    let router = route(router, ContainerRename, act::rename);
    let router = route(router, ContainerRemove, act::remove);
    let router = route(router, ContainerTop, look::top);
    let router = route(router, ContainerChanges, look::changes);
    let router = route(router, ContainerUsage, look::usage);
    let router = route_live(router, ContainerLogs, follow::logs);
    let router = route_live(router, ContainerStats, follow::stats);
    router.route(LOG_DOWNLOAD, get(follow::download)).route(TERMINAL, get(live::terminal::terminal))
}
