//! Lines to paste somewhere else, with a button that copies them.

use leptos::prelude::*;

use super::button::CopyButton;

#[component]
pub fn CodeBlock(
    #[prop(into)] text: Signal<String>,
    /// What it is, for those who cannot see it: `Lines for the shell`.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let copy_label = format!("Copy: {label}");
    view! {
        <div class="code-block">
            <pre tabindex="0" role="region" aria-label=label><code>{move || text.get()}</code></pre>
            <CopyButton text=text label=copy_label/>
        </div>
    }
    .into_any()
}
