//! One blob: left alone where it is there, mounted where that can be, else passed on.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::{
    CopyError, Gate, Progress, Side,
    passage::{Flow, Passage},
    plan::Blob,
};
use crate::backends::oci::{
    Answer, Said,
    answer::{SLOW, about, length, one},
    place::{rest_of, uploads},
};

/// How long one blob may be on its way, as long as it moves.
const LONGEST: Duration = Duration::from_secs(86_400);
/// How long neither side may give or take a byte.
const PAUSE: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What became of the wish to have a blob at the target.
enum Begun {
    /// It is there now.
    Mounted,
    /// It is to be sent: what stands behind `/blobs/uploads/`.
    At(String),
}

/// Makes sure that the target has `blob`.
pub async fn bring(from: &Side, to: &Side, gate: &impl Gate, blob: &Blob, progress: &Arc<Progress>) -> Result<(), CopyError> {
    if is_there(to, blob).await? {
        progress.present(blob.size);
        return Ok(());
    }
    let rest = match begin(from, to, blob).await? {
        Begun::Mounted => {
            progress.present(blob.size);
            return Ok(());
        }
        Begun::At(rest) => rest,
    };
    // What was mounted may take up no more than it did.
    gate.may_send(to, blob.size).await?;
    send(from, to, blob, &rest, progress).await?;
    progress.blob_done();
    Ok(())
}

async fn is_there(to: &Side, blob: &Blob) -> Result<bool, CopyError> {
    let answer = to.send(to.ask(Method::HEAD, &format!("blobs/{}", blob.digest))).await?;
    match answer.response.status() {
        StatusCode::OK => Ok(true),
        StatusCode::NOT_FOUND => Ok(false),
        _ => Err(to.refused(answer).await),
    }
}

/// Begins an upload, which a registry that has the blob in the source's repository ends at once: the right to pull there was decided.
async fn begin(from: &Side, to: &Side, blob: &Blob) -> Result<Begun, CopyError> {
    if from.is_same_registry(to) {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("mount", &blob.digest).append_pair("from", &from.repository).finish();
        let mut ask = to.ask(Method::POST, &format!("blobs/uploads/?{query}"));
        ask.scopes.push(format!("repository:{}:pull", from.repository));
        let answer = to.send(ask).await?;
        match answer.response.status() {
            StatusCode::CREATED => {
                about(answer.response.headers(), &blob.digest).map_err(|error| to.failed(error))?;
                return Ok(Begun::Mounted);
            }
            StatusCode::ACCEPTED => return place(to, &answer).map(Begun::At),
            // Some do not mount at all.
            _ => {}
        }
    }
    let answer = to.send(to.ask(Method::POST, "blobs/uploads/")).await?;
    if answer.response.status() != StatusCode::ACCEPTED {
        return Err(to.refused(answer).await);
    }
    place(to, &answer).map(Begun::At)
}

/// Where an upload goes on by an answer.
fn place(to: &Side, answer: &Answer) -> Result<String, CopyError> {
    let rest = one(answer.response.headers(), "location").and_then(|location| rest_of(location, to.registry.address(), &to.repository));
    rest.ok_or_else(|| to.garbled("the upload would go on somewhere else than in this repository at the registry's own address"))
}

/// Passes a blob on as it comes, in one request.
async fn send(from: &Side, to: &Side, blob: &Blob, rest: &str, progress: &Arc<Progress>) -> Result<(), CopyError> {
    let answer = fetch(from, blob).await?;
    let flow = Arc::new(Flow::default());
    // The turn at the source is held until all of it is passed on.
    let (body, _turn) = (answer.response.into_body(), answer.turn);
    let mark = if rest.contains('?') { '&' } else { '?' };
    let path = format!("{}{rest}{mark}digest={}", uploads(&to.repository), blob.digest.replace(':', "%3A"));
    let mut ask = to.ask(Method::PUT, "");
    ask.path = path;
    ask.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    ask.body = Said::Stream(Passage::new(body, blob, flow.clone(), progress.clone()).boxed_unsync());
    ask.deadline = LONGEST;
    let sending = async {
        let answer = to.send(ask).await.map_err(|error| match flow.broken() {
            Some(why) => CopyError::Wrong(format!("Registry {}: {why} It is the blob {}.", from.registry.name, blob.digest)),
            None => error,
        })?;
        if !answer.response.status().is_success() {
            return Err(to.refused(answer).await);
        }
        about(answer.response.headers(), &blob.digest).map_err(|error| to.failed(error))
    };
    tokio::select! {
        sent = sending => sent,
        () = stalled(&flow) => Err(CopyError::Stalled(PAUSE.as_secs())),
    }
}

/// The blob as it begins to come.
async fn fetch(from: &Side, blob: &Blob) -> Result<Answer, CopyError> {
    let answer = from.send(from.ask(Method::GET, &format!("blobs/{}", blob.digest))).await?;
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(CopyError::Wrong(format!("{} does not have the blob {} that a manifest names.", from.name(), blob.digest)));
        }
        _ => return Err(from.refused(answer).await),
    }
    let headers = answer.response.headers();
    about(headers, &blob.digest).map_err(|error| from.failed(error))?;
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(from.garbled("its blob is compressed on the way, so that it is not what its digest says"));
    }
    if length(headers).is_some_and(|length| length != blob.size) {
        return Err(CopyError::Wrong(format!("The blob {} in {} is not as long as its manifest says.", blob.digest, from.name())));
    }
    Ok(answer)
}

/// Ends when nothing has moved for so long.
async fn stalled(flow: &Flow) {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let passed = flow.passed();
        if passed != seen {
            (seen, since) = (passed, Instant::now());
        }
        // A registry may take its time to put together what it has.
        let patience = if flow.is_whole() { SLOW } else { PAUSE };
        if since.elapsed() >= patience {
            return;
        }
    }
}
