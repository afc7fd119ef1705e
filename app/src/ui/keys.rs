//! What the keyboard can do, and the page that tells.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::dialog::Dialog;

/// Keys, and what they do. Keys are pressed together when joined by `+`, else one after the other.
#[derive(Clone, Copy)]
pub struct Shortcut {
    pub keys: &'static [&'static str],
    pub does: &'static str,
}

/// The list of shortcuts.
#[component]
pub fn KeyHelp(open: RwSignal<bool>, shortcuts: Vec<Shortcut>) -> impl IntoView {
    view! {
        <Dialog open=open title="Keyboard shortcuts">
            <dl class="key-help">
                {shortcuts
                    .iter()
                    .map(|shortcut| {
                        let keys = shortcut.keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
                        view! {
                            <div>
                                <dt>{keys}</dt>
                                <dd>{shortcut.does}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
    .into_any()
}

/// Whether the event came from something that is written in, or from an open dialog: plain keys belong to it then.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else {
        return false;
    };
    element.closest("input, textarea, select, [contenteditable], .xterm, dialog[open]").is_ok_and(|found| found.is_some())
}

/// Puts the focus on the page's search box, if it has one.
pub fn focus_search() -> bool {
    let found = document().query_selector("main [data-search]").ok().flatten();
    match found.and_then(|element| element.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        Some(input) => {
            input.select();
            input.focus().is_ok()
        }
        None => false,
    }
}
