//! The question before something is lost. One for the whole console: pages ask through the context.

use std::sync::Arc;

use leptos::prelude::*;

use super::button::{Button, Kind};
use super::dialog::Dialog;
use super::field::{Checkbox, TextField};

/// A question: what will be done, what is lost by it, and how sure one must be.
#[derive(Clone)]
pub struct Ask {
    title: String,
    action: String,
    loses: Vec<String>,
    retype: Option<String>,
    harmless: bool,
    tick: Option<String>,
}

impl Ask {
    /// `Ask::new("Remove web-1?", "Remove")`: a question, and the word on the button.
    pub fn new(title: impl Into<String>, action: impl Into<String>) -> Self {
        Self { title: title.into(), action: action.into(), loses: Vec::new(), retype: None, harmless: false, tick: None }
    }

    /// One more thing that is lost or happens.
    pub fn loses(mut self, what: impl Into<String>) -> Self {
        self.loses.push(what.into());
        self
    }

    /// For the worst: the name must be typed before the button works.
    pub fn retype(mut self, name: impl Into<String>) -> Self {
        self.retype = Some(name.into());
        self
    }

    /// Nothing is lost: the button need not be red.
    pub fn harmless(mut self) -> Self {
        self.harmless = true;
        self
    }

    /// A box to tick, for [`Confirm::ask_ticked`].
    pub fn tick(mut self, label: impl Into<String>) -> Self {
        self.tick = Some(label.into());
        self
    }
}

/// What is done when the answer is yes; told whether the box was ticked. Held by the shell: who asked may be gone by then.
type Yes = Arc<dyn Fn(bool) + Send + Sync>;

/// Asks. From the context, wherever the shell is drawn.
#[derive(Clone, Copy)]
pub struct Confirm {
    open: RwSignal<bool>,
    asked: RwSignal<Option<(Ask, Yes)>>,
}

impl Confirm {
    /// Makes the one that [`ConfirmHost`] shows.
    pub fn provide() {
        provide_context(Self { open: RwSignal::new(false), asked: RwSignal::new(None) });
    }

    /// The shell's. Outside of it, one that nobody shows.
    pub fn get() -> Self {
        use_context().unwrap_or_else(|| Self { open: RwSignal::new(false), asked: RwSignal::new(None) })
    }

    /// Asks, and calls `yes` if that is the answer. What asked may be gone by then: `yes` must not read its signals.
    pub fn ask(&self, ask: Ask, yes: impl Fn() + Send + Sync + 'static) {
        self.ask_ticked(ask, move |_| yes());
    }

    /// Asks, and tells `yes` whether the box of the question was ticked.
    pub fn ask_ticked(&self, ask: Ask, yes: impl Fn(bool) + Send + Sync + 'static) {
        self.asked.set(Some((ask, Arc::new(yes))));
        self.open.set(true);
    }
}

/// Where the question is shown. Once, in the shell.
#[component]
pub fn ConfirmHost() -> impl IntoView {
    let Confirm { open, asked } = Confirm::get();
    let title = Signal::derive(move || asked.with(|a| a.as_ref().map(|(ask, _)| ask.title.clone()).unwrap_or_default()));
    view! {
        <Dialog open=open title=title>
            {move || asked.get().map(|(ask, yes)| view! { <Question ask=ask yes=yes open=open/> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Question(ask: Ask, yes: Yes, open: RwSignal<bool>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let ticked = RwSignal::new(false);
    let name = ask.retype.clone();
    let reason = Signal::derive({
        let name = name.clone();
        move || {
            let name = name.as_ref()?;
            typed.with(|typed| typed != name).then(|| format!("type {name} first"))
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_none() {
            let ticked = ticked.get_untracked();
            open.set(false);
            yes(ticked);
        }
    };
    let kind = if ask.harmless { Kind::Primary } else { Kind::Danger };
    let loses = ask.loses.iter().map(|what| view! { <li>{what.clone()}</li> }).collect_view();
    view! {
        <form method="post" class="question" on:submit=submit>
            {(!ask.loses.is_empty()).then(|| view! { <ul class="loses">{loses}</ul> })}
            {ask.tick.map(|label| view! { <Checkbox label=label checked=ticked/> })}
            {name.map(|name| view! {
                <TextField label=format!("Type {name} to go on") name="retype" value=typed mono=true autocomplete="off"/>
            })}
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label=ask.action.clone() kind=kind submit=true reason=reason/>
            </footer>
        </form>
    }
    .into_any()
}
