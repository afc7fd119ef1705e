//! One row of the list of containers.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::actions::{ContainerActions, container_tone};
use crate::api::containers::{Container, Port};
use crate::ui::format::{bytes, percent};
use crate::ui::{Badge, Meter, SelectRow, StateDot, Time, Tone};

#[component]
pub(super) fn Row(engine: Signal<String>, container: Signal<Container>, selected: RwSignal<BTreeSet<String>>, after: Callback<()>) -> impl IntoView {
    let id = container.with_untracked(|c| c.id.clone());
    let name = Signal::derive(move || container.with(|c| c.name.clone()));
    let image = Signal::derive(move || container.with(|c| c.image.clone()));
    let href = move || container.with(|c| format!("/on/{}/containers/{}", engine.get(), c.id));
    let tone = Signal::derive(move || {
        container.with(|c| match container_tone(&c.state, c.health.as_deref()) {
            Tone::Neutral if ended_badly(&c.status) => Tone::Warn,
            tone => tone,
        })
    });
    let state = Signal::derive(move || {
        container.with(|c| match c.health.as_deref() {
            Some(health) if c.state == "running" => format!("running, {health}"),
            _ => c.state.clone(),
        })
    });
    let status = Signal::derive(move || container.with(|c| without_health(&c.status).to_owned()));
    let project = move || container.with(|c| c.project.clone()).map(|project| view! { <Badge text=project/> });
    let ports = move || {
        let ports = container.with(|c| shown_ports(&c.ports));
        ports.into_iter().map(|port| view! { <code>{port}</code> }).collect_view()
    };
    let is_selected = {
        let id = id.clone();
        move || selected.with(|s| s.contains(&id))
    };
    view! {
        <tr class:selected=is_selected>
            <td class="select"><SelectRow id=id name=name selected=selected/></td>
            <td class="main">
                <a class="name" href=href title=move || name.get()>{move || name.get()}</a>
                <span class="sub" title=move || image.get()>{move || image.get()}</span>
            </td>
            <td data-label="State" class="state">
                <StateDot text=state tone=tone title=status/>
                <span class="sub">{move || status.get()}</span>
            </td>
            <td data-label="CPU" class="meter-cell"><Cpu container=container name=name/></td>
            <td data-label="Memory" class="meter-cell"><Memory container=container name=name/></td>
            <td data-label="Ports" class="ports">{ports}</td>
            <td data-label="Project">{project}</td>
            <td data-label="Created"><Time at=Signal::derive(move || container.with(|c| c.created_at))/></td>
            <td class="actions"><ContainerActions engine=engine container=container after=after/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Cpu(container: Signal<Container>, name: Signal<String>) -> impl IntoView {
    let cpu = Memo::new(move |_| container.with(|c| c.usage.map(|usage| usage.cpu_percent)));
    let label = Signal::derive(move || format!("CPU of {}", name.get()));
    move || cpu.get().map(|cpu| view! { <Meter share=cpu / 100.0 text=percent(cpu) label=label/> })
}

#[component]
fn Memory(container: Signal<Container>, name: Signal<String>) -> impl IntoView {
    let memory = Memo::new(move |_| container.with(|c| c.usage.map(|usage| (usage.memory, usage.memory_limit))));
    let label = Signal::derive(move || format!("Memory of {}", name.get()));
    move || {
        memory.get().map(|(used, limit)| {
            let share = if limit == 0 { 0.0 } else { used as f64 / limit as f64 };
            view! { <Meter share=share text=bytes(used) label=label/> }
        })
    }
}

/// The engine's words without the health, which is told beside the state: `Up 3 hours (healthy)`.
fn without_health(status: &str) -> &str {
    match status.split_once(" (") {
        Some((words, health)) if words.starts_with("Up ") && health.contains("health") => words,
        _ => status,
    }
}

/// `Exited (3) 5 minutes ago`: anything but zero.
fn ended_badly(status: &str) -> bool {
    let code = status.strip_prefix("Exited (").and_then(|rest| rest.split(')').next());
    code.is_some_and(|code| code != "0")
}

/// The ports one can reach, the same one on several addresses once; then how many are only exposed.
pub(super) fn shown_ports(ports: &[Port]) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for port in ports {
        let Some(host) = port.host else { continue };
        let open = match port.address.as_deref() {
            None | Some("" | "0.0.0.0" | "::") => String::new(),
            Some(address) => format!("{address}:"),
        };
        let protocol = if port.protocol == "tcp" { String::new() } else { format!("/{}", port.protocol) };
        let text = format!("{open}{host} \u{2192} {}{protocol}", port.container);
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{ended_badly, shown_ports, without_health};
    use crate::api::containers::Port;

    fn port(container: u16, host: Option<u16>, address: Option<&str>, protocol: &str) -> Port {
        Port { container, host, address: address.map(Into::into), protocol: protocol.into() }
    }

    #[test]
    fn the_engines_words_say_nothing_twice() {
        assert_eq!(without_health("Up 3 hours (healthy)"), "Up 3 hours");
        assert_eq!(without_health("Up 2 seconds (health: starting)"), "Up 2 seconds");
        assert_eq!(without_health("Up 3 hours (Paused)"), "Up 3 hours (Paused)");
        assert_eq!(without_health("Exited (0) 5 minutes ago"), "Exited (0) 5 minutes ago");
        assert!(ended_badly("Exited (137) 5 minutes ago") && !ended_badly("Exited (0) 5 minutes ago") && !ended_badly("Created"));
    }

    #[test]
    fn a_port_on_both_families_is_shown_once() {
        let ports = [
            port(80, Some(8080), Some("0.0.0.0"), "tcp"),
            port(80, Some(8080), Some("::"), "tcp"),
            port(53, Some(53), Some("127.0.0.1"), "udp"),
            port(9000, None, None, "tcp"),
        ];
        assert_eq!(shown_ports(&ports), ["8080 \u{2192} 80", "127.0.0.1:53 \u{2192} 53/udp"]);
    }
}
