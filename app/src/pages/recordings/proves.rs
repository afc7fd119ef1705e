//! What a recording proves, and what it does not.

use leptos::prelude::*;

use crate::ui::Card;

#[component]
pub(super) fn Proves() -> impl IntoView {
    view! {
        <Card title="What this proves">
            <p>"What passed through Pilothouse to the client, and from it where that is kept: these bytes, in this order, at these times by this machine's clock, \
                in the session that the audit record names."</p>
            <p>"It does not prove:"</p>
            <ul class="plain">
                <li>"what the program did inside the container: it may do much and show nothing, or show what it did not do;"</li>
                <li>"what was started without a stream, in the background or by others, or at the engine's own socket;"</li>
                <li>"that a person typed it: a script may have, or a paste, or somebody else at that keyboard."</li>
            </ul>
            <p class="muted">"Bytes that are no UTF-8 stand as \u{fffd}. Without a terminal, both outputs of a program are shown as one."</p>
        </Card>
    }
    .into_any()
}
