//! The list of recordings, newest first, a page at a time.

use leptos::prelude::*;

use super::words::{lasted, opened};
use crate::api::Page;
use crate::api::recordings::{Recording, RecordingList, RecordingQuery};
use crate::client::Client;
use crate::ui::format::{bytes, count};
use crate::ui::{Badge, Button, EmptyState, Kind, LinkButton, PageHead, SearchBox, SkeletonRows, Time, Tone, icons};
use crate::widgets::{ListState, Loaded, Paged, use_engines};

const FACETS: &[&str] = &["user", "engine", "running"];

/// What to ask the API for.
fn query(state: ListState) -> Memo<RecordingQuery> {
    let (page, words) = (state.query(), state.words());
    let [user, engine, running] = ["user", "engine", "running"].map(|name| state.facet(name));
    let set = |text: String| (!text.is_empty()).then_some(text);
    Memo::new(move |_| RecordingQuery {
        limit: None,
        after: page.with(|page| page.after.clone()),
        user: set(user.get()),
        engine: set(engine.get()),
        container: set(words.get()),
        running: match running.get().as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
    })
}

#[component]
pub fn Recordings() -> impl IntoView {
    let state = ListState::in_address("", FACETS);
    let query = query(state);
    let client = Client::get();
    let recordings = Resource::new(move || query.get(), move |query| client.call::<RecordingList>(&[], &query));
    // It is not read again by itself: each reading is a line of the trail.
    let again = Callback::new(move |()| recordings.refetch());
    let about = "What passed through terminals: in the console, by docker exec and by docker attach.".to_owned();
    view! {
        <PageHead title="Recordings" about=Signal::stored(about)>
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
            <LinkButton href="/recording-rules" label="What is recorded" icon=icons::FILTER/>
        </PageHead>
        <Filters state=state/>
        <Loaded resource=recordings skeleton=|| view! { <SkeletonRows rows=10 columns=6/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Filters(state: ListState) -> impl IntoView {
    let (user, engine, running) = (state.facet("user"), state.facet("engine"), state.facet("running"));
    let engines = use_engines();
    let options = move || {
        let mut names: Vec<String> = engines.map(|engines| engines.all().into_iter().map(|engine| engine.name).collect()).unwrap_or_default();
        let now = engine.get();
        if !now.is_empty() && !names.contains(&now) {
            names.push(now.clone());
        }
        names.into_iter().map(|name| view! { <option value=name.clone() selected=name == now>{name.clone()}</option> }).collect_view()
    };
    let runs = move |value: &'static str, words: &'static str| {
        view! { <option value=value selected=move || running.with(|now| now == value)>{words}</option> }
    };
    view! {
        <div class="toolbar">
            <SearchBox label="Search containers" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <input class="input words recording-user" aria-label="User" placeholder="User" autocomplete="off" autocapitalize="off" spellcheck="false"
                prop:value=move || user.get() on:change:target=move |event| state.set_facet("user", event.target().value().trim())/>
            <select class="input" aria-label="Engine" prop:value=move || engine.get() on:change:target=move |event| state.set_facet("engine", &event.target().value())>
                <option value="">"Any engine"</option>
                <Transition>{options}</Transition>
            </select>
            <select class="input" aria-label="State" prop:value=move || running.get() on:change:target=move |event| state.set_facet("running", &event.target().value())>
                {runs("", "Running or ended")}{runs("yes", "Running")}{runs("no", "Ended")}
            </select>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </div>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Recording>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "recording"))));
    view! {
        <Paged
            page=page
            state=state
            label="Recordings"
            summary=summary
            head=move || view! {
                <th scope="col">"Container"</th>
                <th scope="col">"Who"</th>
                <th scope="col">"How"</th>
                <th scope="col">"State"</th>
                <th scope="col" class="number">"Size"</th>
                <th scope="col">"Began"</th>
            }
            key=|recording: &Recording| recording.id.to_string()
            row=move |recording| view! { <Row recording=recording/> }
            none_fits="No recording fits"
            none_fits_detail="Users and engines are matched whole; a container by part of its name."
            none=move || view! {
                <EmptyState icon=icons::TERMINAL title="Nothing is recorded yet"
                    detail=Signal::stored("Terminals in containers show up here, unless a rule says that they are not recorded.".to_owned())/>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(recording: Signal<Recording>) -> impl IntoView {
    let href = format!("/recordings/{}", recording.with_untracked(|recording| recording.id));
    let of = move |get: fn(&Recording) -> String| recording.with(get);
    let (text, tone) = (Signal::derive(move || recording.with(state).0), Signal::derive(move || recording.with(state).1));
    let at = recording.with_untracked(|recording| recording.started_at);
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href>{move || of(|recording| recording.container.clone())}</a>
                <span class="sub">{move || of(|recording| format!("on {}", recording.engine))}</span>
            </td>
            <td data-label="Who">{move || of(|recording| recording.user.clone())}</td>
            <td data-label="How">{move || recording.with(|recording| opened(&recording.operation))}</td>
            <td data-label="State" class="labels">
                <Badge text=text tone=tone/>
                {move || recording.with(|recording| recording.lost > 0).then(|| view! { <Badge text="not whole" tone=Tone::Warn/> })}
            </td>
            <td data-label="Size" class="number">{move || of(|recording| bytes(recording.bytes))}</td>
            <td data-label="Began"><Time at=at/></td>
        </tr>
    }
    .into_any()
}

fn state(recording: &Recording) -> (String, Tone) {
    if recording.running {
        return ("running".to_owned(), Tone::Good);
    }
    if recording.cut {
        return ("cut short".to_owned(), Tone::Warn);
    }
    (format!("ended after {}", lasted(recording).unwrap_or_default()), Tone::Neutral)
}
