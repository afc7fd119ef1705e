//! The contract of the REST API ([`api`]), its client ([`client`]), and the console that is drawn with it.

// Views are deep types: `view!` nests one generic in another.
#![recursion_limit = "512"]

pub mod api;
mod app;
pub mod assets;
pub mod client;
pub mod pages;
pub mod ui;
pub mod widgets;

pub use app::App;
#[cfg(feature = "ssr")]
pub use app::shell;
pub use assets::Assets;

/// Takes over the page that the server drew. The browser's entry.
#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(|| {
        leptos::prelude::provide_context(client::Client::browser());
        App()
    });
    // The browser suite waits for this before it touches anything.
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}
