//! The list of robots.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::people::{Robot, RobotList};
use crate::client::Client;
use crate::pages::access::AccessTabs;
use crate::ui::palette::Command;
use crate::ui::{EmptyState, Kind, PageHead, SearchBox, SkeletonRows, StateDot, Time, Tone, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands};

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
    view! {
        <Paged
            page=page
            state=state
            label="Robots"
            thing="robot"
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Tokens"</th>
                <th scope="col">"State"</th>
                <th scope="col">"Since"</th>
            }
            key=|robot: &Robot| robot.name.clone()
            row=move |robot| view! { <Row robot=robot/> }
            none_fits="No robot fits"
            none=move || view! {
                <EmptyState icon=icons::KEY title="No robots" detail=Signal::stored("A build, a script or a monitor signs in with a token of its own, with no more than it needs.".to_owned())>
                    <GateLink permission="system.robot.create" href="/add/robot" label="Add a robot" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
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
