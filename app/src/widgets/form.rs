//! Sending a form: once at a time, with the problem at the field it is about.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::api::{Endpoint, Problem};
use crate::client::Client;
use crate::ui::badge::Tone;
use crate::ui::page::Callout;

/// A form's sending: whether it is under way, and what was wrong with it the last time.
#[derive(Clone)]
pub struct Submit {
    client: Client,
    pub busy: RwSignal<bool>,
    pub problem: RwSignal<Option<Problem>>,
}

impl Submit {
    pub fn new() -> Self {
        Self { client: Client::get(), busy: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// Sends it, unless it is being sent already. `then` gets the output when it worked.
    pub fn send<E: Endpoint>(&self, params: &[&str], input: &E::Input, then: impl FnOnce(E::Output) + 'static) {
        self.run(self.client.call::<E>(params, input), then);
    }

    /// The same, where the answer is a file.
    pub fn send_file<E: Endpoint>(&self, params: &[&str], input: &E::Input, then: impl FnOnce(Vec<u8>) + 'static) {
        self.run(self.client.file::<E>(params, input), then);
    }

    fn run<T: 'static>(&self, call: impl Future<Output = Result<T, Problem>> + 'static, then: impl FnOnce(T) + 'static) {
        // It may be sent by the answer to a question, when the form is gone already.
        if self.busy.try_get_untracked().unwrap_or(true) {
            return;
        }
        let form = sent_from();
        self.busy.set(true);
        self.problem.set(None);
        let (busy, problem) = (self.busy, self.problem);
        spawn_local(async move {
            let answer = call.await;
            // Whoever has left the form is not led anywhere by it.
            let still_here = busy.try_set(false).is_none();
            match answer {
                Ok(output) if still_here => then(output),
                Ok(_) => {}
                Err(refused) => {
                    drop(problem.try_set(Some(refused)));
                    if let Some(form) = form {
                        // On the next frame the field says that it is wrong.
                        request_animation_frame(move || show_wrong(&form));
                    }
                }
            }
        });
    }

    /// What is wrong with the field `name`, for its `error`.
    pub fn error(&self, name: &'static str) -> Signal<Option<String>> {
        let problem = self.problem;
        Signal::derive(move || problem.with(|problem| problem.as_ref().filter(|p| p.field.as_deref() == Some(name)).map(Problem::to_string)))
    }
}

/// The form in which one is: what is sent comes from there.
fn sent_from() -> Option<Element> {
    document().active_element()?.closest("form").ok().flatten()
}

/// Leads to the first field of `form` that is wrong: it may be out of sight.
fn show_wrong(form: &Element) {
    let field = form.query_selector("[aria-invalid=true]").ok().flatten().and_then(|field| field.dyn_into::<HtmlElement>().ok());
    if let Some(field) = field {
        drop(field.focus());
    }
}

impl Default for Submit {
    fn default() -> Self {
        Self::new()
    }
}

/// What is wrong with the form, where it belongs to none of the fields that show it themselves.
#[component]
pub fn FormProblem(
    #[prop(into)] problem: Signal<Option<Problem>>,
    /// The fields that show their own.
    #[prop(optional)]
    fields: &'static [&'static str],
) -> impl IntoView {
    let general = move || problem.get().filter(|p| p.field.as_deref().is_none_or(|field| !fields.contains(&field)));
    view! {
        <div role="alert">
            {move || general().map(|problem| {
                let detail = problem.detail.unwrap_or_default();
                view! { <Callout tone=Tone::Bad title=problem.title>{detail}</Callout> }
            })}
        </div>
    }
    .into_any()
}
