//! A robot's next token, while the old one goes on for a while.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::people::{RobotTokenRotate, RotateInput};
use crate::api::session::{Token, TokenCreated};
use crate::pages::account::Once;
use crate::ui::{Button, Card, Kind, Select, icons};
use crate::widgets::{FormProblem, Submit};

/// For how long the old token goes on: seconds, and their words.
const OVERLAPS: [(&str, &str); 4] = [("0", "Ends at once"), ("3600", "An hour"), ("86400", "A day"), ("604800", "A week")];

/// The form, then the token. `made` is called when there is one, `close` when it is done with.
#[component]
pub(super) fn Rotate(robot: String, token: Token, made: Callback<()>, close: Callback<()>) -> impl IntoView {
    let created = RwSignal::new(None::<TokenCreated>);
    let keep = Callback::new(move |token: TokenCreated| {
        created.set(Some(token));
        made.run(());
    });
    let title = format!("Rotate {}", token.name);
    view! {
        <Card title=title>
            {move || match created.get() {
                Some(new) => view! { <Once made=new robot=Some(robot.clone()) on_done=close/> }.into_any(),
                None => view! { <Form robot=robot.clone() id=token.id.clone() keep=keep close=close/> }.into_any(),
            }}
        </Card>
    }
    .into_any()
}

#[component]
fn Form(robot: String, id: String, keep: Callback<TokenCreated>, close: Callback<()>) -> impl IntoView {
    let overlap = RwSignal::new("3600".to_owned());
    let submit = Submit::new();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("overlap_s"));
    let options = Signal::stored(OVERLAPS.map(|(seconds, words)| (seconds.to_owned(), words.to_owned())).to_vec());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = RotateInput { overlap_s: overlap.with_untracked(|seconds| seconds.parse().ok()) };
        submit.send::<RobotTokenRotate>(&[&robot, &id], &input, move |token| keep.run(token));
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <p class="muted">"The new token is of the same kind and lasts as long. Put it where the old one is before that ends."</p>
            <Select label="The old token goes on for" name="overlap" value=overlap options=options error=error/>
            <FormProblem problem=problem fields=&["overlap_s"]/>
            <div class="form-actions">
                <Button label="Make the next token" kind=Kind::Primary icon=icons::KEY submit=true busy=busy/>
                <Button label="Cancel" on_press=close/>
            </div>
        </form>
    }
    .into_any()
}
