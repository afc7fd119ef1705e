//! One row of the list of engines.

use leptos::prelude::*;

use super::health::EngineHealth;
use super::remove::removal;
use crate::api::engines::{Engine, EngineInfo};
use crate::ui::format::{bytes, grouped};
use crate::ui::{Badge, Kind, Menu, MenuLink, icons};
use crate::widgets::GateItem;

const DECLARED: &str = "the settings file declares it: take it out there";

#[component]
pub(super) fn Row(engine: Signal<Engine>, after: Callback<()>) -> impl IntoView {
    let name = engine.with_untracked(|engine| engine.name.clone());
    let url = move || engine.with(|engine| engine.url.clone());
    let said = move |of: fn(&EngineInfo) -> String| engine.with(|engine| engine.info.as_ref().map(of));
    let system = move || said(|info| format!("{}, {}", info.os, info.arch));
    // Of an engine that never answered nothing is known.
    let known = move |of: fn(&EngineInfo) -> String| said(of).unwrap_or_else(|| "\u{2013}".to_owned());
    let labels = move || {
        let labels = engine.with(|engine| engine.labels.clone());
        labels.into_iter().map(|(name, value)| view! { <Badge text=if value.is_empty() { name } else { format!("{name}={value}") }/> }).collect_view()
    };
    let declared = Signal::derive(move || engine.with(|engine| engine.declared).then(|| DECLARED.to_owned()));
    let remove = removal(engine, move || after.run(()));
    let (href, edit, docker) = (format!("/on/{name}/containers"), format!("/on/{name}/edit"), format!("/use-docker?engine={name}"));
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href>{name.clone()}</a>
                <span class="sub mono" title=url>{url}</span>
            </td>
            <td data-label="Health" class="health"><EngineHealth engine=engine/></td>
            <td data-label="Docker">
                {move || known(|info| info.version.clone())}
                <span class="sub">{move || said(|info| format!("API {}", info.api_version))}</span>
            </td>
            <td data-label="Machine" class="machine">
                {move || known(|info| format!("{} CPUs, {}", info.cpus, bytes(info.memory)))}
                <span class="sub" title=system>{system}</span>
            </td>
            <td data-label="Containers" class="number">
                {move || known(|info| grouped(u64::from(info.containers)))}
                <span class="sub">{move || said(|info| format!("{} running", grouped(u64::from(info.running))))}</span>
            </td>
            <td data-label="Labels" class="labels">
                {labels}
                {move || engine.with(|engine| engine.url.starts_with("tcp+plain:")).then(|| view! { <Badge text="unencrypted" tone=crate::ui::Tone::Warn/> })}
                {move || engine.with(|engine| engine.declared).then(|| view! { <Badge text="declared" tone=crate::ui::Tone::Info/> })}
            </td>
            <td class="actions">
                <div class="row-actions">
                    <Menu id=format!("engine-{name}") label=format!("More for {name}") icon=icons::MORE icon_only=true kind=Kind::Quiet>
                        <MenuLink href=docker.clone() icon=icons::TERMINAL>"Use docker here"</MenuLink>
                        <MenuLink href=edit.clone() icon=icons::EDIT>{move || if declared.with(Option::is_some) { "Settings" } else { "Edit" }}</MenuLink>
                        <GateItem permission="system.engine.delete" label="Remove" icon=icons::TRASH danger=true reason=declared on_press=remove/>
                    </Menu>
                </div>
            </td>
        </tr>
    }
    .into_any()
}
