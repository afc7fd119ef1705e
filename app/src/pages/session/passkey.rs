//! Signing in with a passkey, alone or as the second step.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::factors::{PasskeyProof, PasskeySignIn, PasskeySignInStart, PasskeyStartInput};
use crate::api::session::MeOutput;
use crate::api::{Code, Problem};
use crate::client::Client;
use crate::ui::{Button, icons, passkey};
use crate::widgets::FormProblem;

/// `done` is called when they are in; with `true` when all that is theirs is their account.
#[component]
pub(super) fn PasskeyButton(second: bool, done: Callback<bool>) -> impl IntoView {
    let client = Client::get();
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<Problem>));
    let press = Callback::new(move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let client = client.clone();
        spawn_local(async move {
            let answer = sign_in(client, second).await;
            let still_here = busy.try_set(false).is_none();
            match answer {
                Ok(me) if still_here => done.run(me.needs_factor),
                Ok(_) => {}
                Err(why) => drop(problem.try_set(Some(why))),
            }
        });
    });
    let label = if second { "Use your passkey" } else { "Sign in with a passkey" };
    view! {
        <Button label=label icon=icons::KEY busy=busy on_press=press/>
        <FormProblem problem=problem/>
    }
    .into_any()
}

async fn sign_in(client: Client, second: bool) -> Result<MeOutput, Problem> {
    let challenge = client.call::<PasskeySignInStart>(&[], &PasskeyStartInput { second }).await?;
    let used = passkey::use_one::<PasskeyProof>(&challenge).await;
    let proof = used.map_err(|why| Problem::new(Code::InvalidInput, "No passkey was used.").detail(why))?;
    client.call::<PasskeySignIn>(&[], &proof).await
}
