//! A robot's tokens: made, renewed with an overlap, revoked.

use leptos::prelude::*;

use super::rotate::Rotate;
use crate::api::people::{RobotTokenList, RobotTokenRevoke};
use crate::api::session::Token;
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::clock::now;
use crate::pages::account::NewToken;
use crate::ui::{Ask, Badge, Card, Confirm, Kind, Rows, SkeletonRows, Time, Tone, icons};
use crate::widgets::{GateButton, Loaded, use_act};

/// What stands above the list.
#[derive(Clone, PartialEq)]
enum Above {
    Nothing,
    New,
    Rotate(Token),
}

#[component]
pub(super) fn Tokens(robot: String) -> impl IntoView {
    let client = Client::get();
    let tokens = {
        let robot = robot.clone();
        Resource::new(|| (), move |()| client.call::<RobotTokenList>(&[&robot], &Empty {}))
    };
    let above = RwSignal::new(Above::Nothing);
    let after = Callback::new(move |()| tokens.refetch());
    let close = Callback::new(move |()| above.set(Above::Nothing));
    let begin = Callback::new(move |()| above.set(Above::New));
    let reason = Signal::derive(move || (above.get() != Above::Nothing).then(|| "finish with the token above first".to_owned()));
    let draw = {
        let robot = robot.clone();
        move || match above.get() {
            Above::Nothing => ().into_any(),
            Above::New => view! { <NewToken robot=robot.clone() made=after close=close/> }.into_any(),
            Above::Rotate(token) => view! { <Rotate robot=robot.clone() token=token made=after close=close/> }.into_any(),
        }
    };
    view! {
        {draw}
        <Card title="Tokens">
            <Loaded resource=tokens skeleton=|| view! { <SkeletonRows rows=2 columns=3/> } let:page>
                <Found robot=robot.clone() page=page above=above after=after/>
            </Loaded>
            <div><GateButton permission="system.robot.token" label="New token" icon=icons::PLUS reason=reason on_press=begin/></div>
        </Card>
    }
    .into_any()
}

#[component]
fn Found(robot: String, page: Signal<Page<Token>>, above: RwSignal<Above>, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || {
        let mut items = page.with(|page| page.items.clone());
        items.sort_by_key(|token| std::cmp::Reverse(token.created_at));
        items
    });
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let row = move |token| view! { <Line robot=robot.clone() token=token above=above after=after/> };
    view! {
        <Show when=move || any.get() fallback=|| view! { <p class="muted">"None yet: it cannot come in."</p> }>
            <ul class="held"><Rows items=items key=|token: &Token| token.id.clone() row=row.clone()/></ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(robot: String, token: Signal<Token>, above: RwSignal<Above>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let Token { id, name, engine, hint, .. } = token.get_untracked();
    let used = move || token.with(|token| token.last_used_at).map_or_else(|| "never used".into_any(), |at| view! { "used "<Time at=at/> }.into_any());
    let expires = move || match token.with(|token| token.expires_at) {
        None => "never ends".into_any(),
        Some(at) if at <= now() => view! { <Badge text="expired" tone=Tone::Warn/> }.into_any(),
        Some(at) => view! { "ends "<Time at=at/> }.into_any(),
    };
    let good_for = engine.map(|engine| view! { <Badge text=format!("engine {engine}")/> });
    let shown = name.clone();
    let (rotate_label, revoke_label) = (format!("Rotate {name}"), format!("Revoke {name}"));
    let rotate = Callback::new(move |()| above.set(Above::Rotate(token.get_untracked())));
    let revoke = Callback::new(move |()| {
        let (robot, id, name) = (robot.clone(), id.clone(), name.clone());
        let ask = Ask::new(format!("Revoke {name}?"), "Revoke")
            .loses("Everything that uses this token stops working at once.")
            .loses("Logs, terminals and other streams opened with it end.");
        confirm.ask(ask, move || act.run::<RobotTokenRevoke>(&[&robot, &id], &Empty {}, format!("Revoked {name}."), move |_| after.run(())));
    });
    view! {
        <li>
            <span>
                <strong>{shown}</strong>" "{good_for}
                <small>"ends in "<code>{hint}</code>", "{used}", "{expires}</small>
            </span>
            <span class="row-actions">
                <GateButton permission="system.robot.token" label=rotate_label kind=Kind::Quiet icon=icons::REFRESH icon_only=true on_press=rotate/>
                <GateButton permission="system.robot.token" label=revoke_label kind=Kind::Quiet icon=icons::TRASH icon_only=true on_press=revoke/>
            </span>
        </li>
    }
    .into_any()
}
