//! Gives a container another name.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::containers::{Container, ContainerRename, RenameInput};
use crate::api::session::Whose;
use crate::ui::{Button, Dialog, Kind, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit};

#[component]
pub(super) fn RenameButton(engine: Signal<String>, container: Signal<Container>, after: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let press = Callback::new(move |()| open.set(true));
    let title = Signal::derive(move || format!("Rename {}", container.with(|c| c.name.clone())));
    let whose = Signal::derive(move || container.with(|c| Whose::labelled(c.project.as_deref())));
    view! {
        <GateButton permission="engine.container.rename" engine=engine whose=whose label="Rename" kind=Kind::Quiet icon=icons::EDIT on_press=press/>
        <Dialog open=open title=title>
            <Form engine=engine container=container open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(engine: Signal<String>, container: Signal<Container>, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(container.with_untracked(|c| c.name.clone()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("name"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = RenameInput { name: name.get_untracked().trim().to_owned() };
        let done = format!("It is called {} now.", input.name);
        let id = container.with_untracked(|c| c.id.clone());
        submit.send::<ContainerRename>(&[&engine.get_untracked(), &id], &input, move |_| {
            toasts.ok(done);
            open.set(false);
            after.run(());
        });
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Name" name="name" value=name mono=true autocomplete="off" autofocus=true error=error
                hint="Containers that reach it by the old name no longer find it."/>
            <FormProblem problem=problem fields=&["name"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Rename" kind=Kind::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}
