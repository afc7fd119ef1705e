//! bollard over our own connections.

use std::{io, time::Duration};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, errors::Error};
use http::Uri;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};

use super::{EngineError, connect::Connector, error::from_client};

/// A typed client that connects with `connector`; `timeout` is for the head of each answer.
pub fn bollard(connector: Connector, timeout: Duration) -> Result<Docker, EngineError> {
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(8)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_timer(TokioTimer::new())
        .build(connector);
    let transport = move |request: BollardRequest| {
        let client = client.clone();
        async move {
            let (mut head, body) = request.into_parts();
            let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
            head.uri = format!("http://docker{path}").parse::<Uri>().map_err(|e| failed(io::ErrorKind::InvalidInput, e.to_string()))?;
            client.request(BollardRequest::from_parts(head, body)).await.map_err(|error| match from_client(&error) {
                EngineError::Timeout => failed(io::ErrorKind::TimedOut, "it did not answer in time".to_owned()),
                EngineError::Unreachable(why) => failed(io::ErrorKind::NotConnected, why),
                _ => failed(io::ErrorKind::UnexpectedEof, "it broke off".to_owned()),
            })
        }
    };
    Ok(Docker::connect_with_custom_transport(transport, Some("http://docker"), timeout.as_secs(), API_DEFAULT_VERSION)?)
}

fn failed(kind: io::ErrorKind, why: String) -> Error {
    Error::IOError { err: io::Error::new(kind, why) }
}
