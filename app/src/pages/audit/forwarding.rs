//! The places that the trail is forwarded to, and how far each is.

use leptos::prelude::*;

use crate::api::audit::{AuditForwarding, Forwarding};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::format::{count, grouped};
use crate::ui::{Rows, SkeletonRows, StateDot, Time, Tone};
use crate::widgets::Loaded;

/// A card with all places.
#[component]
pub(super) fn ForwardingCard() -> impl IntoView {
    let client = Client::get();
    let places = Resource::new(|| (), move |()| client.call::<AuditForwarding>(&[], &Empty {}));
    view! {
        <section class="card flush">
            <header class="card-head"><h2>"Forwarding"</h2><small>"Where the trail goes while it is written"</small></header>
            <Loaded resource=places skeleton=|| view! { <SkeletonRows rows=2 columns=4/> } let:page>
                <Places page=page/>
            </Loaded>
        </section>
    }
    .into_any()
}

#[component]
fn Places(page: Signal<Page<Forwarding>>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let none = "It stays in the database, and its checkpoints in a file. The settings can name syslog, webhooks, OTLP and S3.";
    view! {
        <Show when=move || any.get() fallback=move || view! { <p class="card-note">{none}</p> }>
            <div class="table-box bare" tabindex="0" role="region" aria-label="Forwarding">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="number">"Behind"</th>
                            <th scope="col">"Took something"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|place: &Forwarding| place.name.clone() row=|place| view! { <Line place=place/> }/>
                    </tbody>
                </table>
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(place: Signal<Forwarding>) -> impl IntoView {
    let (name, kind) = place.with_untracked(|place| (place.name.clone(), kind(&place.kind).to_owned()));
    let address = move || place.with(|place| place.address.clone());
    let word = Signal::derive(move || place.with(|place| state(place).0.to_owned()));
    let tone = Signal::derive(move || place.with(|place| state(place).1));
    let why = move || place.with(|place| place.error.clone().filter(|_| state(place).1 != Tone::Good));
    let behind = move || place.with(|place| grouped(if place.checkpoints_only { place.checkpoints_behind } else { place.behind }));
    let of = move || place.with(|place| if place.checkpoints_only { "checkpoints" } else { "entries" });
    let success = move || match place.with(|place| place.success_at) {
        Some(at) => view! { <Time at=Signal::stored(at)/> }.into_any(),
        None => "Not since the start".into_any(),
    };
    view! {
        <tr>
            <td class="main"><span class="name">{name}</span><span class="sub">{kind}" at "{address}</span></td>
            <td data-label="State"><StateDot text=word tone=tone/><span class="sub">{why}</span></td>
            <td data-label="Behind" class="number">{behind}<span class="sub">{of}</span></td>
            <td data-label="Took something">{success}</td>
        </tr>
    }
    .into_any()
}

/// How many places are away, in words; `None` where none is.
pub(super) fn away(places: &[Forwarding]) -> Option<String> {
    let many = places.iter().filter(|place| state(place).1 != Tone::Good).count();
    (many > 0).then(|| format!("{} away", count(many, "place")))
}

fn kind(kind: &str) -> &str {
    match kind {
        "syslog" => "Syslog",
        "webhook" => "Webhook",
        "otlp" => "OTLP",
        "s3" => "S3",
        other => other,
    }
}

/// How it stands, in words.
fn state(place: &Forwarding) -> (&'static str, Tone) {
    match (place.error_at, place.success_at) {
        _ if place.stopped => ("Stopped until the next start", Tone::Bad),
        (Some(error), success) if success.is_none_or(|success| error > success) => ("Away, asked again", Tone::Warn),
        _ => ("In step", Tone::Good),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(success_at: Option<i64>, error_at: Option<i64>, stopped: bool) -> Forwarding {
        Forwarding {
            name: "a".to_owned(),
            kind: "otlp".to_owned(),
            address: String::new(),
            checkpoints_only: false,
            behind: 0,
            checkpoints_behind: 0,
            taken: Vec::new(),
            checkpoint: 0,
            success_at,
            error: error_at.map(|_| "x".to_owned()),
            error_at,
            stopped,
        }
    }

    #[test]
    fn what_it_said_last_counts() {
        let of = |success, error, stopped| state(&place(success, error, stopped)).1;
        assert_eq!(of(None, None, false), Tone::Good);
        assert_eq!(of(Some(2), Some(1), false), Tone::Good);
        assert_eq!(of(Some(1), Some(2), false), Tone::Warn);
        assert_eq!(of(None, Some(2), false), Tone::Warn);
        assert_eq!(of(Some(3), Some(2), true), Tone::Bad);
        assert_eq!(away(&[place(None, Some(2), false), place(None, None, false)]).as_deref(), Some("1 place away"));
        assert_eq!(away(&[place(None, None, false)]), None);
    }
}
