//! What is in a recording: as a file, and live.

use axum::{Extension, Router, extract::State, response::Response, routing::get};
use futures_util::{Stream, StreamExt, stream};
use pilothouse_app::api::{
    Code, Empty,
    recordings::{CAST, Moment, RecordingWatch},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    super::{Api, ApiError, Asked, Named, Who, live, route_live},
    of_id,
};
use crate::{
    access::{Operation, Permission},
    recordings::{Look, ReplayError, read_line},
};

pub fn routes(router: Router<Api>) -> Router<Api> {
    route_live(router, RecordingWatch, watch).route(CAST, get(cast))
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Store(error) => error.into(),
            broken => {
                tracing::error!(%broken, "A recording cannot be read.");
                ApiError::new(Code::Internal, "The recording is not what was written, from here on.")
            }
        }
    }
}

async fn cast(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Result<Response, ApiError> {
    let operation = Operation::on_system("RecordingCast", Permission::RecordingView, &id);
    live::file(&api, &who, operation, ("application/x-asciicast", "cast"), async |_| {
        let (row, _) = of_id(&api, &id).await?;
        let text = api.recordings.clone().text(row.id, row.chunks);
        Ok((format!("recording-{}", row.id), text))
    })
    .await
}

async fn watch(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Result<Response, ApiError> {
    let operation = Operation::on_system("RecordingWatch", Permission::RecordingWatch, &id);
    live::events::<RecordingWatch, _, _>(&api, &who, operation, async |_| {
        let running = id.parse().ok().and_then(|id| api.recordings.running(id));
        let Some(running) = running else {
            of_id(&api, &id).await?;
            return Err(ApiError::new(Code::Conflict, "This session has ended already; it can be played."));
        };
        let Look { kept, unkept, coming } = running.look();
        let before = api.recordings.clone().text(running.id, kept).map(|text| text.map_err(ApiError::from));
        let before = before.chain(stream::iter([Ok(unkept)]));
        // Boxed: what is polled once more at its end must stand still.
        let lines = before.chain(follow(coming)).map(|text| text.map(|text| moments(&text)));
        Ok(Box::pin(lines.flat_map(|moments| match moments {
            Ok(moments) => stream::iter(moments.into_iter().map(Ok).collect::<Vec<_>>()),
            Err(error) => stream::iter(vec![Err(error)]),
        })))
    })
    .await
}

/// What happens from now on.
fn follow(coming: Option<broadcast::Receiver<std::sync::Arc<str>>>) -> impl Stream<Item = Result<String, ApiError>> + Send {
    stream::unfold(coming, async |coming| {
        let mut coming = coming?;
        match coming.recv().await {
            Ok(line) => Some((Ok(line.to_string()), Some(coming))),
            // Then what is shown would not be what is there; the recording has all of it.
            Err(RecvError::Lagged(_)) => {
                let error = ApiError::new(Code::Overloaded, "More happens in this session than your connection can show. Its recording holds it.");
                Some((Err(error), None))
            }
            Err(RecvError::Closed) => None,
        }
    })
}

fn moments(text: &str) -> Vec<Moment> {
    text.lines().filter_map(read_line).map(|(at, code, data)| Moment { at, code, data }).collect()
}
