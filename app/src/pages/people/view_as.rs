//! Looking at the console as somebody else sees it.

use leptos::prelude::*;

use crate::api::access::{ViewAs as ViewAsCall, ViewAsInput};
use crate::ui::icons;
use crate::widgets::{GateButton, use_act};

#[component]
pub(super) fn ViewAs(username: String, disabled: Memo<bool>, is_me: bool) -> impl IntoView {
    let act = use_act();
    let busy = act.busy();
    let reason = Signal::derive(move || {
        let own = is_me.then(|| "this is you".to_owned());
        own.or_else(|| disabled.get().then(|| "they are disabled".to_owned()))
    });
    let look = Callback::new(move |()| {
        let input = ViewAsInput { user: username.clone() };
        // All of what is shown was read with one's own rights: the console is loaded anew.
        act.run::<ViewAsCall>(&[], &input, format!("You see the console as {username}."), |_| drop(window().location().assign("/")));
    });
    view! { <GateButton permission="system.user.view-as" label="View as" icon=icons::PEOPLE reason=reason busy=busy on_press=look/> }.into_any()
}
