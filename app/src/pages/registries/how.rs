//! The lines that bring an image into a registry, with the host that the reader came by.

use leptos::prelude::*;

use crate::ui::{Callout, CodeBlock, Tone};
use crate::widgets::{UNKNOWN_HOST, docker_host};

/// Signing in, naming an image and pushing it. `path` is `REGISTRY/REPOSITORY`.
fn lines(host: &str, path: &str, tag: &str) -> String {
    let image = format!("{host}/{path}:{tag}");
    format!("docker login {host}\ndocker tag my-image {image}\ndocker push {image}")
}

/// Whether docker would refuse to speak to this host without TLS unless told to.
fn is_refused(protocol: &str, host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    protocol == "http:" && name != "localhost" && !name.starts_with("127.")
}

#[component]
pub(super) fn HowToPush(
    #[prop(into)] path: String,
    /// The tag in the lines.
    #[prop(default = "1.0")]
    tag: &'static str,
) -> impl IntoView {
    let host = RwSignal::new(UNKNOWN_HOST.to_owned());
    let refused = RwSignal::new(false);
    Effect::new(move || {
        host.set(docker_host());
        refused.set(is_refused(&window().location().protocol().unwrap_or_default(), &docker_host()));
    });
    let text = Signal::derive(move || host.with(|host| lines(host, &path, tag)));
    view! {
        <div class="stack">
            <CodeBlock text=text label="lines that push an image"/>
            <p class="field-hint">"docker login takes your password, or a token of yours: with a second factor it has to be a token. Pipelines use a robot's."</p>
            {move || refused.get().then(|| view! {
                <Callout tone=Tone::Warn title="This address is not encrypted">
                    "Docker speaks to it only where its daemon has it among "<code>"insecure-registries"</code>"."
                </Callout>
            })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{is_refused, lines};

    #[test]
    fn the_lines_name_host_registry_and_repository() {
        let text = lines("h:8080", "hub/team/app", "1.0");
        assert_eq!(text, "docker login h:8080\ndocker tag my-image h:8080/hub/team/app:1.0\ndocker push h:8080/hub/team/app:1.0");
    }

    #[test]
    fn docker_speaks_plainly_to_its_own_machine_only() {
        assert!(is_refused("http:", "10.0.0.1:8080") && is_refused("http:", "h.example"));
        assert!(!is_refused("https:", "h.example") && !is_refused("http:", "localhost:8080") && !is_refused("http:", "127.0.0.1:1"));
    }
}
