//! What a container is, at a glance.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::origin::CameFrom;
use super::row::shown_ports;
use crate::api::containers::{Attachment, ContainerDetail, Mount};
use crate::api::fill;
use crate::ui::format::short_id;
use crate::ui::{Badge, Button, Callout, Card, CopyButton, Facts, Kind, Time, Tone, icons};

#[component]
pub(super) fn Summary(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    view! {
        <div class="stack">
            <Ended detail=detail/>
            <div class="columns">
                <div class="stack">
                    <Card title="What runs"><What engine=engine detail=detail/></Card>
                    <Card title="How it lives"><Life detail=detail/></Card>
                </div>
                <div class="stack">
                    <Card title="How it is reached"><Reach engine=engine detail=detail/></Card>
                    <Card title="Mounts"><Mounts engine=engine detail=detail/></Card>
                </div>
            </div>
            <div class="columns">
                <Card title="Environment"><Environment detail=detail/></Card>
                <Card title="Labels"><Labels detail=detail/></Card>
            </div>
        </div>
    }
    .into_any()
}

/// Why it does not run any more, when it did not end well.
#[component]
fn Ended(detail: Signal<ContainerDetail>) -> impl IntoView {
    let why = Memo::new(move |_| detail.with(|detail| failure(&detail.summary.state, detail.exit_code)));
    move || why.get().map(|why| view! { <Callout tone=Tone::Warn title="It did not end well">{why}</Callout> })
}

/// What an exit code says, as far as it says anything.
fn failure(state: &str, code: Option<i64>) -> Option<String> {
    let code = code.filter(|code| *code != 0 && matches!(state, "exited" | "dead"))?;
    let meaning = match code {
        125 => "The engine could not start it.",
        126 => "Its command cannot be executed.",
        127 => "Its command was not found in the image.",
        137 => "It was killed: by hand, or because memory ran out.",
        139 => "It crashed: it reached for memory that is not its own.",
        143 => "It was asked to stop, and did.",
        _ => "Its log may say more.",
    };
    Some(format!("Exit code {code}. {meaning}"))
}

#[component]
fn What(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let id = Memo::new(move |_| detail.with(|detail| detail.summary.id.clone()));
    let image = Memo::new(move |_| detail.with(|detail| detail.summary.image.clone()));
    let image_href = move || fill("/on/{engine}/images/{id}", &[&engine.get(), &image.get()]);
    let command = move || detail.with(|detail| detail.summary.command.clone());
    let project = move || {
        detail.with(|detail| (detail.summary.project.clone(), detail.summary.service.clone())).0.map(|project| {
            let service = detail.with(|detail| detail.summary.service.clone()).map(|service| format!(" / {service}")).unwrap_or_default();
            view! { <dt>"Project"</dt><dd>{project}{service}</dd> }
        })
    };
    view! {
        <Facts>
            <dt>"Image"</dt>
            <dd><a class="mono" href=image_href>{move || image.get()}</a></dd>
            <CameFrom engine=engine detail=detail/>
            <dt>"Command"</dt>
            <dd><code>{command}</code></dd>
            <dt>"Id"</dt>
            <dd class="with-copy"><code>{move || id.with(|id| short_id(id))}</code><CopyButton text=id label="Copy the id"/></dd>
            {project}
            <dt>"Terminal"</dt>
            <dd>{move || if detail.with(|detail| detail.tty) { "Yes: its output is one stream" } else { "No" }}</dd>
        </Facts>
    }
    .into_any()
}

#[component]
fn Life(detail: Signal<ContainerDetail>) -> impl IntoView {
    let moment = move |of: fn(&ContainerDetail) -> Option<i64>| {
        move || match detail.with(of) {
            Some(at) => view! { <Time at=at/> }.into_any(),
            None => view! { <span class="none">"Never"</span> }.into_any(),
        }
    };
    let ended = move || {
        let (state, at, code) = detail.with(|detail| (detail.summary.state.clone(), detail.finished_at, detail.exit_code));
        let at = at.filter(|_| state != "running")?;
        let code = code.map(|code| format!(", exit code {code}"));
        Some(view! { <dt>"Ended"</dt><dd><Time at=at/>{code}</dd> })
    };
    view! {
        <Facts>
            <dt>"State"</dt>
            <dd>{move || detail.with(|detail| detail.summary.status.clone())}</dd>
            <dt>"Created"</dt>
            <dd>{moment(|detail| Some(detail.summary.created_at))}</dd>
            <dt>"Started"</dt>
            <dd>{moment(|detail| detail.started_at)}</dd>
            {ended}
            <dt>"Restarts by itself"</dt>
            <dd>{move || detail.with(|detail| policy(&detail.restart_policy, detail.restart_count))}</dd>
        </Facts>
    }
    .into_any()
}

/// `When it fails; has done so 3 times`.
fn policy(name: &str, count: i64) -> String {
    let words = match name {
        "" | "no" => "Never",
        "always" => "Always",
        "unless-stopped" => "Always, unless it was stopped",
        name if name.starts_with("on-failure") => "When it fails",
        other => other,
    };
    match count {
        ..=0 => words.to_owned(),
        1 => format!("{words}; has done so once"),
        count => format!("{words}; has done so {count} times"),
    }
}

