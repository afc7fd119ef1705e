//! The API's reference, drawn in the browser from the server's own description. Nothing of it comes from another host.

use js_sys::Function;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};

use crate::assets;
use crate::ui::{Callout, PageHead, SkeletonText, Tone, icons};

const DESCRIPTION: &str = "/api/openapi.json";

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Waiting,
    Drawn,
    Failed,
}

#[component]
pub fn Reference() -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let phase = RwSignal::new(Phase::Waiting);
    let ending = StoredValue::new(None::<SendWrapper<Function>>);
    on_cleanup(move || {
        if let Some(end) = ending.try_update_value(Option::take).flatten() {
            stop(&end);
        }
    });
    Effect::new(move || {
        let Some(place) = node.get() else { return };
        assets::style("reference.css");
        spawn_local(async move {
            let end = draw(&place).await;
            let left = phase.try_set(if end.is_some() { Phase::Drawn } else { Phase::Failed }).is_some();
            match end {
                Some(end) if left => stop(&end),
                Some(end) => drop(ending.try_set_value(Some(SendWrapper::new(end)))),
                None => {}
            }
        });
    });
    let about = "Everything this console does, it does by this API. What you try here is done for real, as you.".to_owned();
    view! {
        <PageHead title="API" about=Signal::stored(about)>
            <a class="button" href=DESCRIPTION rel="external" download="pilothouse-openapi.json">
                <crate::ui::Icon of=icons::DOWNLOAD/>
                <span class="label">"OpenAPI"</span>
            </a>
        </PageHead>
        <Show when=move || phase.get() == Phase::Waiting><SkeletonText lines=12/></Show>
        <Show when=move || phase.get() == Phase::Failed>
            <Callout tone=Tone::Bad title="The viewer could not be loaded">
                "The description is there all the same: "<a href=DESCRIPTION rel="external">{DESCRIPTION}</a>"."
            </Callout>
        </Show>
        <div class="reference" node_ref=node></div>
    }
    .into_any()
}

/// Has the viewer draw the description in `place`; what it answers with ends it.
async fn draw(place: &web_sys::HtmlElement) -> Option<Function> {
    let module = assets::module("reference.js").await?;
    let create = js_sys::Reflect::get(&module, &JsValue::from_str("create")).ok()?.dyn_into::<Function>().ok()?;
    create.call2(&JsValue::NULL, place, &JsValue::from_str(DESCRIPTION)).ok()?.dyn_into().ok()
}

/// Ends the viewer. What it fails at is gone with the page anyway.
fn stop(end: &Function) {
    drop(end.call0(&JsValue::NULL));
}
