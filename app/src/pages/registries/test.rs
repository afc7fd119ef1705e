//! Trying to reach a registry, and to sign in there, before it is kept.

use leptos::prelude::*;

use super::draft::Draft;
use crate::api::registries::{RegistryTest, RegistryTestOutput};
use crate::ui::{Badge, Button, Tone, icons};
use crate::widgets::{FormProblem, Submit};

/// A button that tries, and what it found. What is found is forgotten when the fields change.
#[component]
pub(super) fn Tried(draft: Draft, kept: bool) -> impl IntoView {
    let submit = Submit::new();
    let found = RwSignal::new(None::<RegistryTestOutput>);
    Effect::new(move || {
        [draft.url, draft.ca, draft.username, draft.secret, draft.realm_hosts].iter().for_each(Track::track);
        draft.plain_http.track();
        found.set(None);
    });
    let reason = Signal::derive(move || {
        if draft.url.with(|url| url.trim().is_empty()) {
            return Some("say where it is first".to_owned());
        }
        let hidden = kept && !draft.anonymous.get() && draft.secret.with(String::is_empty);
        hidden.then(|| "the stored credential is not sent here: give it again to try it".to_owned())
    });
    let (busy, problem) = (submit.busy, submit.problem);
    let press = Callback::new(move |()| {
        let mut input = draft.input();
        if input.name.is_empty() {
            // The connection can be tried before the name is thought of.
            "unnamed".clone_into(&mut input.name);
        }
        found.set(None);
        submit.send::<RegistryTest>(&[], &input, move |output| found.set(Some(output)));
    });
    view! {
        <div class="tried">
            <Button label="Try the connection" icon=icons::ACTIVITY busy=busy reason=reason on_press=press/>
            <div role="status">{move || found.get().map(|found| view! { <Found found=found/> })}</div>
            <FormProblem problem=problem/>
        </div>
    }
    .into_any()
}

#[component]
fn Found(found: RegistryTestOutput) -> impl IntoView {
    let (words, tone) = if found.ok { ("It works", Tone::Good) } else { ("It does not work", Tone::Bad) };
    view! {
        <div class="stack">
            <div><Badge text=words tone=tone/></div>
            <p>{found.message}</p>
        </div>
    }
    .into_any()
}
