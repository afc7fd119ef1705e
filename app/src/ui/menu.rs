//! A menu behind a button: a popover, closed by Escape, by a press elsewhere and by its own items.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::button::Kind;
use super::icon::{Icon, Outlines};

/// A button that opens a menu. `id` is its own in the page.
#[component]
pub fn Menu(
    #[prop(into)] id: String,
    /// What the button says.
    #[prop(into)]
    label: Signal<String>,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
    /// Show the icon alone.
    #[prop(optional)]
    icon_only: bool,
    #[prop(optional)] kind: Kind,
    children: ChildrenFn,
) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let popover = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    let toggled = move |_| {
        let (Some(button), Some(popover)) = (button.get_untracked(), popover.get_untracked()) else { return };
        let shown = popover.matches(":popover-open").unwrap_or(false);
        open.set(shown);
        if shown {
            // The content is drawn on the next turn; the place depends on its size.
            request_animation_frame(move || {
                place(&button, &popover);
                move_focus(&popover, 0);
            });
        }
    };
    let keys = move |event: KeyboardEvent| {
        let Some(popover) = popover.get_untracked() else { return };
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        move_focus(&popover, step);
    };
    let close = move |event: MouseEvent| {
        let item = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let chosen = item.and_then(|e| e.closest("[role=menuitem]").ok().flatten()).is_some_and(|e| !e.has_attribute("aria-disabled"));
        if let (true, Some(popover)) = (chosen, popover.get_untracked()) {
            drop(popover.hide_popover());
        }
    };
    let name = move || icon_only.then(|| label.get());
    view! {
        <button
            type="button"
            class=kind.class()
            class:icon-only=icon_only
            node_ref=button
            popovertarget=id.clone()
            aria-haspopup="menu"
            aria-expanded=move || if open.get() { "true" } else { "false" }
            aria-label=name
            title=name
        >
            {icon.map(|of| view! { <Icon of=of/> })}
            {(!icon_only).then(|| view! { <span class="label">{move || label.get()}</span> })}
        </button>
        <div class="menu" role="menu" popover="auto" id=id node_ref=popover on:toggle=toggled on:keydown=keys on:click=close>
            <Show when=move || open.get()>{children()}</Show>
        </div>
    }
    .into_any()
}

/// Something to do.
#[component]
pub fn MenuItem(
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
    #[prop(optional)] danger: bool,
    /// Why it cannot be done now.
    #[prop(optional, into)]
    reason: Signal<Option<String>>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    let press = move |_| {
        if reason.with_untracked(Option::is_none) {
            on_press.run(());
        }
    };
    view! {
        <button
            type="button"
            role="menuitem"
            class="menu-item"
            class:danger=danger
            aria-disabled=move || reason.with(Option::is_some).then_some("true")
            title=move || reason.get()
            on:click=press
        >
            {icon.map(|of| view! { <Icon of=of/> })}
            <span>{move || label.get()}</span>
        </button>
    }
    .into_any()
}

/// Somewhere to go.
#[component]
pub fn MenuLink(
    #[prop(into)] href: String,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
    #[prop(optional)] current: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <a role="menuitem" class="menu-item" href=href aria-current=current.then_some("page")>
            {icon.map(|of| view! { <Icon of=of/> })}
            <span>{children()}</span>
        </a>
    }
    .into_any()
}

/// Puts the menu below its button, or above it where there is no room, and never outside of the window.
fn place(button: &HtmlElement, menu: &HtmlElement) {
    const GAP: f64 = 4.0;
    let (anchor, size) = (button.get_bounding_client_rect(), menu.get_bounding_client_rect());
    let window = window();
    let room = |side: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| side.ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
    let (width, height) = (room(window.inner_width()), room(window.inner_height()));
    let from_right = anchor.left() + size.width() > width - GAP;
    let left = if from_right { anchor.right() - size.width() } else { anchor.left() };
    let below = anchor.bottom() + GAP;
    let above = anchor.top() - GAP - size.height();
    let top = if below + size.height() > height - GAP && above > GAP { above } else { below };
    let style = menu.style();
    // Where it cannot be placed it stands in the middle of the window.
    drop(style.set_property("left", &format!("{}px", left.max(GAP))));
    drop(style.set_property("top", &format!("{}px", top.max(GAP))));
}

/// Moves the focus among the items; 0 puts it on the first.
fn move_focus(menu: &HtmlElement, step: i32) {
    let Ok(items) = menu.query_selector_all("[role=menuitem], input") else { return };
    let count = i32::try_from(items.length()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let active = document().active_element();
    let at = (0..count).find(|i| items.get(*i as u32).is_some_and(|item| active.as_ref().is_some_and(|a| item.is_same_node(Some(a)))));
    let next = at.map_or(0, |at| (at + step).rem_euclid(count));
    if let Some(item) = items.get(next as u32).and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
        drop(item.focus());
    }
}
