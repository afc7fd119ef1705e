//! How docker signs in to Pilothouse, to push to registries and pull from them.

use leptos::prelude::*;

use crate::ui::code::CodeBlock;

/// What stands for the host until the browser says by which it came: the server does not know.
pub const UNKNOWN_HOST: &str = "pilothouse.example.org";

/// The host as docker names it: a port that goes without saying is left out, as browsers do. Only in the browser.
pub fn docker_host() -> String {
    window().location().host().unwrap_or_default()
}

/// The line, and what it takes. With a `robot`, as its pipeline writes it.
#[component]
pub fn DockerLogin(#[prop(optional, into)] robot: Option<String>) -> impl IntoView {
    let host = RwSignal::new(UNKNOWN_HOST.to_owned());
    Effect::new(move || host.set(docker_host()));
    let words = match robot {
        Some(_) => {
            "With one of its tokens on the standard input. A robot for each pipeline: each gets a role on the repositories it pushes to, and one that is lost is revoked alone."
        }
        None => {
            "It takes your password, or a token of yours that is bound to no engine; with a second factor it has to be a token. A pipeline signs in as a robot of its own."
        }
    };
    let text = Signal::derive(move || host.with(|host| line(robot.as_deref(), host)));
    view! {
        <div class="stack">
            <CodeBlock text=text label="the line that signs docker in"/>
            <p class="field-hint">{words}</p>
        </div>
    }
    .into_any()
}

fn line(robot: Option<&str>, host: &str) -> String {
    match robot {
        // A robot's name needs no quotes.
        Some(name) => format!("docker login --username {name} --password-stdin {host}"),
        None => format!("docker login {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_robot_gives_its_name_and_no_token_in_the_line() {
        assert_eq!(line(None, "h:8080"), "docker login h:8080");
        assert_eq!(line(Some("ci"), "h"), "docker login --username ci --password-stdin h");
    }
}
