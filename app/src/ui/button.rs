//! Buttons, and links that look like them.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::icon::{Icon, Outlines, icons};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one thing this screen is for.
    Primary,
    #[default]
    Plain,
    /// No frame until it is pointed at.
    Quiet,
    /// Destroys something.
    Danger,
}

impl Kind {
    pub(super) fn class(self) -> &'static str {
        match self {
            Kind::Primary => "button primary",
            Kind::Plain => "button",
            Kind::Quiet => "button quiet",
            Kind::Danger => "button danger",
        }
    }
}

/// A button. With a `reason` it stays where it is, does nothing, and says why.
#[component]
pub fn Button(
    /// What it says; the accessible name too.
    #[prop(into)]
    label: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
    /// Show the icon alone.
    #[prop(optional)]
    icon_only: bool,
    /// Why it cannot be used now.
    #[prop(optional, into)]
    reason: Signal<Option<String>>,
    /// What it started is not done yet.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Send the form it stands in.
    #[prop(optional)]
    submit: bool,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
) -> impl IntoView {
    let off = move || busy.get() || reason.with(Option::is_some);
    let press = move |event: MouseEvent| {
        if off() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    let title = move || reason.get().or_else(|| icon_only.then(|| label.get()));
    let name = move || match reason.get() {
        Some(reason) => Some(format!("{} ({reason})", label.get())),
        None => icon_only.then(|| label.get()),
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            class:icon-only=icon_only
            aria-disabled=move || off().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            aria-label=name
            title=title
            on:click=press
        >
            {icon.map(|of| view! { <Icon of=of/> })}
            {(!icon_only).then(|| view! { <span class="label">{move || label.get()}</span> })}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: Signal<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
) -> impl IntoView {
    view! {
        <a class=kind.class() href=move || href.get()>
            {icon.map(|of| view! { <Icon of=of/> })}
            <span class="label">{move || label.get()}</span>
        </a>
    }
    .into_any()
}

/// Copies `text` and says that it did.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What is copied, for those who cannot see it: `Copy the id`.
    #[prop(into)]
    label: String,
    /// Show the label too, not the icon alone.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let say = label.clone();
    let press = Callback::new(move |()| {
        copy(&text.get_untracked());
        copied.set(true);
        let fade = move || {
            let _ = copied.try_set(false);
        };
        set_timeout(fade, std::time::Duration::from_secs(2));
    });
    let label = Signal::derive(move || if copied.get() { "Copied".to_owned() } else { say.clone() });
    let icon = Signal::derive(move || if copied.get() { icons::CHECK } else { icons::COPY });
    view! { <Button label=label kind=Kind::Quiet icon=icon icon_only=!wide on_press=press/> }.into_any()
}

/// Puts `text` on the clipboard. Only in the browser.
pub fn copy(text: &str) {
    drop(window().navigator().clipboard().write_text(text));
}
