//! The list of robots.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::people::{Robot, RobotList};
use crate::client::Client;
use crate::pages::access::AccessTabs;
use crate::ui::format::count;
use crate::ui::palette::Command;
use crate::ui::{Button, EmptyState, Kind, PageHead, Pager, Rows, SearchBox, SkeletonRows, StateDot, Time, Tone, icons};
use crate::widgets::{GateLink, ListState, Loaded, offer_commands};

#[component]
pub fn Robots() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let robots = Resource::new(move || query.get(), move |query| client.call::<RobotList>(&[], &query));
    offer_commands(|| vec![Command::go("Here", "Add a robot", "", icons::PLUS, "/add/robot")]);
    view! {
        <AccessTabs/>
        <PageHead title="Robots" about=Signal::stored("Accounts of machines: they have tokens, and neither a password nor a session.".to_owned())>
            <GateLink permission="system.robot.create" href="/add/robot" label="Add a robot" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search robots" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=robots skeleton=|| view! { <SkeletonRows rows=4 columns=4/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Robot>>, state: ListState) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    let summary = Signal::derive(move || page.with(|page| count(page.total.unwrap_or_default() as usize, "robot")));
    let on_next = Callback::new(move |()| {
        if let Some(next) = next.get_untracked() {
            state.next(&next);
        }
    });
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Robots">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Tokens"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Since"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|robot: &Robot| robot.name.clone() row=move |robot| view! { <Row robot=robot/> }/>
                    </tbody>
                </table>
            </div>
            <Pager
                summary=summary
                has_previous=state.has_previous()
                has_next=Signal::derive(move || next.with(Option::is_some))
                on_previous=Callback::new(move |()| state.previous())
                on_next=on_next
            />
        </Show>
    }
    .into_any()
}

#[component]
fn Row(robot: Signal<Robot>) -> impl IntoView {
    let (name, declared) = robot.with_untracked(|robot| (robot.name.clone(), robot.declared));
    let disabled = Memo::new(move |_| robot.with(|robot| robot.disabled));
    let state = Signal::derive(move || if disabled.get() { "Disabled" } else { "Active" }.to_owned());
    let tone = Signal::derive(move || if disabled.get() { Tone::Neutral } else { Tone::Good });
    let tokens = move || match robot.with(|robot| robot.tokens) {
        0 => "None".to_owned(),
        some => some.to_string(),
    };
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/robots/{name}")>{name.clone()}</a>
                {declared.then(|| view! { <span class="sub">"Declared in the settings file"</span> })}
            </td>
            <td data-label="Tokens">{tokens}</td>
            <td data-label="State"><StateDot text=state tone=tone/></td>
            <td data-label="Since"><Time at=Signal::derive(move || robot.with(|robot| robot.created_at))/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            return view! {
                <EmptyState icon=icons::SEARCH title="No robot fits">
                    <Button label="Show all" on_press=Callback::new(move |()| state.clear())/>
                </EmptyState>
            }
            .into_any();
        }
        let detail = "A build, a script or a monitor signs in with a token of its own, with no more than it needs.".to_owned();
        view! {
            <EmptyState icon=icons::KEY title="No robots" detail=Signal::stored(detail)>
                <GateLink permission="system.robot.create" href="/add/robot" label="Add a robot" kind=Kind::Primary icon=icons::PLUS/>
            </EmptyState>
        }
        .into_any()
    }
}
