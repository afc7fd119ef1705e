//! The browser's way to the API: `fetch`, to where the page came from.

use http::{Request, Response, StatusCode};
use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit};

use super::{Reply, Transport};
use crate::api::{Code, Problem};

pub struct Fetch;

impl Transport for Fetch {
    fn send(&self, request: Request<Vec<u8>>) -> Reply {
        Box::pin(SendWrapper::new(async move {
            let response = open(&request, None).await?;
            let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let buffer = JsFuture::from(response.array_buffer().map_err(lost)?).await.map_err(lost)?;
            let mut answer = Response::new(Uint8Array::new(&buffer).to_vec());
            *answer.status_mut() = status;
            Ok(answer)
        }))
    }
}

/// Sends `request`; the answer's body is still to be read.
pub async fn open(request: &Request<Vec<u8>>, signal: Option<&AbortSignal>) -> Result<web_sys::Response, Problem> {
    let headers = Headers::new().map_err(lost)?;
    for (name, value) in request.headers() {
        headers.set(name.as_str(), value.to_str().unwrap_or_default()).map_err(lost)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_headers(&headers);
    init.set_signal(signal);
    if !request.body().is_empty() {
        init.set_body(&Uint8Array::from(request.body().as_slice()));
    }
    let promise = leptos::prelude::window().fetch_with_str_and_init(&request.uri().to_string(), &init);
    JsFuture::from(promise).await.map_err(lost)?.dyn_into().map_err(lost)
}

/// The network's failure as a problem.
pub fn lost(error: JsValue) -> Problem {
    let words = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    let problem = Problem::new(Code::BackendUnreachable, "Pilothouse did not answer.");
    problem.detail(words.unwrap_or_else(|| "Check your connection, then try again.".to_owned()))
}

/// Leads to the sign-in page, and back afterwards, when the session has ended under us.
pub fn leave_if_signed_out(problem: &Problem) {
    let location = leptos::prelude::location();
    let path = location.pathname().unwrap_or_default();
    if problem.code != Code::Unauthenticated || path == "/sign-in" || path == "/setup" {
        return;
    }
    let here = format!("{path}{}", location.search().unwrap_or_default());
    let next = js_sys::encode_uri_component(&here);
    // When even this fails, the problem itself is still shown.
    let _ = location.assign(&format!("/sign-in?next={}", String::from(next)));
}
