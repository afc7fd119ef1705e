//! Choosing permissions: in groups, searched, each with what it lets through.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::group::Lets;
use crate::api::people::PermissionInfo;
use crate::pages::access::by_area;
use crate::ui::format::count;
use crate::ui::{Button, Kind, SearchBox};

type Chosen = RwSignal<BTreeSet<String>>;

#[component]
pub(super) fn Picker(permissions: Vec<PermissionInfo>, chosen: Chosen, #[prop(into)] error: Signal<Option<String>>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let wanted = Memo::new(move |_| words.with(|words| words.to_lowercase()));
    let total = move || format!("{} chosen", count(chosen.with(BTreeSet::len), "permission"));
    let texts: Vec<String> = permissions.iter().map(text).collect();
    let nothing = Memo::new(move |_| wanted.with(|wanted| !texts.iter().any(|text| fits(text, wanted))));
    let areas = by_area(permissions, |permission| &permission.name)
        .into_iter()
        .map(|(area, permissions)| view! { <Area area=area permissions=permissions chosen=chosen wanted=wanted/> })
        .collect_view();
    view! {
        <fieldset class="picker">
            <legend>"Permissions"</legend>
            <div class="toolbar">
                <SearchBox label="Search permissions and operations" value=words on_change=Callback::new(move |found: String| words.set(found))/>
                <span class="muted" role="status">{total}</span>
            </div>
            <p class="field-error" role="alert">{move || error.get()}</p>
            <div class="areas">{areas}</div>
            <Show when=move || nothing.get()><p class="muted">"No permission fits."</p></Show>
        </fieldset>
    }
    .into_any()
}

/// What a permission is found by.
fn text(permission: &PermissionInfo) -> String {
    format!("{} {}", permission.name, permission.lets.join(" ")).to_lowercase()
}

fn fits(text: &str, wanted: &str) -> bool {
    wanted.split_whitespace().all(|word| text.contains(word))
}

#[component]
fn Area(area: String, permissions: Vec<PermissionInfo>, chosen: Chosen, wanted: Memo<String>) -> impl IntoView {
    let names: StoredValue<Vec<String>> = StoredValue::new(permissions.iter().map(|permission| permission.name.clone()).collect());
    let texts: Vec<String> = permissions.iter().map(text).collect();
    let found = Memo::new(move |_| wanted.with(|wanted| texts.iter().any(|text| fits(text, wanted))));
    let searching = move || wanted.with(|wanted| !wanted.is_empty()) && found.get();
    let held = move || {
        let held = chosen.with(|chosen| names.with_value(|names| names.iter().filter(|name| chosen.contains(*name)).count()));
        format!("{held} of {}", names.with_value(Vec::len))
    };
    let all = Callback::new(move |()| chosen.update(|chosen| names.with_value(|names| chosen.extend(names.iter().cloned()))));
    let none = Callback::new(move |()| chosen.update(|chosen| names.with_value(|names| chosen.retain(|name| !names.contains(name)))));
    let (all_label, none_label) = (format!("All of {area}"), format!("None of {area}"));
    let lines = permissions.into_iter().map(|permission| view! { <Line permission=permission chosen=chosen wanted=wanted/> }).collect_view();
    view! {
        <details class="area" open=searching hidden=move || !found.get()>
            <summary><span>{area}</span><small>{held}</small></summary>
            <div class="area-actions">
                <Button label=all_label kind=Kind::Quiet on_press=all/>
                <Button label=none_label kind=Kind::Quiet on_press=none/>
            </div>
            <ul class="area-list">{lines}</ul>
        </details>
    }
    .into_any()
}

#[component]
fn Line(permission: PermissionInfo, chosen: Chosen, wanted: Memo<String>) -> impl IntoView {
    let name = permission.name.clone();
    let text = text(&permission);
    let checked = {
        let name = name.clone();
        move || chosen.with(|chosen| chosen.contains(&name))
    };
    let change = {
        let name = name.clone();
        move |on: bool| {
            chosen.update(|chosen| {
                if on {
                    chosen.insert(name.clone());
                } else {
                    chosen.remove(&name);
                }
            });
        }
    };
    view! {
        <li hidden=move || wanted.with(|wanted| !fits(&text, wanted))>
            <label class="checkbox">
                <input type="checkbox" prop:checked=checked on:change:target=move |event| change(event.target().checked())/>
                <span><code>{name}</code>" "<Lets permission=permission/></span>
            </label>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn all_words_must_occur() {
        let text = "engine.container.start post /containers/{id}/start";
        assert!(fits(text, "") && fits(text, "container start") && fits(text, "post /containers"));
        assert!(!fits(text, "container stop"));
    }
}
