//! Pulling an image, layer by layer.

use std::time::Duration;

use data_encoding::BASE64URL;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, Method};
use pilothouse_app::api::images::PullProgress;

use super::{
    super::{Engine, EngineError},
    call,
    names::ImageRef,
    wire,
};
use crate::access::Permit;

/// How long the engine may ask the registry before it says anything.
const HEAD: Duration = Duration::from_secs(60);
/// How long a pull may say nothing: unpacking one large layer is silent.
const SILENCE: Duration = Duration::from_secs(600);

/// What an engine shows to the registry that it pulls from.
pub struct Login<'l> {
    /// The registry's host, as it stands in the image's name.
    pub host: &'l str,
    /// A token of that registry, which the engine shows as it is and to nobody else.
    pub token: &'l str,
}

impl Login<'_> {
    /// The value of `X-Registry-Auth`.
    fn header(&self) -> Result<HeaderValue, EngineError> {
        let said = serde_json::json!({ "serveraddress": self.host, "registrytoken": self.token }).to_string();
        let unfit = |_| EngineError::Refused { status: 400, message: "This token cannot stand in a request.".to_owned() };
        let mut value = HeaderValue::try_from(BASE64URL.encode(said.as_bytes())).map_err(unfit)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Pulls `image`, with what its registry asks for. The last step says that it is done, or what failed; leaving the stream stops the pull.
pub async fn pull(
    engine: &Engine,
    permit: &Permit,
    image: &ImageRef,
    login: Option<Login<'_>>,
) -> Result<impl Stream<Item = Result<PullProgress, EngineError>> + Send + use<>, EngineError> {
    let (repository, tag) = image.split();
    let path = call::with_query("/images/create", &[("fromImage", repository), ("tag", tag)]);
    let mut request = call::request(Method::POST, &path, None)?;
    if let Some(login) = login {
        request.headers_mut().insert("x-registry-auth", login.header()?);
    }
    let chunks = call::open(engine, permit, request, HEAD).await?;
    Ok(steps(call::json_lines(chunks)))
}

fn steps(lines: impl Stream<Item = Result<wire::PullLine, EngineError>> + Send) -> impl Stream<Item = Result<PullProgress, EngineError>> + Send {
    let state = (Box::pin(lines), false);
    futures_util::stream::unfold(state, async |(mut lines, over)| {
        if over {
            return None;
        }
        match tokio::time::timeout(SILENCE, lines.next()).await {
            Err(_) => Some((Err(EngineError::Timeout), (lines, true))),
            Ok(Some(Err(error))) => Some((Err(error), (lines, true))),
            Ok(Some(Ok(line))) => {
                let step = shown(line);
                let over = step.error.is_some();
                Some((Ok(step), (lines, over)))
            }
            // The engine says no more, and nothing failed: that is how it says that it is done.
            Ok(None) => Some((Ok(PullProgress { status: "Done".to_owned(), done: true, ..PullProgress::default() }), (lines, true))),
        }
    })
}

fn shown(line: wire::PullLine) -> PullProgress {
    let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    // `Pulling from ...` carries the tag in the layer's place.
    let id = line.id.filter(|_| !line.status.starts_with("Pulling from"));
    let status = if line.error.is_some() && line.status.is_empty() { "Failed".to_owned() } else { line.status };
    PullProgress {
        id,
        status,
        current: count(line.detail.current),
        total: count(line.detail.total).filter(|total| *total > 0),
        error: line.error,
        done: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    async fn run(lines: serde_json::Value) -> Vec<PullProgress> {
        let lines: Vec<wire::PullLine> = serde_json::from_value(lines).unwrap();
        steps(futures_util::stream::iter(lines.into_iter().map(Ok))).map(Result::unwrap).collect().await
    }

    #[tokio::test]
    async fn a_pull_that_works_says_so_last() {
        let steps = run(json!([{"status": "Pulling from library/x", "id": "latest"},
            {"status": "Downloading", "id": "aa", "progressDetail": {"current": 5, "total": 10}}, {"status": "Pull complete", "id": "aa", "progressDetail": {}}]))
        .await;
        assert_eq!(steps.len(), 4);
        assert_eq!(steps[0].id, None);
        assert_eq!((steps[1].id.as_deref(), steps[1].current, steps[1].total), (Some("aa"), Some(5), Some(10)));
        assert!(steps[3].done && steps[3].error.is_none());
    }

    #[tokio::test]
    async fn a_pull_that_fails_says_so_last() {
        let steps = run(json!([{"status": "Pulling"}, {"errorDetail": {"message": "no"}, "error": "no"}, {"status": "more"}])).await;
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[1].error.as_deref(), Some("no"));
        assert!(!steps[1].done);
    }
}
