//! Where the built files are. The server knows their hashed names and writes them in the page; the browser reads them there.

use std::collections::BTreeMap;

use leptos::prelude::*;

/// The URLs of what the build made, hashed names and all.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// `app.css`
    pub css: String,
    /// `app.js`
    pub js: String,
    /// `app_bg.wasm`
    pub wasm: String,
    /// What pages load when they need it, by plain name: `terminal.js`, `chart.js`, ...
    pub extra: BTreeMap<String, String>,
    /// The modules of each part, by [`crate::parts::Part::name`].
    pub parts: BTreeMap<String, Vec<String>>,
}

/// The URL of the extra file `name`. Only in the browser.
pub fn url(name: &str) -> Option<String> {
    let meta = document().query_selector(&format!("meta[name='asset:{name}']")).ok()??;
    meta.get_attribute("content")
}

/// The module of the extra script `name`, loaded on first use. Only in the browser.
pub async fn module(name: &str) -> Option<js_sys::Object> {
    use wasm_bindgen::{JsCast, JsValue};

    let url = url(name)?;
    // The page's own script left a plain `import` behind, since a policy without `eval` gives WebAssembly none.
    let load = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("loadModule")).ok()?;
    let promise = load.dyn_ref::<js_sys::Function>()?.call1(&JsValue::NULL, &JsValue::from_str(&url)).ok()?;
    let promise = promise.dyn_into::<js_sys::Promise>().ok()?;
    let module = wasm_bindgen_futures::JsFuture::from(promise).await.ok()?;
    // A module is an object without a prototype: `instanceof` would not know it.
    module.is_object().then(|| module.unchecked_into())
}

/// Loads the extra style sheet `name`, once. Only in the browser.
pub fn style(name: &str) {
    use wasm_bindgen::JsCast;

    let Some(url) = url(name) else { return };
    let document = document();
    if document.query_selector(&format!("link[href='{url}']")).is_ok_and(|found| found.is_some()) {
        return;
    }
    let link = document.create_element("link").ok().and_then(|link| link.dyn_into::<web_sys::HtmlLinkElement>().ok());
    if let (Some(link), Some(head)) = (link, document.head()) {
        link.set_rel("stylesheet");
        link.set_href(&url);
        // A sheet that cannot be added leaves the page plain, not broken.
        let _ = head.append_child(&link);
    }
}
