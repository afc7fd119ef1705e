//! Badges and the dots that show a state: always with a word, never by colour alone.

use leptos::prelude::*;

/// What a badge means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Good,
    Warn,
    Bad,
    Info,
}

impl Tone {
    fn name(self) -> &'static str {
        match self {
            Tone::Neutral => "neutral",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info => "info",
        }
    }
}

/// A short word in a box.
#[component]
pub fn Badge(#[prop(into)] text: Signal<String>, #[prop(optional, into)] tone: Signal<Tone>) -> impl IntoView {
    view! { <span class="badge" data-tone=move || tone.get().name() title=move || text.get()>{move || text.get()}</span> }.into_any()
}

/// A dot and a word.
#[component]
pub fn StateDot(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] tone: Signal<Tone>,
    /// More words, for whoever points at it.
    #[prop(optional, into)]
    title: Option<Signal<String>>,
) -> impl IntoView {
    view! {
        <span class="state-dot" data-tone=move || tone.get().name() title=move || title.map(|t| t.get())>
            <i aria-hidden="true"></i>
            {move || text.get()}
        </span>
    }
    .into_any()
}
