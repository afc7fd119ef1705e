//! Docker engines: connections, requests, health, and typed calls.

mod address;
pub mod belongings;
mod connect;
mod error;
mod health;
mod probe;
pub mod typed;

use std::{collections::BTreeMap, io, pin::Pin, sync::Arc, task, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{
    body::Incoming,
    client::conn::http1::{Connection, SendRequest},
};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use address::Address;
pub use belongings::Belongings;
pub use connect::{CONNECT, Connector, Tls};
pub use error::EngineError;
pub use health::{Health, HealthState};

use crate::{
    access::{Permit, Target},
    clock::now_ms,
};

/// A body on its way to an engine.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Requests to one engine at the same time that are answered soon.
const AT_ONCE: usize = 256;
/// Looks of the house's own at the same time. They wait behind nobody: an engine that has much to do is not dead.
const LOOKS: usize = 16;
/// Streams to one engine at the same time.
const STREAMS: usize = 2_048;
/// An engine that has answered no look for so long is given up, by requests that may take an hour too.
const GIVEN_UP_MS: i64 = 30_000;
/// How long a request waits before it cares: a look at an engine that was given up must have its time.
const HOPE: Duration = Duration::from_secs(10);
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(2);

/// No body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// These bytes as a body.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// What came of asking for a raw stream.
pub enum Hijacked {
    /// The connection is a raw stream now.
    Upgraded(TokioIo<hyper::upgrade::Upgraded>),
    /// The engine answered otherwise.
    Answered(Response<Incoming>),
}

/// What moves a stream's connection: polled together with the body that comes over it, in one task. A connection in a task of its own
/// hands over each chunk from task to task, and engines send each line of a log as a chunk.
#[derive(Default)]
pub struct Carrier(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Carrier {
    /// Moves what can be moved now.
    pub fn poll(&mut self, cx: &mut task::Context<'_>) {
        if self.0.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            self.0 = None;
        }
    }
}

/// One Docker engine.
pub struct Engine {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Declared in the settings file, so not to be changed here.
    pub declared: bool,
    pub health: HealthState,
    pub belongings: Belongings,
    connector: Connector,
    client: Client<Connector, Body>,
    at_once: Arc<Semaphore>,
    looks: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Engine {
    pub fn new(name: String, connector: Connector, labels: BTreeMap<String, String>, declared: bool) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(16)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .build(connector.clone());
        Self {
            name,
            labels,
            declared,
            health: HealthState::default(),
            belongings: Belongings::default(),
            connector,
            client,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            looks: Arc::new(Semaphore::new(LOOKS)),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    pub fn address(&self) -> &Address {
        self.connector.address()
    }

    /// Whether it is reached with certificates.
    pub fn is_tls(&self) -> bool {
        matches!(self.address(), Address::Tls { .. })
    }

    /// A turn for a request that is answered soon. Hold it until the answer is whole.
    pub async fn turn(&self, permit: &Permit) -> Result<OwnedSemaphorePermit, EngineError> {
        take(if permit.is_watch() { &self.looks } else { &self.at_once }).await
    }

    /// A turn for a stream.
    pub async fn stream_turn(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        take(&self.streams).await
    }

    /// Sends a request on a pooled connection and waits for the head of the answer, for `deadline` at most.
    pub async fn send(&self, permit: &Permit, mut request: Request<Body>, deadline: Duration) -> Result<Response<Incoming>, EngineError> {
        self.check(permit)?;
        sign(permit, &mut request);
        // The pool wants a whole address; the connector knows its own. hyper sends only the path.
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("http://docker{path}").parse().map_err(|_| EngineError::BrokenOff)?;
        let answer = tokio::select! {
            answer = tokio::time::timeout(deadline, self.client.request(request)) => answer,
            () = self.given_up() => return Err(EngineError::Timeout),
        };
        match answer {
            Err(_) => Err(EngineError::Timeout),
            Ok(Err(error)) => Err(error::from_client(&error)),
            Ok(Ok(response)) => {
                #[cfg(feature = "failpoints")]
                after_send(permit).await?;
                Ok(response)
            }
        }
    }

    /// Ends when the engine has been silent for so long that no answer is expected of it any more.
    async fn given_up(&self) {
        tokio::time::sleep(HOPE).await;
        while !matches!(self.health.health(), Health::Down { since, .. } if now_ms() - since >= GIVEN_UP_MS) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Sends a request without a body that is answered with a stream, on a connection of its own.
    pub async fn stream(
        &self,
        permit: &Permit,
        mut request: Request<Body>,
        deadline: Duration,
    ) -> Result<(Response<Incoming>, Carrier), EngineError> {
        self.check(permit)?;
        sign(permit, &mut request);
        let ask = async {
            let (mut sender, connection) = self.dial().await?;
            let mut carrier = Carrier(Some(Box::pin(async move { drop(connection.await) })));
            let mut answer = std::pin::pin!(sender.send_request(request));
            let response = std::future::poll_fn(|cx| {
                carrier.poll(cx);
                answer.as_mut().poll(cx)
            });
            let response = response.await.map_err(|_| EngineError::BrokenOff)?;
            #[cfg(feature = "failpoints")]
            after_send(permit).await?;
            Ok((response, carrier))
        };
        tokio::time::timeout(deadline, ask).await.map_err(|_| EngineError::Timeout)?
    }

    /// Sends a request that asks for an upgrade, on a connection of its own.
    pub async fn hijack(&self, permit: &Permit, mut request: Request<Body>, deadline: Duration) -> Result<Hijacked, EngineError> {
        self.check(permit)?;
        sign(permit, &mut request);
        let ask = async {
            let (mut sender, connection) = self.dial().await?;
            tokio::spawn(connection.with_upgrades());
            sender.send_request(request).await.map_err(|_| EngineError::BrokenOff)
        };
        let response = tokio::time::timeout(deadline, ask).await.map_err(|_| EngineError::Timeout)??;
        #[cfg(feature = "failpoints")]
        after_send(permit).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Hijacked::Answered(response));
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|_| EngineError::BrokenOff)?;
        Ok(Hijacked::Upgraded(TokioIo::new(upgraded)))
    }

    /// A connection for one request.
    async fn dial(&self) -> Result<(SendRequest<Body>, Connection<super::stream::Stream, Body>), EngineError> {
        let stream = self.connector.connect().await.map_err(|e| error::from_io(&e))?;
        hyper::client::conn::http1::handshake(stream).await.map_err(|_| EngineError::BrokenOff)
    }

    fn check(&self, permit: &Permit) -> Result<(), EngineError> {
        if permit.covers(&Target::Engine(self.name.clone())) { Ok(()) } else { Err(EngineError::NotThisEngine) }
    }
}

/// The engine has a request, and nothing of its answer was looked at. The house's own looks leave no record, so they do not pass here.
#[cfg(feature = "failpoints")]
async fn after_send(permit: &Permit) -> Result<(), EngineError> {
    use crate::failpoints::{AFTER_SEND, fails};
    if !permit.is_watch() && fails(AFTER_SEND).await { Err(EngineError::BrokenOff) } else { Ok(()) }
}

/// Says who asks: the engine's own log tells the house's looks from what people do.
fn sign(permit: &Permit, request: &mut Request<Body>) {
    let name = if permit.is_watch() { "Pilothouse-Watch" } else { "Pilothouse" };
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(name));
}

async fn take(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, EngineError> {
    let turn = tokio::time::timeout(TURN, turns.clone().acquire_owned()).await;
    turn.ok().and_then(Result::ok).ok_or(EngineError::Busy)
}
