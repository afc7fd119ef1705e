//! One of a few, each with a line that explains it.

use leptos::prelude::*;

/// One that can be chosen: its value, its name, and what it means.
pub type Offer = (&'static str, &'static str, &'static str);

#[component]
pub fn Choice(
    #[prop(into)] label: String,
    /// Its own in the page.
    name: &'static str,
    value: RwSignal<String>,
    options: &'static [Offer],
) -> impl IntoView {
    let option = |(key, words, about): &Offer| {
        let (key, words, about) = (*key, *words, *about);
        view! {
            <label class="choice">
                <input type="radio" name=name value=key prop:checked=move || value.with(|v| v == key) on:change=move |_| value.set(key.to_owned())/>
                <span>{words}<small>{about}</small></span>
            </label>
        }
    };
    view! {
        <fieldset class="choices">
            <legend>{label}</legend>
            <div>{options.iter().map(option).collect_view()}</div>
        </fieldset>
    }
    .into_any()
}