#[component]
fn Reach(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let ports = move || {
        let (open, inner) = detail.with(|detail| (shown_ports(&detail.summary.ports), only_inside(detail)));
        if open.is_empty() && inner.is_empty() {
            return view! { <span class="none">"None"</span> }.into_any();
        }
        let open = open.into_iter().map(|port| view! { <li><code>{port}</code></li> }).collect_view();
        let inner = inner.into_iter().map(|port| view! { <li><code>{port}</code>" inside its networks"</li> }).collect_view();
        view! { <ul>{open}{inner}</ul> }.into_any()
    };
    let network = move |Attachment { network, address, aliases }: Attachment| {
        let href = fill("/on/{engine}/networks/{id}", &[&engine.get(), &network]);
        let aliases = (!aliases.is_empty()).then(|| view! { <small>{format!("also as {}", aliases.join(", "))}</small> });
        view! { <li><a href=href>{network}</a>" "<code>{address}</code>{aliases}</li> }
    };
    let networks = move || {
        let networks = detail.with(|detail| detail.networks.clone());
        if networks.is_empty() {
            return view! { <span class="none">"None"</span> }.into_any();
        }
        view! { <ul>{networks.into_iter().map(network).collect_view()}</ul> }.into_any()
    };
    view! {
        <Facts>
            <dt>"Ports"</dt>
            <dd>{ports}</dd>
            <dt>"Networks"</dt>
            <dd>{networks}</dd>
        </Facts>
    }
    .into_any()
}

/// The ports that only its networks reach.
fn only_inside(detail: &ContainerDetail) -> Vec<String> {
    let inside = detail.summary.ports.iter().filter(|port| port.host.is_none());
    inside.map(|port| format!("{}/{}", port.container, port.protocol)).collect()
}

#[component]
fn Mounts(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let mount = move |Mount { kind, source, destination, writable }: Mount| {
        let source = if kind == "volume" {
            let filter = fill("{q}", &[&source]);
            let href = format!("/on/{}/volumes?q={filter}", engine.get());
            view! { <a href=href>{source}</a> }.into_any()
        } else {
            view! { <code>{source}</code> }.into_any()
        };
        view! {
            <li>
                <code>{destination}</code>
                <span class="mount-source"><Badge text=kind/>{source}{(!writable).then_some(" read only")}</span>
            </li>
        }
    };
    move || {
        let mounts = detail.with(|detail| detail.mounts.clone());
        if mounts.is_empty() {
            let note = "None. What it writes is lost when it is removed.";
            return view! { <p class="none">{note}</p> }.into_any();
        }
        view! { <ul class="mounts">{mounts.into_iter().map(mount).collect_view()}</ul> }.into_any()
    }
}

/// Values are hidden until asked for: passwords often stand there.
#[component]
fn Environment(detail: Signal<ContainerDetail>) -> impl IntoView {
    let shown = RwSignal::new(false);
    let env = Memo::new(move |_| detail.with(|detail| detail.env.iter().map(|line| variable(line)).collect::<Vec<_>>()));
    let label = Signal::derive(move || if shown.get() { "Hide the values" } else { "Show the values" }.to_owned());
    let row = move |(name, value): (String, String)| {
        let value = if shown.get() { value } else { "\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}".to_owned() };
        view! { <dt class="mono">{name}</dt><dd class="mono">{value}</dd> }
    };
    move || {
        if env.with(Vec::is_empty) {
            return view! { <p class="none">"None."</p> }.into_any();
        }
        view! {
            <div class="card-tool"><Button label=label kind=Kind::Quiet icon=icons::KEY on_press=Callback::new(move |()| shown.update(|s| *s = !*s))/></div>
            <Facts>{move || env.get().into_iter().map(row).collect_view()}</Facts>
        }
        .into_any()
    }
}

fn variable(line: &str) -> (String, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    (name.to_owned(), value.to_owned())
}

#[component]
fn Labels(detail: Signal<ContainerDetail>) -> impl IntoView {
    let labels = Memo::new(move |_| detail.with(|detail| detail.summary.labels.clone()));
    move || label_list(labels.get())
}

/// Labels as names and values.
pub(in crate::pages) fn label_list(labels: BTreeMap<String, String>) -> AnyView {
    if labels.is_empty() {
        return view! { <p class="none">"None."</p> }.into_any();
    }
    let rows = labels.into_iter().map(|(name, value)| view! { <dt class="mono">{name}</dt><dd class="mono">{value}</dd> }).collect_view();
    view! { <Facts>{rows}</Facts> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::{failure, policy, variable};

    #[test]
    fn only_a_bad_end_is_told() {
        assert_eq!(failure("running", Some(1)), None);
        assert_eq!(failure("exited", Some(0)), None);
        assert_eq!(failure("exited", None), None);
        assert!(failure("exited", Some(137)).is_some_and(|why| why.starts_with("Exit code 137. It was killed")));
    }

    #[test]
    fn a_policy_is_a_sentence() {
        assert_eq!(policy("no", 0), "Never");
        assert_eq!(policy("on-failure:3", 2), "When it fails; has done so 2 times");
        assert_eq!(policy("always", 1), "Always; has done so once");
    }

    #[test]
    fn a_variable_may_hold_an_equals_sign() {
        assert_eq!(variable("A=b=c"), ("A".into(), "b=c".into()));
        assert_eq!(variable("A"), ("A".into(), String::new()));
    }
}
