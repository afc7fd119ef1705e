//! Makes a volume.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::volumes::{VolumeCreate, VolumeInput};
use crate::pages::containers::pairs;
use crate::ui::{Button, Dialog, Kind, TextArea, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit};

#[component]
pub(super) fn CreateButton(engine: Signal<String>, after: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let press = Callback::new(move |()| open.set(true));
    view! {
        <GateButton permission="engine.volume.create" engine=engine label="New volume" kind=Kind::Primary icon=icons::PLUS on_press=press/>
        <Dialog open=open title="New volume">
            <Form engine=engine open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(engine: Signal<String>, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let (name, labels) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, labels_error) = (submit.error("name"), submit.error("labels"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = VolumeInput { name: name.get_untracked().trim().to_owned(), labels: pairs(&labels.get_untracked()) };
        submit.send::<VolumeCreate>(&[&engine.get_untracked()], &input, move |made| {
            toasts.ok(format!("Made {}.", made.name));
            open.set(false);
            after.run(());
        });
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Name" name="volume-name" value=name mono=true autocomplete="off" autofocus=true placeholder="data" error=name_error/>
            <TextArea label="Labels" name="volume-labels" value=labels rows=2 required=false placeholder="env=prod" error=labels_error hint="name=value, one a line."/>
            <FormProblem problem=problem fields=&["name", "labels"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Make the volume" kind=Kind::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}
