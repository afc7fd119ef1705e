//! What those who run Pilothouse ask without a credential: `/healthz`, is it alive; `/readyz`, shall it get requests.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How long one look at the store counts: nobody without a credential is to keep the disk busy.
const COUNTS: Duration = Duration::from_secs(1);

/// Answers probes. They are not written down: nothing is asked of anybody's.
pub struct Probes {
    store: Store,
    stop: CancellationToken,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Probes {
    /// `stop` is cancelled when Pilothouse is to end.
    pub fn new(store: Store, stop: CancellationToken) -> Self {
        Self { store, stop, last: Mutex::default() }
    }

    /// The answer, if it is a probe that asks.
    pub async fn answer(&self, method: &Method, path: &str) -> Option<Response<Body>> {
        if method != Method::GET {
            return None;
        }
        match path {
            "/healthz" => Some("alive\n".into_response()),
            "/readyz" if self.stop.is_cancelled() => Some((StatusCode::SERVICE_UNAVAILABLE, "it is stopping\n").into_response()),
            "/readyz" if self.is_writable().await => Some("ready\n".into_response()),
            "/readyz" => Some((StatusCode::SERVICE_UNAVAILABLE, "the database cannot be written\n").into_response()),
            _ => None,
        }
    }

    async fn is_writable(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((_, is)) = last.filter(|(at, _)| at.elapsed() < COUNTS) {
            return is;
        }
        let is = self.store.probe().await.is_ok();
        *last = Some((Instant::now(), is));
        is
    }
}
