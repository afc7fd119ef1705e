//! Looking with another one's rights: what says so on every page, and the way back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::me::use_me;
use crate::api::Empty;
use crate::api::access::ViewAsEnd;
use crate::client::Client;
use crate::ui::button::Button;
use crate::ui::icon::{Icon, icons};
use crate::ui::toast::Toasts;

/// Stands above every page while one looks with another's rights.
#[component]
pub(super) fn Viewing() -> impl IntoView {
    let me = use_me();
    me.viewer().is_some().then(|| view! { <Bar user=me.username().to_owned()/> })
}

#[component]
fn Bar(user: String) -> impl IntoView {
    let client = Client::get();
    let toasts = Toasts::get();
    let busy = RwSignal::new(false);
    let back_to = format!("/people/{user}");
    let back = Callback::new(move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let (call, back_to) = (client.call::<ViewAsEnd>(&[], &Empty {}), back_to.clone());
        spawn_local(async move {
            match call.await {
                // All of what is shown was read with the other's rights: the page is loaded anew.
                Ok(_) => drop(window().location().assign(&back_to)),
                Err(problem) => {
                    let _ = busy.try_set(false);
                    toasts.failed(problem.title, problem.detail);
                }
            }
        });
    });
    view! {
        <div class="viewing" role="status">
            <Icon of=icons::PEOPLE/>
            <p>"You see the console as "<strong>{user}</strong>". Nothing can be changed."</p>
            <Button label="Back to your own rights" busy=busy on_press=back/>
        </div>
    }
    .into_any()
}
