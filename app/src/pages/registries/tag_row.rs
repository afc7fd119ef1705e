//! One row of the list of tags.

use leptos::prelude::*;

use super::copy_job::Source;
use super::delete::Doomed;
use super::repository::Shared;
use crate::api::repositories::Tag;
use crate::ui::format::{bytes, count, short_id};
use crate::ui::{CopyButton, Kind, Menu, MenuItem, SelectRow, Time, icons};
use crate::widgets::{UsedBy, Within, use_me};

/// What stands where nothing is known.
const UNKNOWN: &str = "\u{2013}";

#[component]
pub(super) fn TagRow(shared: Shared, tag: Signal<Tag>) -> impl IntoView {
    let name = tag.with_untracked(|tag| tag.name.clone());
    let href = shared.at.with_value(|at| at.image_page(&name));
    let platforms = Signal::derive(move || tag.with(|tag| tag.manifest.as_ref().map(|manifest| manifest.platforms.clone()).unwrap_or_default()));
    let size = move || tag.with(|tag| tag.manifest.as_ref().map_or_else(|| UNKNOWN.to_owned(), |manifest| bytes(manifest.size)));
    let is_chosen = {
        let name = name.clone();
        move || shared.selected.with(|selected| selected.contains(&name))
    };
    let runs = {
        let href = href.clone();
        move || match tag.with(|tag| tag.runs) {
            0 => view! { <span class="none">"Nothing"</span> }.into_any(),
            n => view! { <a href=href.clone()>{count(n as usize, "container")}</a> }.into_any(),
        }
    };
    view! {
        <tr class:selected=is_chosen>
            <td class="select"><SelectRow id=name.clone() name=name.clone() selected=shared.selected/></td>
            <td class="main"><a class="name" href=href title=name.clone()>{name.clone()}</a></td>
            <td data-label="Digest"><Digest tag=tag/></td>
            <td data-label="Platforms"><UsedBy names=platforms none=UNKNOWN/></td>
            <td data-label="Size" class="number">{size}</td>
            <td data-label="Made"><Made tag=tag/></td>
            <td data-label="Pushed by"><PushedBy tag=tag/></td>
            <td data-label="Runs">{runs}</td>
            <td class="actions"><Actions shared=shared name=name/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Digest(tag: Signal<Tag>) -> impl IntoView {
    let known = Memo::new(move |_| tag.with(|tag| tag.manifest.as_ref().map(|manifest| manifest.digest.clone()).ok_or_else(|| tag.problem.clone())));
    move || match known.get() {
        Ok(digest) => view! {
            <span class="with-copy"><code title=digest.clone()>{short_id(&digest)}</code><CopyButton text=digest label="Copy the digest"/></span>
        }
        .into_any(),
        Err(problem) => view! { <span class="none">{problem.unwrap_or_else(|| "Not known".to_owned())}</span> }.into_any(),
    }
}

#[component]
fn Made(tag: Signal<Tag>) -> impl IntoView {
    let at = Memo::new(move |_| tag.with(|tag| tag.manifest.as_ref().and_then(|manifest| manifest.created_at)));
    move || match at.get() {
        Some(at) => view! { <Time at=at/> }.into_any(),
        None => view! { <span class="none" title="It does not say when it was made.">{UNKNOWN}</span> }.into_any(),
    }
}

#[component]
fn PushedBy(tag: Signal<Tag>) -> impl IntoView {
    let pushed = Memo::new(move |_| tag.with(|tag| tag.pushed.clone()));
    move || match pushed.get() {
        Some(pushed) => view! {
            <span>
                <a href=format!("/audit?record={}", pushed.record) title="Its record in the trail">{pushed.by}</a>
                <span class="sub"><Time at=pushed.at/></span>
            </span>
        }
        .into_any(),
        None => view! { <span class="none" title="The trail has nothing of it that you may read.">{UNKNOWN}</span> }.into_any(),
    }
}

#[component]
fn Actions(shared: Shared, name: String) -> impl IntoView {
    let (registry, repository) = shared.at.with_value(|at| (at.registry.clone(), at.repository.clone()));
    let me = use_me();
    // Where it may be copied to is asked for in the dialog.
    let looking = Signal::stored(me.viewer().map(|_| "go back to your own rights first".to_owned()));
    let undeletable = Signal::stored(me.cannot_change(&["registry.repository.delete"], Within::Repository(&registry, &repository)));
    let source = Source { registry: registry.clone(), repository: repository.clone(), reference: name.clone() };
    let doomed = Doomed { registry, repository, reference: name.clone() };
    let copy = Callback::new(move |()| shared.copied.set(Some(source.clone())));
    let delete = Callback::new(move |()| shared.doomed.set(Some(doomed.clone())));
    view! {
        <div class="row-actions">
            <Menu id=format!("tag-{name}") label=format!("More for {name}") icon=icons::MORE icon_only=true kind=Kind::Quiet>
                <MenuItem label="Copy or promote" icon=icons::COPY reason=looking on_press=copy/>
                <MenuItem label="Delete" icon=icons::TRASH danger=true reason=undeletable on_press=delete/>
            </Menu>
        </div>
    }
    .into_any()
}
