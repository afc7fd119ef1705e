//! The client of `/api/v1`: one typed call an operation, over whatever transport the place of drawing has.
//!
//! The server injects a transport that calls its own router; the browser's is `fetch`. Pages cannot tell which they use.

#[cfg(target_arch = "wasm32")]
mod fetch;
mod follow;
mod live;
mod query;
#[cfg(any(target_arch = "wasm32", test))]
mod sse;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Request, Response};
use leptos::prelude::use_context;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use follow::{Following, follow};
pub use live::LiveHandle;
pub use query::encode as encode_query;

use crate::api::{Code, Endpoint, Problem, fill};

/// What a transport promises.
pub type Reply = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Problem>> + Send>>;

/// Carries a request to the API and brings the whole answer.
pub trait Transport: Send + Sync {
    fn send(&self, request: Request<Vec<u8>>) -> Reply;
}

/// Calls the API. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<dyn Transport>);

impl Client {
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }

    /// The client that fetches from where the page came from.
    #[cfg(target_arch = "wasm32")]
    pub fn browser() -> Self {
        Self::new(Arc::new(fetch::Fetch))
    }

    /// The client given for this drawing; one that refuses everything where none was given.
    pub fn get() -> Self {
        use_context().unwrap_or_else(|| Self::new(Arc::new(Nowhere)))
    }

    /// Does one operation. `params` fill the `{name}`s of its path, in order.
    pub fn call<E: Endpoint>(&self, params: &[&str], input: &E::Input) -> impl Future<Output = Result<E::Output, Problem>> + Send + 'static + use<E> {
        let reply = request(&E::METHOD, E::PATH, params, input).map(|request| self.0.send(request));
        async move {
            let answer = parse(reply?.await?);
            #[cfg(target_arch = "wasm32")]
            if let Err(problem) = &answer {
                fetch::leave_if_signed_out(problem);
            }
            answer
        }
    }

    /// Does one operation that answers with a file.
    pub fn file<E: Endpoint>(&self, params: &[&str], input: &E::Input) -> impl Future<Output = Result<Vec<u8>, Problem>> + Send + 'static + use<E> {
        let reply = request(&E::METHOD, E::PATH, params, input).map(|request| self.0.send(request));
        async move {
            let answer = reply?.await?;
            if answer.status().is_success() { Ok(answer.into_body()) } else { Err(refusal(answer.status().as_u16(), answer.body())) }
        }
    }
}

/// The request of an operation: its input goes in the query of GET and DELETE, in a JSON body otherwise.
fn request(method: &Method, pattern: &str, params: &[&str], input: &impl Serialize) -> Result<Request<Vec<u8>>, Problem> {
    let mut path = fill(pattern, params);
    let mut builder = Request::builder().method(method.clone()).header("accept", "application/json");
    let mut body = Vec::new();
    if matches!(*method, Method::GET | Method::DELETE) {
        let query = query::encode(input)?;
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
    } else {
        builder = builder.header("content-type", "application/json");
        body = serde_json::to_vec(input).map_err(|e| unreadable("The request could not be written.", &e))?;
    }
    builder.uri(path).body(body).map_err(|e| unreadable("The request could not be made.", &e))
}

fn parse<T: DeserializeOwned>(response: Response<Vec<u8>>) -> Result<T, Problem> {
    if !response.status().is_success() {
        return Err(refusal(response.status().as_u16(), response.body()));
    }
    let body = response.body().as_slice();
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|e| unreadable("The answer could not be read.", &e))
}

/// The problem that a refusal carries, or one that says which status came without a problem.
fn refusal(status: u16, body: &[u8]) -> Problem {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let code = match status {
            401 => Code::Unauthenticated,
            403 => Code::Forbidden,
            404 => Code::NotFound,
            413 => Code::TooLarge,
            429 => Code::Throttled,
            503 => Code::Overloaded,
            502 => Code::BackendUnreachable,
            504 => Code::BackendTimeout,
            _ => Code::Internal,
        };
        let mut problem = Problem::new(code, format!("The server answered with status {status}."));
        problem.status = status;
        problem
    })
}

fn unreadable(title: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::Internal, title).detail(error.to_string())
}

/// The transport where there is none.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request<Vec<u8>>) -> Reply {
        Box::pin(async { Err(Problem::new(Code::Internal, "The console was drawn without a way to the API.")) })
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Response};

    use super::{parse, request};
    use crate::api::containers::StopInput;
    use crate::api::{Code, Empty, ListQuery, Problem};

    #[test]
    fn a_get_says_its_input_in_the_query() -> Result<(), Problem> {
        let input = ListQuery { limit: Some(50), filter: Some("a&b c".into()), ..ListQuery::default() };
        let request = request(&Method::GET, "/api/v1/engines/{engine}/containers", &["demo"], &input)?;
        assert_eq!(request.uri(), "/api/v1/engines/demo/containers?filter=a%26b%20c&limit=50");
        assert!(request.body().is_empty());
        Ok(())
    }

    #[test]
    fn a_post_says_its_input_in_the_body() -> Result<(), Problem> {
        let input = StopInput { timeout_s: Some(3) };
        let request = request(&Method::POST, "/api/v1/engines/{engine}/containers/{id}/stop", &["demo", "a/b"], &input)?;
        assert_eq!(request.uri(), "/api/v1/engines/demo/containers/a%2Fb/stop");
        assert_eq!(request.body(), br#"{"timeout_s":3}"#);
        Ok(())
    }

    #[test]
    fn a_refusal_without_a_problem_still_is_one() {
        let mut response = Response::new(b"<html>".to_vec());
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        let problem = parse::<Empty>(response).err();
        assert_eq!(problem.map(|p| (p.code, p.status)), Some((Code::BackendUnreachable, 502)));
    }

    #[test]
    fn an_empty_answer_is_empty() {
        assert_eq!(parse::<Empty>(Response::new(Vec::new())), Ok(Empty {}));
    }
}
