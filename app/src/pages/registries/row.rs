//! One row of the list of registries.

use leptos::prelude::*;

use super::address;
use super::remove::removal;
use crate::api::registries::Registry;
use crate::ui::{Badge, Kind, Menu, MenuLink, Tone, icons};
use crate::widgets::GateItem;

const DECLARED: &str = "the settings file declares it: take it out there";

#[component]
pub(super) fn Row(registry: Signal<Registry>, after: Callback<()>) -> impl IntoView {
    let name = registry.with_untracked(|registry| registry.name.clone());
    let url = move || registry.with(|registry| registry.settings.url.clone());
    let username = move || registry.with(|registry| registry.username.clone()).unwrap_or_else(|| "Nobody".to_owned());
    let labels = move || {
        let labels = registry.with(|registry| registry.labels.clone());
        labels.into_iter().map(|(name, value)| view! { <Badge text=if value.is_empty() { name } else { format!("{name}={value}") }/> }).collect_view()
    };
    let plain = move || registry.with(|registry| registry.settings.url.starts_with("http:"));
    let declared = Signal::derive(move || registry.with(|registry| registry.declared).then(|| DECLARED.to_owned()));
    let remove = removal(registry, move || after.run(()));
    let href = address::registry(&name);
    let edit = format!("{href}/edit");
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href>{name.clone()}</a>
                <span class="sub mono" title=url>{url}</span>
            </td>
            <td data-label="Pilothouse is there">{username}</td>
            <td data-label="Labels" class="labels">
                {labels}
                {move || plain().then(|| view! { <Badge text="unencrypted" tone=Tone::Warn/> })}
                {move || declared.with(Option::is_some).then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
            </td>
            <td class="actions">
                <div class="row-actions">
                    <Menu id=format!("registry-{name}") label=format!("More for {name}") icon=icons::MORE icon_only=true kind=Kind::Quiet>
                        <MenuLink href=edit.clone() icon=icons::EDIT>{move || if declared.with(Option::is_some) { "Settings" } else { "Edit" }}</MenuLink>
                        <GateItem permission="registry.registry.delete" label="Remove" icon=icons::TRASH danger=true reason=declared on_press=remove/>
                    </Menu>
                </div>
            </td>
        </tr>
    }
    .into_any()
}
