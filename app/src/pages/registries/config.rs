//! What an image does when it is run: its command, environment, ports and the rest of its config.

use leptos::prelude::*;

use crate::api::repositories::ImageConfig;
use crate::ui::Facts;

#[component]
pub(super) fn Config(config: Signal<ImageConfig>) -> impl IntoView {
    let words = move |of: fn(&ImageConfig) -> &Vec<String>| move || code(config.with(|config| of(config).join(" ")));
    let text = move |of: fn(&ImageConfig) -> &Option<String>| move || code(config.with(|config| of(config).clone().unwrap_or_default()));
    let lines = move |of: fn(&ImageConfig) -> &Vec<String>| move || list(config.with(|config| of(config).clone()));
    view! {
        <Facts>
            <dt>"Entrypoint"</dt>
            <dd>{words(|config| &config.entrypoint)}</dd>
            <dt>"Command"</dt>
            <dd>{words(|config| &config.command)}</dd>
            <dt>"Working directory"</dt>
            <dd>{text(|config| &config.working_dir)}</dd>
            <dt>"User"</dt>
            <dd>{text(|config| &config.user)}</dd>
            <dt>"Ports"</dt>
            <dd>{words(|config| &config.exposed_ports)}</dd>
            <dt>"Volumes"</dt>
            <dd>{lines(|config| &config.volumes)}</dd>
            <dt>"Environment"</dt>
            <dd>{lines(|config| &config.env)}</dd>
            <dt>"Stop signal"</dt>
            <dd>{text(|config| &config.stop_signal)}</dd>
            <dt>"Author"</dt>
            <dd>{text(|config| &config.author)}</dd>
        </Facts>
    }
    .into_any()
}

fn code(text: String) -> AnyView {
    if text.is_empty() { view! { <span class="none">"None"</span> }.into_any() } else { view! { <code>{text}</code> }.into_any() }
}

fn list(lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return code(String::new());
    }
    view! { <ul>{lines.into_iter().map(|line| view! { <li><code>{line}</code></li> }).collect_view()}</ul> }.into_any()
}
