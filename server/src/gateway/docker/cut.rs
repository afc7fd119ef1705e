//! Answers that are read whole before they go on, since something has to be left out of them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request, response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use crate::{
    access::Permit,
    audit::{Ending, Entry},
    backends::docker::{self, Engine, belongings::Cut},
    gateway::upload::Counts,
};

use super::{
    about,
    classify::Classified,
    door::{Body, Refusal, SLOW, message},
    rebuild, scoped,
};

/// The largest answer that is cut, in bytes: a list of ten thousand containers has some twenty million.
const LARGEST: usize = 64 * 1024 * 1024;
/// How long until an answer is whole.
const WHOLE: Duration = Duration::from_secs(60);

/// An answer under way to somebody who may not see all of it.
pub struct Cutting<'a> {
    pub engine: &'a Engine,
    pub permit: &'a Permit,
    pub counts: Arc<Counts>,
    pub entry: Entry,
}

impl Cutting<'_> {
    /// The answer, cut to what the permit reaches.
    ///
    /// # Errors
    /// When it cannot be read: then nothing of it goes on.
    pub async fn cut(self, cut: Cut, answered: Response<Incoming>) -> Result<Response<Body>, Refusal> {
        let status = answered.status();
        let result = async {
            let (head, bytes) = whole(answered).await?;
            let cut = cut.apply(self.engine, self.permit, &bytes)?;
            Ok::<_, Refusal>((head, cut))
        };
        let result = result.await;
        let ending = match &result {
            Ok((_, cut)) => {
                self.counts.bytes_out.fetch_add(cut.len() as u64, Ordering::Relaxed);
                Ending::of_status(status.as_u16())
            }
            Err(refusal) => Ending::failed(refusal.status.as_u16()),
        };
        self.entry.finish(self.counts.ending(ending));
        let (head, cut) = result?;
        Ok(like(&head, cut.into()))
    }

    /// The answer as it is; what was made by it is written down.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of_something_made(mut self, answered: Response<Incoming>) -> Result<Response<Body>, Refusal> {
        let status = answered.status();
        let result = whole(answered).await;
        let ending = match &result {
            Ok((_, bytes)) => {
                self.counts.bytes_out.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                let answer = serde_json::from_slice(bytes).unwrap_or_default();
                self.entry.made(about::made(&answer).unwrap_or_default());
                Ending::of_status(status.as_u16())
            }
            Err(refusal) => Ending::failed(refusal.status.as_u16()),
        };
        self.entry.finish(self.counts.ending(ending));
        let (head, bytes) = result?;
        Ok(like(&head, bytes))
    }

    /// The answer as it is, to something that the engine did not do. With `told` the record says why.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of_a_failure(mut self, answered: Response<Incoming>, told: bool) -> Result<Response<Body>, Refusal> {
        let status = answered.status();
        let result = whole(answered).await;
        if let Ok((_, bytes)) = &result {
            self.counts.bytes_out.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
            if told && let Some(why) = said["message"].as_str() {
                self.entry.also(why);
            }
        }
        self.entry.finish(self.counts.ending(Ending::of_status(status.as_u16())));
        let (head, bytes) = result?;
        Ok(like(&head, bytes))
    }

    /// A refusal of the engine's, without what it names of others.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn hush(self, answered: Response<Incoming>) -> Result<Response<Body>, Refusal> {
        let status = answered.status();
        self.entry.finish(self.counts.ending(Ending::of_status(status.as_u16())));
        let (_, bytes) = whole(answered).await?;
        let said = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(message(status, &hushed(self.engine, self.permit, &said)))
    }
}

fn hushed(engine: &Engine, permit: &Permit, said: &Value) -> String {
    scoped::hushed(engine, permit, said.get("message").and_then(Value::as_str).unwrap_or("The engine refused."))
}

/// Prunes what the permit reaches, by as many requests as that takes.
///
/// # Errors
/// The first refusal: what was pruned before it is gone.
pub async fn prune(
    engine: &Engine,
    permit: &Permit,
    head: &request::Parts,
    classified: &mut Classified,
    queries: Vec<Vec<(String, String)>>,
) -> Result<Value, Refusal> {
    let mut answers = Vec::new();
    for query in queries {
        classified.query = query;
        let request = rebuild::request(&head.method, classified, &head.headers, false, docker::empty())
            .map_err(|_| Refusal::bad("The request cannot be put together again."))?;
        let _turn = engine.turn(permit).await?;
        let answered = engine.send(permit, request, SLOW).await?;
        let status = answered.status();
        let (_, bytes) = whole(answered).await?;
        let answer = serde_json::from_slice(&bytes).map_err(|_| Refusal::new(StatusCode::BAD_GATEWAY, "The engine's answer cannot be read."))?;
        if !status.is_success() {
            return Err(Refusal::new(status, hushed(engine, permit, &answer)));
        }
        answers.push(answer);
    }
    Ok(scoped::merged(&answers))
}

/// An answer with what is left of the engine's head.
fn like(head: &response::Parts, body: Bytes) -> Response<Body> {
    let mut response = json(body);
    *response.status_mut() = head.status;
    response.headers_mut().extend(rebuild::answer_headers(&head.headers));
    response
}

/// A whole answer of JSON.
pub fn json(body: Bytes) -> Response<Body> {
    let mut response = Response::new(docker::full(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The whole answer, read within a deadline and a cap.
async fn whole(answered: Response<Incoming>) -> Result<(response::Parts, Bytes), Refusal> {
    let (head, incoming) = answered.into_parts();
    let read = tokio::time::timeout(WHOLE, Limited::new(incoming, LARGEST).collect()).await;
    match read {
        Ok(Ok(collected)) => Ok((head, collected.to_bytes())),
        Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_GATEWAY, "The engine's answer broke off, or is larger than what can be cut.")),
        Err(_) => Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, "The engine did not answer in time.")),
    }
}
