//! Helping somebody who has lost their second factors.

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::factors::UserFactorsReset;
use crate::ui::{Ask, Button, Card, Confirm, Kind};
use crate::widgets::use_act;

#[component]
pub(super) fn ResetFactors(username: String) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let reset = Callback::new(move |()| {
        let name = username.clone();
        let ask = Ask::new(format!("Remove the second factors of {name}?"), "Remove")
            .loses("Their authenticator apps, passkeys and recovery codes do not work any more.")
            .loses("Their sessions end at once; then their password alone lets them in, until they add a factor.");
        confirm.ask(ask, move || act.run::<UserFactorsReset>(&[&name], &Empty {}, format!("{name} has no second factor now."), |_| {}));
    });
    view! {
        <Card title="Second factors">
            <p class="muted">"For somebody who has lost their devices and their recovery codes. See first that it is really they who ask."</p>
            <div><Button label="Remove their factors" kind=Kind::Danger busy=act.busy() on_press=reset/></div>
        </Card>
    }
    .into_any()
}
