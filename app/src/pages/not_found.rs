//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{EmptyState, icons};

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <main class="content lone">
            <EmptyState icon=icons::SEARCH title="There is no such page" detail=Signal::stored("The address may be mistyped, or the page has moved.".to_owned())>
                <a class="button primary" href="/">"To the overview"</a>
            </EmptyState>
        </main>
    }
    .into_any()
}
