//! What every page is made of: its head, cards, facts, notes, and the words where there is nothing.

use leptos::prelude::*;
use leptos_meta::Title;

use super::badge::Tone;
use super::icon::{Icon, Outlines};

/// The page's title, in the tab as well, with what can be done on the right.
#[component]
pub fn PageHead(
    #[prop(into)] title: Signal<String>,
    /// Where it belongs, above the title: a link and its words.
    #[prop(optional, into)]
    back: Option<(String, String)>,
    /// One line below the title.
    #[prop(optional, into)]
    about: Option<Signal<String>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=move || title.get()/>
        <header class="page-head">
            <div class="page-title">
                {back.map(|(href, words)| view! { <a class="back" href=href>{words}</a> })}
                <h1>{move || title.get()}</h1>
                {about.map(|about| view! { <p>{move || about.get()}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </header>
    }
    .into_any()
}

/// A framed part of a page.
#[component]
pub fn Card(
    #[prop(optional, into)] title: Option<String>,
    /// No space inside: for tables, logs and charts that bring their own.
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" class:flush=flush>
            {title.map(|title| view! { <h2>{title}</h2> })}
            {children()}
        </section>
    }
    .into_any()
}

/// Names and values, one below the other. Give it `<dt>` and `<dd>`.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }.into_any()
}

/// A note that must not be overlooked.
#[component]
pub fn Callout(#[prop(optional)] tone: Tone, #[prop(optional, into)] title: Option<String>, children: Children) -> impl IntoView {
    let tone = match tone {
        Tone::Neutral => "neutral",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Info => "info",
    };
    view! {
        <div class="callout" data-tone=tone>
            {title.map(|title| view! { <strong>{title}</strong> })}
            <div>{children()}</div>
        </div>
    }
    .into_any()
}

/// Nothing here: why, and what to do about it.
#[component]
pub fn EmptyState(
    #[prop(into)] icon: Signal<Outlines>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] detail: Option<Signal<String>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <Icon of=icon/>
            <h2>{move || title.get()}</h2>
            {detail.map(|detail| view! { <p>{move || detail.get()}</p> })}
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
    .into_any()
}
