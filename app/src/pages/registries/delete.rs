//! Deleting a tag or an image, after showing all that goes or breaks with it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::address::is_digest;
use super::lost::{What, is_hopeless, is_risky, is_shared, lines, to_type};
use crate::api::Problem;
use crate::api::repositories::{Deletion, DeletionPreview, DeletionQuery, ManifestDelete, ManifestDeleteInput, TagDelete, TagDeleteInput};
use crate::client::Client;
use crate::ui::choice::Offer;
use crate::ui::format::short_id;
use crate::ui::{Button, Choice, Dialog, Kind, SkeletonText, TextField, Toasts, open_while};
use crate::widgets::{FormProblem, ProblemView, RunLines, Submit};

/// What somebody wants to delete.
#[derive(Clone, PartialEq)]
pub(super) struct Doomed {
    pub registry: String,
    pub repository: String,
    /// A tag or a digest.
    pub reference: String,
}

impl Doomed {
    fn name(&self) -> String {
        let reference = &self.reference;
        if is_digest(reference) { format!("{}@{}", self.repository, short_id(reference)) } else { format!("{}:{reference}", self.repository) }
    }
}

const TAG: &str = "tag";
const OFFERS: &[Offer] = &[
    (TAG, "Delete only this tag", "The image stays, by its other tags and its digest."),
    ("image", "Delete the image and its tags", "By its digest: every tag that means it goes with it."),
];

/// Asks while `doomed` holds something. `after` is called when it is gone.
#[component]
pub(super) fn DeleteDialog(doomed: RwSignal<Option<Doomed>>, after: Callback<()>) -> impl IntoView {
    let open = open_while(doomed);
    let title = Signal::derive(move || doomed.with(|doomed| doomed.as_ref().map(|doomed| format!("Delete {}?", doomed.name()))).unwrap_or_default());
    view! {
        <Dialog open=open title=title wide=true>
            {move || doomed.get().map(|doomed| view! { <Preview doomed=doomed open=open after=after/> })}
        </Dialog>
    }
    .into_any()
}

/// Reads what would go, and asks. It is read again when the registry refused: something has changed since.
#[component]
fn Preview(doomed: Doomed, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let client = StoredValue::new(Client::get());
    let doomed = StoredValue::new(doomed);
    let found = RwSignal::new(None::<Result<Deletion, Problem>>);
    let read = move || {
        let Doomed { registry, repository, reference } = doomed.get_value();
        let call = client.with_value(|client| client.call::<DeletionPreview>(&[&registry, &repository], &DeletionQuery { reference }));
        spawn_local(async move {
            let answer = call.await;
            let _ = found.try_set(Some(answer));
        });
    };
    read();
    let submit = Submit::new();
    let problem = submit.problem;
    // What is shown stays until the new is here; why it was refused stays below it.
    Effect::new(move || {
        if problem.with(|problem| problem.as_ref().is_some_and(|problem| problem.status == 409)) {
            read();
        }
    });
    let chosen = RwSignal::new(TAG.to_owned());
    let shown = move || match found.get() {
        None => view! { <SkeletonText lines=5/> }.into_any(),
        Some(Err(problem)) => {
            let retry = Callback::new(move |()| {
                found.set(None);
                read();
            });
            view! { <ProblemView problem=problem retry=retry/> }.into_any()
        }
        Some(Ok(deletion)) => {
            view! { <Question doomed=doomed.get_value() deletion=deletion chosen=chosen submit=submit.clone() open=open after=after/> }.into_any()
        }
    };
    view! {
        {shown}
        <FormProblem problem=problem/>
    }
    .into_any()
}

#[component]
fn Question(
    doomed: Doomed,
    deletion: Deletion,
    chosen: RwSignal<String>,
    submit: Submit,
    open: RwSignal<bool>,
    after: Callback<()>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let shared = is_shared(&deletion, &doomed.reference);
    let what = Memo::new(move |_| if shared && chosen.with(|chosen| chosen == TAG) { What::Tag } else { What::Image });
    let name = to_type(&doomed.reference);
    let (runs, unseen, silent) = (deletion.runs.clone(), deletion.unseen_runs, deletion.silent_engines.clone());
    let kept = StoredValue::new((doomed, deletion));
    let risky = Memo::new(move |_| kept.with_value(|(doomed, deletion)| is_risky(deletion, &doomed.reference, what.get())));
    let losses = move || {
        let lines = kept.with_value(|(doomed, deletion)| lines(deletion, &doomed.reference, what.get()));
        lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
    };
    let reason = Signal::derive({
        let name = name.clone();
        move || {
            let hopeless = kept.with_value(|(_, deletion)| is_hopeless(deletion, what.get()));
            let untyped = || (risky.get() && typed.with(|typed| *typed != name)).then(|| format!("type {name} first"));
            hopeless.map(str::to_owned).or_else(untyped)
        }
    });
    let busy = submit.busy;
    let toasts = Toasts::get();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let (doomed, deletion) = kept.get_value();
        let (what, although_in_use) = (what.get_untracked(), risky.get_untracked());
        let done = match what {
            What::Tag => format!("Deleted the tag {}.", doomed.reference),
            What::Image => format!("Deleted {}.", doomed.name()),
        };
        let gone = move || {
            toasts.ok(done);
            open.set(false);
            after.run(());
        };
        let Doomed { registry, repository, reference } = doomed;
        match what {
            What::Tag => submit.send::<TagDelete>(&[&registry, &repository, &reference], &TagDeleteInput { although_in_use }, move |_| gone()),
            What::Image => {
                let input = ManifestDeleteInput { tags: deletion.tags.join(","), although_in_use };
                submit.send::<ManifestDelete>(&[&registry, &repository, &deletion.digest], &input, move |_| gone());
            }
        }
    };
    let label = Signal::derive(move || if what.get() == What::Tag { "Delete the tag" } else { "Delete the image" }.to_owned());
    view! {
        <form method="post" class="question" on:submit=send>
            {shared.then(|| view! { <Choice label="What goes" name="delete-what" value=chosen options=OFFERS/> })}
            <ul class="loses">{losses}</ul>
            <section class="stack">
                <h3>"What runs it"</h3>
                <RunLines runs=runs unseen=unseen silent=silent/>
            </section>
            <Show when=move || risky.get()>
                <TextField label=format!("Type {name} to go on") name="retype" value=typed mono=true autocomplete="off"/>
            </Show>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label=label kind=Kind::Danger submit=true reason=reason busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}
