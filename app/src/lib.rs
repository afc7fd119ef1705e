//! The contract of the REST API ([`api`]), its client ([`client`]), and the console that is drawn with it.

// Views are deep types: `view!` nests one generic in another.
#![recursion_limit = "512"]

pub mod api;
mod app;
pub mod assets;
pub mod client;
mod clock;
pub mod pages;
pub mod parts;
pub mod ui;
pub mod widgets;

pub use app::App;
#[cfg(feature = "ssr")]
pub use app::shell;
pub use assets::Assets;

/// Takes over the page that the server drew, as soon as the part that draws it is here. The browser's entry.
#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use leptos::prelude::*;
    use parts::Part;

    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let path = window().location().pathname().unwrap_or_default();
        if !Part::of(&path).load().await {
            // The page can be read as it is; the browser's console says why it cannot be used.
            return;
        }
        leptos::mount::hydrate_body(|| {
            provide_context(client::Client::browser());
            App()
        });
        // The browser suite waits for this before it touches anything.
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-hydrated", "");
        }
        for part in Part::ALL {
            part.load().await;
        }
    });
}
