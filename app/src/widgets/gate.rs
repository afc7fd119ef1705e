//! What one may not do is shown and says why, or is left out.

use leptos::prelude::*;

use super::me::{Who, use_me};
use crate::api::session::Whose;
use crate::ui::button::{Button, Kind, LinkButton};
use crate::ui::icon::{Outlines, icons};
use crate::ui::menu::MenuItem;
use crate::ui::page::EmptyState;

/// A part of a page for those who hold `permission`; for others a note that says what is missing, or `otherwise`.
#[component]
pub fn Gate(
    permission: &'static str,
    /// The engine it is about; empty for what belongs to none.
    #[prop(optional, into)]
    engine: Signal<String>,
    /// Whose the thing is that it is about.
    #[prop(optional, into)]
    whose: Signal<Whose>,
    /// Leave it out for the others, without a word.
    #[prop(optional)]
    silent: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let me = use_me();
    // What the thing is like changes more often than whose it is: the part is drawn anew for the one alone.
    let missing = Memo::new(move |_| whose.with(|whose| lacks(&me, permission, &engine.get(), whose)));
    move || match missing.get() {
        None => untrack(|| children().into_any()),
        Some(_) if silent => ().into_any(),
        Some(reason) => view! {
            <EmptyState icon=icons::LOCK title="Not for you to see" detail=Signal::stored(format!("To see this, {reason}."))/>
        }
        .into_any(),
    }
}

fn lacks(me: &Who, permission: &str, engine: &str, whose: &Whose) -> Option<String> {
    me.lacks_for(permission, (!engine.is_empty()).then_some(engine), whose)
}

/// The reason of a control: the missing permission first, then why it makes no sense now.
fn reason_for(permission: &'static str, engine: Signal<String>, whose: Signal<Whose>, reason: Signal<Option<String>>) -> Signal<Option<String>> {
    let me = use_me();
    Signal::derive(move || whose.with(|whose| lacks(&me, permission, &engine.get(), whose)).or_else(|| reason.get()))
}

/// A button for those who hold `permission`; for others it is off and says why.
#[component]
pub fn GateButton(
    permission: &'static str,
    #[prop(optional, into)] engine: Signal<String>,
    #[prop(optional, into)] whose: Signal<Whose>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] icon: Option<Signal<Outlines>>,
    #[prop(optional)] icon_only: bool,
    /// Why it makes no sense now.
    #[prop(optional, into)]
    reason: Signal<Option<String>>,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    let reason = reason_for(permission, engine, whose, reason);
    match icon {
        Some(icon) => view! { <Button label kind icon icon_only reason busy on_press/> }.into_any(),
        None => view! { <Button label kind reason busy on_press/> }.into_any(),
    }
}

/// A menu's item for those who hold `permission`; for others it is off and says why.
#[component]
pub fn GateItem(
    permission: &'static str,
    #[prop(optional, into)] engine: Signal<String>,
    #[prop(optional, into)] whose: Signal<Whose>,
    #[prop(into)] label: Signal<String>,
    #[prop(into)] icon: Signal<Outlines>,
    #[prop(optional)] danger: bool,
    #[prop(optional, into)] reason: Signal<Option<String>>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    let reason = reason_for(permission, engine, whose, reason);
    view! { <MenuItem label icon danger reason on_press/> }.into_any()
}

/// A link to a page that needs `permission`; for others a button that is off and says why.
#[component]
pub fn GateLink(
    permission: &'static str,
    #[prop(optional, into)] engine: Signal<String>,
    #[prop(into)] href: Signal<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(into)] icon: Signal<Outlines>,
) -> impl IntoView {
    let me = use_me();
    move || match lacks(&me, permission, &engine.get(), &Whose::Anybody) {
        None => view! { <LinkButton href label kind icon/> }.into_any(),
        Some(reason) => view! { <Button label kind icon reason=Signal::stored(Some(reason))/> }.into_any(),
    }
}
