//! What has been started: whether it is up, and where it is reached.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::containers::{Container, ContainerDetail, ContainerGet};
use crate::api::{Empty, fill};
use crate::client::Client;
use crate::ui::time::poll;
use crate::ui::{Callout, LinkButton, SkeletonText, Tone, icons};
use crate::widgets::Loaded;

const REFRESH: Duration = Duration::from_secs(1);

/// A container that was started here, and the address of its engine.
#[derive(Clone, PartialEq)]
pub(super) struct Started {
    pub engine: String,
    pub url: String,
    pub id: String,
}

#[component]
pub(super) fn Up(started: Started) -> impl IntoView {
    let Started { engine, url, id } = started;
    let client = Client::get();
    let page = fill("/on/{engine}/containers/{id}", &[&engine, &id]);
    let container = Resource::new(|| (), move |()| client.call::<ContainerGet>(&[&engine, &id], &Empty {}));
    poll(REFRESH, move || container.refetch());
    // The address by which one is here is known to the browser alone.
    let here = RwSignal::new(String::new());
    Effect::new(move |_| here.set(window().location().hostname().unwrap_or_default()));
    view! {
        <Loaded resource=container skeleton=|| view! { <SkeletonText lines=2/> } let:detail>
            <State detail=detail url=url.clone() here=here/>
        </Loaded>
        <div class="form-actions"><LinkButton href=page label="To the container" icon=icons::BOX/></div>
    }
    .into_any()
}

#[component]
fn State(detail: Signal<ContainerDetail>, url: String, here: RwSignal<String>) -> impl IntoView {
    let word = Memo::new(move |_| detail.with(|detail| word(&detail.summary)));
    let links = Memo::new(move |_| {
        let host = host_of(&url).unwrap_or_else(|| here.get());
        detail.with(|detail| links(&detail.summary, &host))
    });
    let shown = move || {
        let name = detail.with_untracked(|detail| detail.summary.name.clone());
        match word.get() {
            Word::Up => view! { <Callout tone=Tone::Good title=format!("{name} is up")><Links links=links/></Callout> }.into_any(),
            Word::Begins => view! { <Callout tone=Tone::Info title=format!("{name} starts")>"Its check has not passed yet."</Callout> }.into_any(),
            Word::Fails => {
                view! { <Callout tone=Tone::Warn title=format!("{name} runs, and its check fails")><Links links=links/></Callout> }.into_any()
            }
            Word::Ended => {
                let code = detail.with_untracked(|detail| detail.exit_code).unwrap_or_default();
                let why = format!("Exit code {code}. Its log says more.");
                view! { <Callout tone=Tone::Bad title=format!("{name} has ended")>{why}</Callout> }.into_any()
            }
        }
    };
    view! { <div role="status">{shown}</div> }.into_any()
}

#[component]
fn Links(links: Memo<Vec<(String, String)>>) -> impl IntoView {
    move || {
        let links = links.get();
        if links.is_empty() {
            return view! { <p>"It has no published port."</p> }.into_any();
        }
        let link = |(href, port): (String, String)| {
            let shown = href.clone();
            view! { <li><a href=href target="_blank" rel="external noopener noreferrer">{shown}</a>" for port "{port}</li> }
        };
        view! { <ul>{links.into_iter().map(link).collect_view()}</ul> }.into_any()
    }
}

/// How it stands with a container, as far as whoever has started it wants to know.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Begins,
    Up,
    Fails,
    Ended,
}

fn word(container: &Container) -> Word {
    match (container.state.as_str(), container.health.as_deref()) {
        ("exited" | "dead" | "removing", _) => Word::Ended,
        ("running" | "paused", Some("unhealthy")) => Word::Fails,
        ("running" | "paused", None | Some("healthy")) => Word::Up,
        _ => Word::Begins,
    }
}

/// The host of an engine's address; nothing for one on the machine of Pilothouse.
fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("tcp://").or_else(|| url.strip_prefix("tcp+plain://"))?;
    rest.rsplit_once(':').map(|(host, _)| host.to_owned())
}

/// Where the published ports are reached, and which port of the container each is. `host` is the engine's.
fn links(container: &Container, host: &str) -> Vec<(String, String)> {
    let mut links: Vec<(String, String)> = Vec::new();
    for port in container.ports.iter().filter(|port| port.protocol == "tcp") {
        let Some(published) = port.host else { continue };
        let host = match port.address.as_deref() {
            None | Some("" | "0.0.0.0" | "::") => host.to_owned(),
            Some(address) if address.contains(':') => format!("[{address}]"),
            Some(address) => address.to_owned(),
        };
        let scheme = if matches!(port.container, 443 | 8443) { "https" } else { "http" };
        let link = (format!("{scheme}://{host}:{published}"), port.container.to_string());
        // By both families of addresses it is one port.
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::containers::Port;

    fn container(state: &str, health: Option<&str>, ports: Vec<Port>) -> Container {
        Container {
            id: "c".into(),
            name: "web".into(),
            image: "web".into(),
            command: String::new(),
            state: state.into(),
            status: String::new(),
            health: health.map(str::to_owned),
            created_at: 0,
            project: None,
            service: None,
            labels: Default::default(),
            ports,
            networks: Vec::new(),
            usage: None,
        }
    }

    #[test]
    fn a_published_port_is_one_link() {
        let port =
            |container, host, address: &str, protocol: &str| Port { container, protocol: protocol.into(), host, address: Some(address.into()) };
        let ports = vec![
            port(80, Some(32768), "0.0.0.0", "tcp"),
            port(80, Some(32768), "::", "tcp"),
            port(443, Some(32769), "127.0.0.1", "tcp"),
            port(53, Some(53), "0.0.0.0", "udp"),
            port(90, None, "", "tcp"),
        ];
        let shown: Vec<String> = links(&container("running", None, ports), "h.example").into_iter().map(|(href, _)| href).collect();
        assert_eq!(shown, ["http://h.example:32768", "https://127.0.0.1:32769"]);
        assert_eq!(host_of("tcp://h.example:2376").as_deref(), Some("h.example"));
        assert_eq!((host_of("tcp://[::1]:2376").as_deref(), host_of("unix:///run/docker.sock")), (Some("[::1]"), None));
    }

    #[test]
    fn it_is_up_when_it_runs_and_its_check_passes() {
        let word = |state: &str, health: Option<&str>| word(&container(state, health, Vec::new()));
        assert_eq!((word("running", None), word("running", Some("healthy")), word("running", Some("starting"))), (Word::Up, Word::Up, Word::Begins));
        assert_eq!((word("running", Some("unhealthy")), word("exited", None), word("created", None)), (Word::Fails, Word::Ended, Word::Begins));
    }
}
