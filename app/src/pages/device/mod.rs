//! Letting a command line in: the code that it shows is entered here, who asks is shown, and somebody says yes or no.

mod asking;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::asking::Asking;
use crate::api::device::{DeviceAsking, DeviceLook, UserCodeInput};
use crate::ui::{Button, Callout, Card, Kind, PageHead, TextField, Tone};
use crate::widgets::{FormProblem, Submit};

/// Where one is: the next step comes by what one does here, never by the address.
#[derive(Clone)]
enum Step {
    Enter,
    Decide(DeviceAsking),
    /// Whether it was let in.
    Done(bool),
}

#[component]
pub fn Device() -> impl IntoView {
    let step = RwSignal::new(Step::Enter);
    let about = "Enter the code that the command line shows, and look at who asks before you say yes.".to_owned();
    view! {
        <PageHead title="Let a command line in" about=Signal::stored(about)/>
        <div class="form">
            {move || match step.get() {
                Step::Enter => view! { <Enter step=step/> }.into_any(),
                Step::Decide(asking) => {
                    let decided = Callback::new(move |yes| step.set(Step::Done(yes)));
                    view! { <Asking asking=asking decided=decided/> }.into_any()
                }
                Step::Done(true) => view! {
                    <Callout tone=Tone::Good title="It is let in">
                        "The command line goes on by itself. Its token is listed under " <a href="/tokens">"Tokens"</a> ", where you can revoke it."
                    </Callout>
                }.into_any(),
                Step::Done(false) => view! { <Callout title="It is refused">"Whoever asked got nothing."</Callout> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

#[component]
fn Enter(step: RwSignal<Step>) -> impl IntoView {
    // A link may bring the code along. It is looked at when somebody asks for that, and not before.
    let brought = use_query_map().with_untracked(|query| query.get("code")).unwrap_or_default();
    let code = RwSignal::new(shaped(&brought));
    let submit = Submit::new();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("user_code"));
    let look = move |event: SubmitEvent| {
        event.prevent_default();
        let input = UserCodeInput { user_code: shaped(&code.get_untracked()) };
        submit.send::<DeviceLook>(&[], &input, move |asking| step.set(Step::Decide(asking)));
    };
    view! {
        <Card title="The code">
            <form method="post" class="form" on:submit=look>
                <TextField label="Code" name="user-code" value=code mono=true autofocus=true autocomplete="off" placeholder="XXXX-XXXX" error=error
                    hint="Eight letters. Enter only what a command line of your own shows you now."/>
                <FormProblem problem=problem fields=&["user_code"]/>
                <div><Button label="Show who asks" kind=Kind::Primary submit=true busy=busy/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// What may be a code, in the way it is shown.
fn shaped(text: &str) -> String {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).take(8).map(|c| c.to_ascii_uppercase()).collect();
    match letters.split_at_checked(4) {
        Some((first, rest)) if !rest.is_empty() => format!("{first}-{rest}"),
        _ => letters,
    }
}

#[cfg(test)]
mod tests {
    use super::shaped;

    #[test]
    fn a_code_is_read_however_it_is_entered() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "BCDF-GHJKLMN"] {
            assert_eq!(shaped(text), "BCDF-GHJK");
        }
        assert_eq!(shaped("BCDF"), "BCDF");
        assert_eq!(shaped("<script>"), "SCRI-PT");
        assert_eq!(shaped(""), "");
    }
}
