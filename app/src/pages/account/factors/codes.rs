//! Recovery codes: how many are left, and the one time that they are shown.

use leptos::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::prove::Deed;
use super::{Desk, Doing};
use crate::api::factors::Factors;
use crate::ui::format::count;
use crate::ui::{Button, Callout, CodeBlock, Kind, Tone};
use crate::widgets::use_me;

#[component]
pub(super) fn RecoveryCodesLeft(factors: Signal<Factors>, desk: Desk) -> impl IntoView {
    let left = move || factors.with(|factors| factors.recovery_left);
    let words = move || match left() {
        0 => "No recovery code is left: make new ones, or a lost device locks you out.".to_owned(),
        left => format!("{} left, for when you have lost everything else.", count(left as usize, "recovery code")),
    };
    let renew = Callback::new(move |()| desk.ask(Deed::Renew));
    view! {
        <p class="recovery-left">
            <span>{words}</span>
            <Button label="New recovery codes" on_press=renew/>
        </p>
    }
    .into_any()
}

#[component]
pub(super) fn CodesOnce(codes: Vec<String>, desk: Desk) -> impl IntoView {
    let text = codes.join("\n");
    let file = format!("data:text/plain;charset=utf-8,{}", utf8_percent_encode(&format!("{text}\n"), NON_ALPHANUMERIC));
    let was_needed = use_me().0.needs_factor;
    let kept = Callback::new(move |()| {
        desk.doing.set(Doing::Nothing);
        if was_needed {
            // Everything else is theirs from now on: the page around this one was drawn when it was not.
            drop(window().location().reload());
        }
    });
    view! {
        <Callout tone=Tone::Good title="Keep these recovery codes">
            <p>"Each signs you in once in place of another factor. They are shown this once: print them, or keep them where you keep passwords."</p>
        </Callout>
        <CodeBlock text=Signal::stored(text) label="the recovery codes"/>
        <div class="form-actions">
            <a class="button" href=file download="pilothouse-recovery-codes.txt">"Download"</a>
            <Button label="I have kept them" kind=Kind::Primary on_press=kept/>
        </div>
    }
    .into_any()
}
