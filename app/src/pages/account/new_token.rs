//! The form that makes a token.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::lifetime::{USUAL, choices};
use super::once::Once;
use crate::api::people::RobotTokenCreate;
use crate::api::session::{TokenCreate, TokenCreated, TokenInput};
use crate::ui::{Button, Card, Kind, Select, TextField, icons};
use crate::widgets::{FormProblem, Submit, use_engines};

const FIELDS: &[&str] = &["name", "expires_in_s", "engine"];

/// The form, then the token. `made` is called when there is one, `close` when it is done with.
#[component]
pub(crate) fn NewToken(
    /// Whose it will be; one's own without.
    #[prop(optional, into)]
    robot: Option<String>,
    made: Callback<()>,
    close: Callback<()>,
) -> impl IntoView {
    let created = RwSignal::new(None::<TokenCreated>);
    let keep = Callback::new(move |token: TokenCreated| {
        created.set(Some(token));
        made.run(());
    });
    view! {
        <div class="form new-token">
            <Card title="New token">
                {move || match created.get() {
                    Some(token) => view! { <Once made=token robot=robot.clone() on_done=close/> }.into_any(),
                    None => view! { <Form robot=robot.clone() keep=keep close=close/> }.into_any(),
                }}
            </Card>
        </div>
    }
    .into_any()
}

#[component]
fn Form(robot: Option<String>, keep: Callback<TokenCreated>, close: Callback<()>) -> impl IntoView {
    let (name, engine) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let lasts = RwSignal::new(USUAL.to_owned());
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let [name_error, lasts_error, engine_error] = FIELDS.iter().map(|field| submit.error(field)).collect::<Vec<_>>().try_into().unwrap_or_default();
    let engines = use_engines();
    let whose = if robot.is_some() { "Everything it may do" } else { "Everything you may do" };
    let options = Signal::derive(move || {
        let names = engines.map(|engines| engines.all()).unwrap_or_default().into_iter().map(|engine| engine.name);
        let any = (String::new(), whose.to_owned());
        std::iter::once(any).chain(names.map(|name| (name.clone(), format!("Engine {name} only")))).collect::<Vec<_>>()
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = TokenInput {
            name: name.get_untracked().trim().to_owned(),
            expires_in_s: lasts.with_untracked(|seconds| seconds.parse().ok()),
            engine: Some(engine.get_untracked()).filter(|engine| !engine.is_empty()),
        };
        let keep = move |token| keep.run(token);
        match &robot {
            Some(robot) => submit.send::<RobotTokenCreate>(&[robot], &input, keep),
            None => submit.send::<TokenCreate>(&[], &input, keep),
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <TextField label="Name" name="token-name" value=name autofocus=true autocomplete="off" placeholder="laptop, or nightly build" error=name_error
                hint="What it is for, so that you know later which to revoke."/>
            <div class="columns">
                <Select label="Lasts" name="lasts" value=lasts options=choices() error=lasts_error/>
                <Transition>
                    <Select label="Good for" name="engine" value=engine options=options error=engine_error
                        hint="With a token for one engine, the Docker API stands at the root of this address."/>
                </Transition>
            </div>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions">
                <Button label="Make the token" kind=Kind::Primary icon=icons::KEY submit=true busy=busy/>
                <Button label="Cancel" on_press=close/>
            </footer>
        </form>
    }
    .into_any()
}
