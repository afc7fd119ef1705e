//! Where one is signed in.

use leptos::prelude::*;

use crate::api::session::{Session, SessionList, SessionRevoke};
use crate::api::{Empty, Page, Problem};
use crate::client::Client;
use crate::ui::{Ask, Badge, Button, Card, Confirm, Rows, SkeletonText, Time, Tone};
use crate::widgets::{Loaded, use_act};

pub(super) type Listed = Resource<Result<Page<Session>, Problem>>;

pub(super) fn read() -> Listed {
    let client = Client::get();
    Resource::new(|| (), move |()| client.call::<SessionList>(&[], &Empty {}))
}

#[component]
pub(super) fn Sessions(sessions: Listed) -> impl IntoView {
    view! {
        <Card title="Where you are signed in">
            <Loaded resource=sessions skeleton=|| view! { <SkeletonText lines=4/> } let:page>
                <ul class="held">
                    <Rows
                        items=Signal::derive(move || page.with(|page| page.items.clone()))
                        key=|session: &Session| session.id.clone()
                        row=move |session| view! { <Line session=session sessions=sessions/> }
                    />
                </ul>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Line(session: Signal<Session>, sessions: Listed) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let Session { id, address, client, current, expires_at, factor, .. } = session.get_untracked();
    let by = match factor.as_str() {
        "totp" => ", with an authenticator app",
        "passkey" => ", with a passkey",
        "recovery" => ", with a recovery code",
        _ => "",
    };
    let browser = browser(&client);
    let used = Signal::derive(move || session.with(|session| session.last_used_at));
    let name = browser.clone();
    let end = Callback::new(move |()| {
        let id = id.clone();
        let ask =
            Ask::new(format!("End the session of {name}?"), "End it").loses("Whoever uses it must sign in again, and what streams there stops.");
        confirm.ask(ask, move || act.run::<SessionRevoke>(&[&id], &Empty {}, "The session has ended.", move |_| sessions.refetch()));
    });
    view! {
        <li>
            <span title=client>
                <strong>{browser}</strong>" "
                {current.then(|| view! { <Badge text="this one" tone=Tone::Good/> })}
                <small>"from "{address}{by}", used "<Time at=used/>", ends "<Time at=expires_at/>" at the latest"</small>
            </span>
            {(!current).then(|| view! { <Button label="End" on_press=end/> })}
        </li>
    }
    .into_any()
}

/// A browser's name and system, from what it says of itself.
fn browser(client: &str) -> String {
    let has = |word: &str| client.contains(word);
    // Each of them claims to be those after it.
    let name = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];
    let system = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];
    let name = name.iter().find(|(word, _)| has(word)).map(|(_, name)| *name);
    let system = system.iter().find(|(word, _)| has(word)).map(|(_, name)| *name);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ => "Another client".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_told_apart() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/140.0")), "Edge on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(browser("curl/8.5"), "curl");
        assert_eq!(browser(""), "Another client");
    }
}
