//! The page that adds a robot.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::people::{RobotCreate, RobotInput};
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddRobot() -> impl IntoView {
    let about = "Its tokens and its roles come on the next page.".to_owned();
    view! {
        <PageHead title="Add a robot" back=("/robots".to_owned(), "Robots".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.robot.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let name = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("name"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let navigate = navigate.clone();
        let input = RobotInput { name: name.get_untracked().trim().to_owned() };
        submit.send::<RobotCreate>(&[], &input, move |robot| {
            toasts.ok(format!("Added robot {}.", robot.name));
            navigate(&format!("/robots/{}", robot.name), NavigateOptions::default());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Card>
                <TextField label="Name" name="name" value=name mono=true autofocus=true autocomplete="off" placeholder="nightly-build" error=error
                    hint="1 to 64 of a-z, 0-9, ., _ and -. It stays as it is; robots and people share their names."/>
            </Card>
            <FormProblem problem=problem fields=&["name"]/>
            <footer class="form-actions">
                <Button label="Add the robot" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                <LinkButton href="/robots" label="Cancel"/>
            </footer>
        </form>
    }
    .into_any()
}
