//! What two images have in common and what not, layer by layer and field by field.

use leptos::prelude::*;

use super::address::At;
use super::facts::kind_words;
use crate::api::repositories::{Diff, FieldDiff, LayerDiff, ManifestSummary};
use crate::pages::images::step;
use crate::ui::format::{bytes, count, short_id};
use crate::ui::{Badge, CopyButton, Facts, Time, Tone};

/// The two in short, one below the other.
#[component]
pub(super) fn Sides(at: StoredValue<At>, diff: Signal<Diff>) -> impl IntoView {
    let side = move |of: fn(&Diff) -> &ManifestSummary| {
        move || {
            let summary = diff.with(|diff| of(diff).clone());
            let href = at.with_value(|at| at.image_page(&summary.digest));
            let made = summary.created_at.map(|at| view! { <span>", made "<Time at=at/></span> });
            view! {
                <span class="with-copy">
                    <a href=href><code>{short_id(&summary.digest)}</code></a>
                    <CopyButton text=summary.digest.clone() label="Copy the digest"/>
                </span>
                <span>{format!("{}, {}", kind_words(&summary), bytes(summary.size))}{made}</span>
            }
        }
    };
    view! {
        <Facts>
            <dt>"From"</dt>
            <dd>{side(|diff| &diff.from)}</dd>
            <dt>"To"</dt>
            <dd>{side(|diff| &diff.to)}</dd>
        </Facts>
    }
    .into_any()
}

/// Where a layer is, in a word.
fn place(layer: &LayerDiff) -> (&'static str, Tone) {
    match (layer.in_from, layer.in_to) {
        (true, true) => ("same", Tone::Neutral),
        (false, _) => ("added", Tone::Good),
        (true, false) => ("removed", Tone::Bad),
    }
}

/// `3 same (12 MiB), 1 added (2 MiB), 0 removed`.
fn summary(layers: &[LayerDiff]) -> String {
    let part = |word: &str| {
        let these: Vec<u64> = layers.iter().filter(|layer| place(layer).0 == word).map(|layer| layer.size).collect();
        match these.as_slice() {
            [] => format!("none {word}"),
            sizes => format!("{} {word} ({})", sizes.len(), bytes(sizes.iter().sum())),
        }
    };
    format!("{}: {}", count(layers.len(), "layer"), ["same", "added", "removed"].map(part).join(", "))
}

#[component]
pub(super) fn Layers(layers: Signal<Vec<LayerDiff>>) -> impl IntoView {
    let row = |layer: LayerDiff| {
        let (words, tone) = place(&layer);
        let (word, rest) = step(&layer.created_by);
        view! {
            <tr>
                <td class="main">
                    <span class="name mono" title=layer.digest.clone()>{short_id(&layer.digest)}</span>
                    <span class="sub mono" title=layer.created_by>{word}" "{rest}</span>
                </td>
                <td data-label="Where"><Badge text=words tone=tone/></td>
                <td data-label="Size" class="number">{bytes(layer.size)}</td>
            </tr>
        }
    };
    view! {
        <p class="history-note">{move || layers.with(|layers| summary(layers))}</p>
        <div class="table-box bare" tabindex="0" role="region" aria-label="Layers">
            <table class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Layer"</th>
                        <th scope="col">"Where"</th>
                        <th scope="col" class="number">"Size"</th>
                    </tr>
                </thead>
                <tbody>{move || layers.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What a field is called on the page of an image.
fn field_words(field: &str) -> String {
    let words = match field {
        "os" => "System",
        "architecture" => "Architecture",
        "variant" => "Variant",
        "author" => "Author",
        "user" => "User",
        "working_dir" => "Working directory",
        "stop_signal" => "Stop signal",
        "exposed_ports" => "Ports",
        "volumes" => "Volumes",
        "entrypoint" => "Entrypoint",
        "command" => "Command",
        other => match other.split_once(' ') {
            Some(("env", name)) => return format!("Environment {name}"),
            Some(("label", name)) => return format!("Label {name}"),
            _ => other,
        },
    };
    words.to_owned()
}

#[component]
pub(super) fn Fields(fields: Signal<Vec<FieldDiff>>) -> impl IntoView {
    let cell = |value: Option<String>| match value {
        Some(value) => view! { <code>{value}</code> }.into_any(),
        None => view! { <span class="none">"Not there"</span> }.into_any(),
    };
    let row = move |field: FieldDiff| {
        view! {
            <tr>
                <td class="main"><span class="name">{field_words(&field.field)}</span></td>
                <td data-label="Before">{cell(field.before)}</td>
                <td data-label="After">{cell(field.after)}</td>
            </tr>
        }
    };
    move || {
        let fields = fields.get();
        if fields.is_empty() {
            return view! { <p class="card-note">"Nothing: command, environment, labels and ports are the same."</p> }.into_any();
        }
        view! {
            <div class="table-box bare" tabindex="0" role="region" aria-label="What else differs">
                <table class="table cards differences">
                    <thead>
                        <tr>
                            <th scope="col">"Field"</th>
                            <th scope="col">"Before"</th>
                            <th scope="col">"After"</th>
                        </tr>
                    </thead>
                    <tbody>{fields.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::{field_words, summary};
    use crate::api::repositories::LayerDiff;

    #[test]
    fn fields_are_called_as_on_the_page_of_an_image() {
        let words = ["working_dir", "env PATH", "label a b", "odd"].map(field_words);
        assert_eq!(words, ["Working directory", "Environment PATH", "Label a b", "odd"]);
    }

    #[test]
    fn layers_are_counted_by_where_they_are() {
        let layer = |in_from, in_to| LayerDiff { digest: "sha256:0".into(), size: 1024, created_by: String::new(), in_from, in_to };
        let said = summary(&[layer(true, true), layer(true, true), layer(false, true)]);
        assert_eq!(said, "3 layers: 2 same (2.0 KiB), 1 added (1.0 KiB), none removed");
    }
}
