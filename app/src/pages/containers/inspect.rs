//! All that the engine says about a container, as a tree.

use leptos::prelude::*;

use crate::api::containers::ContainerDetail;
use crate::ui::JsonTree;

#[component]
pub(super) fn Inspect(detail: Signal<ContainerDetail>) -> impl IntoView {
    let value = Memo::new(move |_| detail.with(|detail| detail.inspect.clone()));
    let label = Signal::derive(move || format!("Inspect of {}", detail.with(|detail| detail.summary.name.clone())));
    view! { <JsonTree value=value label=label/> }.into_any()
}
