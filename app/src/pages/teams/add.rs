//! The page that adds a team.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::people::{TeamCreate, TeamInput};
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddTeam() -> impl IntoView {
    let about = "Its members and its roles come on the next page.".to_owned();
    view! {
        <PageHead title="Add a team" back=("/teams".to_owned(), "Teams".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.team.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let (name, summary) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, summary_error) = (submit.error("name"), submit.error("summary"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let navigate = navigate.clone();
        let input = TeamInput { name: name.get_untracked().trim().to_owned(), summary: summary.get_untracked() };
        submit.send::<TeamCreate>(&[], &input, move |team| {
            toasts.ok(format!("Added team {}.", team.name));
            navigate(&format!("/teams/{}", team.name), NavigateOptions::default());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Card>
                <TextField label="Name" name="name" value=name mono=true autofocus=true autocomplete="off" placeholder="ops" error=name_error
                    hint="1 to 63 of a-z, 0-9 and -. It stays as it is."/>
                <TextField label="What it is for" name="summary" value=summary required=false autocomplete="off" error=summary_error
                    placeholder="Keeps the shop running"/>
            </Card>
            <FormProblem problem=problem fields=&["name", "summary"]/>
            <footer class="form-actions">
                <Button label="Add the team" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                <LinkButton href="/teams" label="Cancel"/>
            </footer>
        </form>
    }
    .into_any()
}
