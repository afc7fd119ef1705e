//! Makes a network.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::networks::{NetworkCreate, NetworkInput};
use crate::pages::containers::pairs;
use crate::ui::{Button, Checkbox, Dialog, Kind, TextArea, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit};

#[component]
pub(super) fn CreateButton(engine: Signal<String>, after: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let press = Callback::new(move |()| open.set(true));
    view! {
        <GateButton permission="engine.network.create" engine=engine label="New network" kind=Kind::Primary icon=icons::PLUS on_press=press/>
        <Dialog open=open title="New network">
            <Form engine=engine open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(engine: Signal<String>, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let [name, driver, subnet, labels] = [(); 4].map(|()| RwSignal::new(String::new()));
    let internal = RwSignal::new(false);
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let [name_error, driver_error, subnet_error, labels_error] = ["name", "driver", "subnet", "labels"].map(|field| submit.error(field));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let given = |field: RwSignal<String>| Some(field.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let input = NetworkInput {
            name: name.get_untracked().trim().to_owned(),
            driver: given(driver),
            internal: internal.get_untracked(),
            subnet: given(subnet),
            labels: pairs(&labels.get_untracked()),
        };
        submit.send::<NetworkCreate>(&[&engine.get_untracked()], &input, move |made| {
            toasts.ok(format!("Made {}.", made.name));
            open.set(false);
            after.run(());
        });
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Name" name="network-name" value=name mono=true autocomplete="off" autofocus=true placeholder="backend" error=name_error/>
            <TextField label="Driver" name="network-driver" value=driver mono=true required=false autocomplete="off" placeholder="bridge" error=driver_error/>
            <TextField label="Subnet" name="network-subnet" value=subnet mono=true required=false autocomplete="off" placeholder="172.28.0.0/16" error=subnet_error
                hint="The engine picks a free one when it is empty."/>
            <Checkbox label="Cut off from the outside" checked=internal hint="Its containers reach each other, and nothing else."/>
            <TextArea label="Labels" name="network-labels" value=labels rows=2 required=false placeholder="env=prod" error=labels_error hint="name=value, one a line."/>
            <FormProblem problem=problem fields=&["name", "driver", "subnet", "labels"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Make the network" kind=Kind::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}
