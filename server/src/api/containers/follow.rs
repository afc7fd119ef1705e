//! Following a container: its log and its figures.

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State, response::Response};
use futures_util::{Stream, StreamExt, stream};
use pilothouse_app::api::{
    Empty,
    containers::{ContainerLogs, ContainerStats, LogLine, LogQuery, Usage},
};
use tokio::time::MissedTickBehavior;

use super::{
    super::{Api, ApiError, Asked, Named, Who, live},
    One,
};
use crate::{
    access::{Operation, Permission, Permit},
    backends::docker::{
        Engine, EngineError,
        typed::{containers, logs, names::ContainerId},
    },
    observe::Figures,
};

/// How often somebody who watches gets figures.
const EVERY: Duration = Duration::from_secs(1);
/// A figure that was taken for somebody else so short a time ago will do.
const RECENT_MS: i64 = 700;

pub async fn logs(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Asked(query): Asked<LogQuery>,
) -> Result<Response, ApiError> {
    let operation = Operation::on_engine("ContainerLogs", Permission::ContainerLogs, &engine, &id);
    live::events::<ContainerLogs, _, _>(&api, &who, operation, async |permit| {
        let engine = api.engine_of(&permit)?;
        let log = logs::open(&engine, &permit, &ContainerId::parse(permit.operation().subject())?, &logs::Ask::follow(&query)?).await?;
        Ok(log.lines)
    })
    .await
}

pub async fn download(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Asked(query): Asked<LogQuery>,
) -> Result<Response, ApiError> {
    let operation = Operation::on_engine("ContainerLogDownload", Permission::ContainerLogs, &engine, &id);
    live::text(&api, &who, operation, async |permit| {
        let engine = api.engine_of(&permit)?;
        let log = logs::open(&engine, &permit, &ContainerId::parse(permit.operation().subject())?, &logs::Ask::whole(&query)?).await?;
        Ok((log.name, log.lines.map(|line| line.map(text))))
    })
    .await
}

fn text(line: LogLine) -> String {
    format!("{} {}\n", line.at, line.text)
}

pub async fn stats(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, _: Asked<Empty>) -> Result<Response, ApiError> {
    let operation = Operation::on_engine("ContainerStats", Permission::ContainerStats, &engine, &id);
    live::events::<ContainerStats, _, _>(&api, &who, operation, async |permit| {
        let engine = api.engine_of(&permit)?;
        let id = containers::identify(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?;
        Ok(Watch::of(api.figures.clone(), engine, permit, id))
    })
    .await
}

/// Somebody watches a container's figures.
struct Watch {
    figures: Arc<Figures>,
    engine: Arc<Engine>,
    permit: Permit,
    id: ContainerId,
    clock: tokio::time::Interval,
    /// When the last figure was taken.
    last: i64,
}

impl Watch {
    fn of(figures: Arc<Figures>, engine: Arc<Engine>, permit: Permit, id: ContainerId) -> impl Stream<Item = Result<Usage, EngineError>> + Send {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watch = Self { figures, engine, permit, id, clock, last: 0 };
        // An error is the last item.
        stream::unfold(Some(watch), async |watch| {
            let mut watch = watch?;
            let item = watch.next().await;
            let goes_on = item.is_ok().then_some(watch);
            Some((item, goes_on))
        })
    }

    /// The next figure. While the container does not run there is none, and nobody is told twice.
    async fn next(&mut self) -> Result<Usage, EngineError> {
        loop {
            self.clock.tick().await;
            let usage = self.figures.sample(&self.engine, &self.permit, &self.id, RECENT_MS).await?;
            if let Some(usage) = usage.filter(|usage| usage.at > self.last) {
                self.last = usage.at;
                return Ok(usage);
            }
        }
    }
}
