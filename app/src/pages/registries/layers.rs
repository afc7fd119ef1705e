//! The layers of an image: the command that made each, and its share of the whole.

use leptos::prelude::*;

use crate::api::repositories::RegistryLayer;
use crate::pages::images::step;
use crate::ui::format::{bytes, count, short_id};

/// The oldest first, as they lie on each other.
#[component]
pub(super) fn Layers(layers: Signal<Vec<RegistryLayer>>) -> impl IntoView {
    let summary = move || {
        layers.with(|layers| {
            let with_files = layers.iter().filter(|layer| layer.digest.is_some()).count();
            let size = layers.iter().map(|layer| layer.size).sum();
            format!("{}, {with_files} with files: {} compressed", count(layers.len(), "step"), bytes(size))
        })
    };
    let rows = move || {
        let layers = layers.get();
        let largest = layers.iter().map(|layer| layer.size).max().unwrap_or(0).max(1);
        layers.into_iter().map(|layer| view! { <Row layer=layer largest=largest/> }).collect_view()
    };
    view! {
        <p class="history-note">{summary}</p>
        <ol class="history">{rows}</ol>
    }
    .into_any()
}

#[component]
fn Row(layer: RegistryLayer, largest: u64) -> impl IntoView {
    let (word, rest) = step(&layer.created_by);
    let comment = Some(layer.comment).filter(|comment| !comment.is_empty()).map(|comment| view! { <small>{comment}</small> });
    // Without a digest it added nothing that is kept.
    let size = if layer.digest.is_some() { bytes(layer.size) } else { "nothing added".to_owned() };
    let share = layer.digest.map(|digest| {
        let label = format!("Size of {}", short_id(&digest));
        view! { <progress class="share" max=largest.to_string() value=layer.size.to_string() aria-label=label title=digest></progress> }
    });
    view! {
        <li>
            <span class="step">{word}</span>
            <code>{rest}</code>
            {comment}
            <span class="size">{size}</span>
            {share}
        </li>
    }
    .into_any()
}
