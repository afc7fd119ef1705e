//! The page while there is no engine: how to get one.

use leptos::prelude::*;

use crate::ui::{CodeBlock, EmptyState, Kind, LinkButton, icons};
use crate::widgets::use_me;

const DECLARED: &str = "[[engines]]\nname = \"local\"\nurl = \"unix:///var/run/docker.sock\"";

#[component]
pub(super) fn Welcome() -> impl IntoView {
    if !use_me().may("system.engine.create", None) {
        let detail = "You may sign in, and that is all yet. Ask an administrator for a role on an engine.".to_owned();
        return view! { <EmptyState icon=icons::LOCK title="No engine for you to see" detail=Signal::stored(detail)/> }.into_any();
    }
    let detail =
        "Pilothouse stands in front of Docker engines. Tell it where one is, and everybody's docker goes through here, under their own rights.";
    view! {
        <div class="welcome">
            <EmptyState icon=icons::SERVER title="Add your first engine" detail=Signal::stored(detail.to_owned())>
                <LinkButton href="/add/engine" label="Add an engine" kind=Kind::Primary icon=icons::PLUS/>
            </EmptyState>
            <p>"Or declare it in "<code>"pilothouse.toml"</code>" and start Pilothouse again. Such an engine is changed there only:"</p>
            <CodeBlock text=Signal::stored(DECLARED.to_owned()) label="An engine in the settings file"/>
        </div>
    }
    .into_any()
}
