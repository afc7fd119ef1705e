//! What one proves with at the sign-in besides the password: the list, and what adds to it.

mod codes;
mod passkey;
mod prove;
mod totp;

use leptos::prelude::*;

use codes::{CodesOnce, RecoveryCodesLeft};
use passkey::AddPasskey;
use prove::{Deed, Prove};
use totp::AddApp;

use crate::api::factors::{Factor, FactorAdded, FactorList, Factors};
use crate::api::{Empty, Problem};
use crate::client::Client;
use crate::ui::{Badge, Button, Callout, Card, Kind, Rows, SkeletonText, Time, Toasts, Tone, icons};
use crate::widgets::{Loaded, use_me};

type Read = Resource<Result<Factors, Problem>>;

/// What is being done on the card.
#[derive(Clone, PartialEq)]
enum Doing {
    Nothing,
    App,
    Passkey,
    /// Recovery codes are shown, this once.
    Codes(Vec<String>),
}

/// What the parts of the card share.
#[derive(Clone, Copy)]
struct Desk {
    read: Read,
    doing: RwSignal<Doing>,
    /// The question that is asked before something is lost.
    asked: RwSignal<Option<Deed>>,
    toasts: Toasts,
}

impl Desk {
    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.doing.set(Doing::Nothing))
    }

    /// Asks before something is lost. A form that is open makes room; codes that are shown this once stay.
    fn ask(self, deed: Deed) {
        if self.doing.with_untracked(|doing| matches!(doing, Doing::App | Doing::Passkey)) {
            self.doing.set(Doing::Nothing);
        }
        self.asked.set(Some(deed));
    }

    /// A factor was added.
    fn added(self) -> Callback<FactorAdded> {
        let Desk { read, doing, toasts, .. } = self;
        Callback::new(move |added: FactorAdded| {
            toasts.ok(format!("Added {}.", added.factor.name));
            doing.set(added.recovery_codes.map_or(Doing::Nothing, Doing::Codes));
            read.refetch();
        })
    }
}

#[component]
pub(super) fn SignInFactors() -> impl IntoView {
    let client = Client::get();
    let read: Read = Resource::new(|| (), move |()| client.call::<FactorList>(&[], &Empty {}));
    let desk = Desk { read, doing: RwSignal::new(Doing::Nothing), asked: RwSignal::new(None), toasts: Toasts::get() };
    let needed = use_me().0.needs_factor;
    view! {
        <Card title="Sign-in factors">
            {needed.then(|| view! {
                <Callout tone=Tone::Warn title="Your role asks for a second factor">
                    "Add one here. Until then this page is all that you may use."
                </Callout>
            })}
            <p class="muted">"What you prove with besides your password, so that a stolen password alone opens nothing."</p>
            <Loaded resource=read skeleton=|| view! { <SkeletonText lines=3/> } let:factors>
                <Found factors=factors desk=desk/>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Found(factors: Signal<Factors>, desk: Desk) -> impl IntoView {
    let items = Signal::derive(move || factors.with(|factors| factors.items.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let ask = Signal::derive(move || factors.with(|factors| factors.ask_password));
    let passkeys = factors.with_untracked(|factors| factors.passkeys);
    let reason = (!passkeys).then(|| "passkeys need a host name: see external_url in the settings".to_owned());
    let reason = Signal::stored(reason);
    let doing = desk.doing;
    view! {
        <Show when=move || any.get() fallback=|| view! { <p>"None yet."</p> }>
            <ul class="held">
                <Rows items=items key=|factor: &Factor| factor.id.clone() row=move |factor| view! { <Line factor=factor desk=desk/> }/>
            </ul>
            <RecoveryCodesLeft factors=factors desk=desk/>
        </Show>
        {move || match doing.get() {
            Doing::Nothing => view! {
                <div class="form-actions">
                    <Button label="Add an authenticator app" icon=icons::PLUS on_press=move |()| doing.set(Doing::App)/>
                    <Button label="Add a passkey" icon=icons::KEY reason=reason on_press=move |()| doing.set(Doing::Passkey)/>
                </div>
            }
            .into_any(),
            Doing::App => view! { <AddApp ask=ask desk=desk/> }.into_any(),
            Doing::Passkey => view! { <AddPasskey ask=ask desk=desk/> }.into_any(),
            Doing::Codes(codes) => view! { <CodesOnce codes=codes desk=desk/> }.into_any(),
        }}
        <Prove ask=ask desk=desk/>
    }
    .into_any()
}

#[component]
fn Line(factor: Signal<Factor>, desk: Desk) -> impl IntoView {
    let Factor { name, kind, created_at, .. } = factor.get_untracked();
    let used = move || factor.with(|factor| factor.last_used_at).map(|at| view! { <span>", used "<Time at=at/></span> });
    let what = if kind == "passkey" { "passkey" } else { "authenticator app" };
    let label = format!("Remove {name}");
    let remove = Callback::new(move |()| desk.ask(Deed::Remove(factor.get_untracked())));
    view! {
        <li>
            <span><strong>{name}</strong>" "<Badge text=what/><small>"added "<Time at=created_at/>{used}</small></span>
            <Button label=label kind=Kind::Quiet icon=icons::TRASH icon_only=true on_press=remove/>
        </li>
    }
    .into_any()
}
