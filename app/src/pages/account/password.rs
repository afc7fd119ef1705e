//! Changing one's own password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::session::{PasswordChange, PasswordInput};
use crate::pages::people::{SHORTEST, too_short};
use crate::ui::{Button, Card, Kind, PasswordField, Toasts};
use crate::widgets::{FormProblem, Submit, use_me};

/// `after` is called when it was changed: the other sessions have ended then.
#[component]
pub(super) fn ChangePassword(after: Callback<()>) -> impl IntoView {
    let [current, new, again] = [(); 3].map(|()| RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let name = use_me().username().to_owned();
    let (busy, problem) = (submit.busy, submit.problem);
    let (current_error, refused) = (submit.error("current"), submit.error("new"));
    let short = too_short(new);
    let new_error = Signal::derive(move || refused.get().or_else(|| short.get()));
    let differs = Signal::derive(move || {
        let differs = again.with(|again| !again.is_empty() && new.with(|new| !new.starts_with(again.as_str())));
        differs.then(|| "Not the same as above.".to_owned())
    });
    let reason = Signal::derive(move || {
        let ready = new.with(|new| new.chars().count() >= SHORTEST && again.with(|again| again == new)) && !current.with(String::is_empty);
        (!ready).then(|| "fill in all three first".to_owned())
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let input = PasswordInput { current: current.get_untracked(), new: new.get_untracked() };
        submit.send::<PasswordChange>(&[], &input, move |_| {
            toasts.ok("Your password is changed. You are signed out everywhere else.");
            [current, new, again].iter().for_each(|field| field.set(String::new()));
            after.run(());
        });
    };
    view! {
        <Card title="Password">
            <form method="post" class="form" on:submit=send>
                // For what keeps passwords: whose it is.
                <input type="text" name="username" value=name autocomplete="username" readonly hidden/>
                <PasswordField label="Current password" name="current" value=current autocomplete="current-password" error=current_error/>
                <PasswordField label="New password" name="new" value=new autocomplete="new-password" error=new_error
                    hint="At least 12 characters. A few words make a good one."/>
                <PasswordField label="New password again" name="again" value=again autocomplete="new-password" error=differs/>
                <FormProblem problem=problem fields=&["current", "new"]/>
                <div><Button label="Change the password" kind=Kind::Primary submit=true busy=busy reason=reason/></div>
            </form>
        </Card>
    }
    .into_any()
}
