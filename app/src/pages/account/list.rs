//! One's own tokens.

use leptos::prelude::*;

use super::new_token::NewToken;
use crate::api::session::{Token, TokenList, TokenRevoke};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::clock::now;
use crate::ui::{Ask, Badge, Button, Confirm, EmptyState, Kind, LinkButton, PageHead, Rows, SkeletonRows, Time, Tone, icons};
use crate::widgets::{Loaded, use_act};

#[component]
pub fn Tokens() -> impl IntoView {
    let client = Client::get();
    let tokens = Resource::new(|| (), move |()| client.call::<TokenList>(&[], &Empty {}));
    let making = RwSignal::new(false);
    let begin = Callback::new(move |()| making.set(true));
    let close = Callback::new(move |()| making.set(false));
    let after = Callback::new(move |()| tokens.refetch());
    let reason = Signal::derive(move || making.get().then(|| "you are making one".to_owned()));
    view! {
        <PageHead title="Tokens" about=Signal::stored("Your keys for scripts and for docker. Each can do what you may do, and no more.".to_owned())>
            <LinkButton href="/use-docker" label="Use docker here" icon=icons::TERMINAL/>
            <Button label="New token" kind=Kind::Primary icon=icons::PLUS reason=reason on_press=begin/>
        </PageHead>
        <Show when=move || making.get()><NewToken made=after close=close/></Show>
        <Loaded resource=tokens skeleton=|| view! { <SkeletonRows rows=4 columns=5/> } let:page>
            <Found page=page begin=begin after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Token>>, begin: Callback<()>, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || {
        let mut items = page.with(|page| page.items.clone());
        items.sort_by_key(|token| std::cmp::Reverse(token.created_at));
        items
    });
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let detail = "A token lets a script or the docker command line in as you, without your password.".to_owned();
    let detail = Signal::stored(detail);
    view! {
        <Show
            when=move || any.get()
            fallback=move || view! {
                <EmptyState icon=icons::KEY title="No tokens" detail=detail>
                    <Button label="New token" kind=Kind::Primary icon=icons::PLUS on_press=begin/>
                    <LinkButton href="/use-docker" label="Use docker here" icon=icons::TERMINAL/>
                </EmptyState>
            }
        >
            <div class="table-box" tabindex="0" role="region" aria-label="Tokens">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Good for"</th>
                            <th scope="col">"Last used"</th>
                            <th scope="col">"Expires"</th>
                            <th scope="col">"Made"</th>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|token: &Token| token.id.clone() row=move |token| view! { <Row token=token after=after/> }/>
                    </tbody>
                </table>
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn Row(token: Signal<Token>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let Token { id, name, engine, created_at, hint, .. } = token.get_untracked();
    let used = move || token.with(|token| token.last_used_at).map_or_else(|| "never".into_any(), |at| view! { <Time at=at/> }.into_any());
    let expires = move || match token.with(|token| token.expires_at) {
        None => "never".into_any(),
        Some(at) if at <= now() => view! { <Badge text="expired" tone=Tone::Warn/> }.into_any(),
        Some(at) => view! { <Time at=at/> }.into_any(),
    };
    let shown = name.clone();
    let revoke_label = format!("Revoke {name}");
    let revoke = Callback::new(move |()| {
        let (id, name) = (id.clone(), name.clone());
        let ask = Ask::new(format!("Revoke {name}?"), "Revoke")
            .loses("Everything that uses this token stops working at once.")
            .loses("Logs, terminals and other streams opened with it end.");
        confirm.ask(ask, move || act.run::<TokenRevoke>(&[&id], &Empty {}, format!("Revoked {name}."), move |_| after.run(())));
    });
    view! {
        <tr>
            <td class="main"><span class="name">{shown}</span><span class="sub mono">"ends in "{hint}</span></td>
            <td data-label="Good for">{engine.map_or_else(|| "All you may do".to_owned(), |engine| format!("Engine {engine}"))}</td>
            <td data-label="Last used">{used}</td>
            <td data-label="Expires">{expires}</td>
            <td data-label="Made"><Time at=created_at/></td>
            <td class="actions"><Button label=revoke_label kind=Kind::Quiet icon=icons::TRASH icon_only=true on_press=revoke/></td>
        </tr>
    }
    .into_any()
}
