//! A token, the one time that it is shown.

use leptos::prelude::*;

use crate::api::session::TokenCreated;
use crate::ui::{Button, Callout, CodeBlock, Kind, Time, Tone};

#[component]
pub(crate) fn Once(
    made: TokenCreated,
    /// Whose it is; one's own without.
    robot: Option<String>,
    on_done: Callback<()>,
) -> impl IntoView {
    let TokenCreated { token, expires_at, .. } = made;
    let who = robot.map_or_else(|| "you".to_owned(), |robot| format!("robot {robot}"));
    view! {
        <Callout tone=Tone::Good title="Copy the token now">
            <p>"It is shown this once. Whoever has it can do what "{who}" may do, until it expires ("<Time at=expires_at/>") or is revoked."</p>
        </Callout>
        <CodeBlock text=Signal::stored(token) label="the token"/>
        <div><Button label="I have kept it" kind=Kind::Primary on_press=on_done/></div>
    }
    .into_any()
}
