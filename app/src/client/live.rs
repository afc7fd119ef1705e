//! Live streams: server-sent events, read by `fetch` so that a POST can have them too. Only in the browser.

use crate::api::{Live, Problem};
use crate::client::Client;

/// Keeps a stream open; dropping it ends the stream, and nothing is called any more.
pub struct LiveHandle {
    #[cfg(target_arch = "wasm32")]
    abort: send_wrapper::SendWrapper<web_sys::AbortController>,
}

#[cfg(target_arch = "wasm32")]
impl Drop for LiveHandle {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Client {
    /// Follows a live operation: `on_item` for each event, `on_end` once when it ends by itself or breaks.
    ///
    /// On the server there is nobody to follow for: nothing happens.
    pub fn live<L: Live>(
        &self,
        params: &[&str],
        input: &L::Input,
        on_item: impl Fn(L::Item) + 'static,
        on_end: impl FnOnce(Result<(), Problem>) + 'static,
    ) -> LiveHandle {
        self.stream::<L>(params, input, || {}, on_item, on_end)
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn stream<L: Live>(
        &self,
        _params: &[&str],
        _input: &L::Input,
        _on_open: impl FnOnce() + 'static,
        _on_item: impl Fn(L::Item) + 'static,
        _on_end: impl FnOnce(Result<(), Problem>) + 'static,
    ) -> LiveHandle {
        LiveHandle {}
    }

    #[cfg(target_arch = "wasm32")]
    pub(super) fn stream<L: Live>(
        &self,
        params: &[&str],
        input: &L::Input,
        on_open: impl FnOnce() + 'static,
        on_item: impl Fn(L::Item) + 'static,
        on_end: impl FnOnce(Result<(), Problem>) + 'static,
    ) -> LiveHandle {
        let controller = browser::controller();
        let signal = controller.signal();
        let request = super::request(&L::METHOD, L::PATH, params, input);
        leptos::task::spawn_local(async move {
            let ended = match request {
                Ok(request) => browser::read::<L>(request, &signal, on_open, on_item).await,
                Err(problem) => Err(problem),
            };
            if !signal.aborted() {
                if let Err(problem) = &ended {
                    super::fetch::leave_if_signed_out(problem);
                }
                on_end(ended);
            }
        });
        LiveHandle { abort: send_wrapper::SendWrapper::new(controller) }
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::time::Duration;

    use http::{Request, header};
    use js_sys::{Reflect, Uint8Array};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader};

    use crate::api::{Code, Live, Problem};
    use crate::client::fetch::{lost, open};
    use crate::client::sse::Splitter;
    use crate::client::{refusal, unreadable};
    use crate::clock::{now, sleep};

    /// So long may be read before the page gets its turn.
    const TURN_MS: i64 = 10;

    pub fn controller() -> AbortController {
        // Every browser that runs WebAssembly has it; the cast only spares a panic.
        AbortController::new().unwrap_or_else(|nothing| nothing.unchecked_into())
    }

    pub async fn read<L: Live>(
        mut request: Request<Vec<u8>>,
        signal: &AbortSignal,
        on_open: impl FnOnce(),
        on_item: impl Fn(L::Item),
    ) -> Result<(), Problem> {
        request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("text/event-stream"));
        let response = open(&request, Some(signal)).await?;
        if !response.ok() {
            let body = JsFuture::from(response.array_buffer().map_err(lost)?).await.map_err(lost)?;
            return Err(refusal(response.status(), &Uint8Array::new(&body).to_vec()));
        }
        let Some(body) = response.body() else {
            return Ok(());
        };
        let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(|e| lost(e.into()))?;
        on_open();
        let mut splitter = Splitter::default();
        let mut turn = now();
        loop {
            // What is here already is read at once, so a flood would leave the page no time to draw. The sender waits meanwhile.
            if now() - turn > TURN_MS {
                sleep(Duration::ZERO).await;
                turn = now();
            }
            let chunk = JsFuture::from(reader.read()).await.map_err(lost)?;
            if field(&chunk, "done").is_truthy() {
                return Ok(());
            }
            let bytes = Uint8Array::new(&field(&chunk, "value")).to_vec();
            let events = splitter.push(&bytes).map_err(|_| Problem::new(Code::TooLarge, "The stream sent an endless event."))?;
            for event in events {
                if signal.aborted() {
                    return Ok(());
                }
                if event.name == "end" {
                    return ended(&event.data);
                }
                on_item(serde_json::from_str(&event.data).map_err(|e| unreadable("An event could not be read.", &e))?);
            }
        }
    }

    /// How a stream that said its own end ended.
    fn ended(data: &str) -> Result<(), Problem> {
        match serde_json::from_str::<Problem>(data) {
            Ok(problem) => Err(problem),
            Err(_) => Ok(()),
        }
    }

    fn field(object: &JsValue, name: &str) -> JsValue {
        Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    }
}
