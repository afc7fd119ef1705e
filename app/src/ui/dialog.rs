//! A modal dialog: the browser's own, so that focus stays in it and goes back where it came from.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::button::{Button, Kind};
use super::icon::icons;

/// What opens a dialog while `shown` holds something, and lets go of it when the dialog is closed.
pub fn open_while<T: Send + Sync + 'static>(shown: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    // Each looks first whether there is anything to do: two that set each other would never rest.
    Effect::new(move || {
        let wanted = shown.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    Effect::new(move || {
        if !open.get() && shown.with_untracked(Option::is_some) {
            shown.set(None);
        }
    });
    open
}

/// Shows its content above everything while `open` holds. Escape, the cross and a press beside it close it.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    /// Room for a form or a table.
    #[prop(optional)]
    wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            // It fails only when it is not in the page, and then there is nothing to show.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // Only a press that began beside it, too: whoever selects text and lets go outside has not pressed there.
    let began_beside = StoredValue::new(false);
    let down = move |event: ev::PointerEvent| began_beside.set_value(is_beside(&event));
    let beside = move |event: ev::MouseEvent| {
        if is_beside(&event) && began_beside.get_value() {
            open.set(false);
        }
    };
    view! {
        <dialog
            class="dialog"
            class:wide=wide
            node_ref=node
            aria-label=move || title.get()
            on:close=move |_| open.set(false)
            on:pointerdown=down
            on:click=beside
        >
            <Show when=move || open.get()>
                <div class="dialog-body">
                    <header>
                        <h2>{move || title.get()}</h2>
                        <Button
                            label="Close"
                            kind=Kind::Quiet
                            icon=icons::CLOSE
                            icon_only=true
                            on_press=Callback::new(move |()| open.set(false))
                        />
                    </header>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
    .into_any()
}

/// Whether it happened on what lies behind the dialog: its content fills the dialog itself.
fn is_beside(event: &web_sys::Event) -> bool {
    event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()).is_some_and(|element| element.tag_name() == "DIALOG")
}
