//! One's client certificates, and the bundles that make docker work.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::certificates::{BundleCreate, BundleInput, Certificate, CertificateList, CertificateRevoke};
use crate::api::{Empty, Page, Problem};
use crate::client::Client;
use crate::clock::now;
use crate::ui::{Ask, Badge, Button, Card, Confirm, Kind, Rows, Select, SkeletonText, TextField, Time, Toasts, Tone, icons, offer_file};
use crate::widgets::{FormProblem, Loaded, Submit, use_act, use_engines};

const FIELDS: &[&str] = &["name", "engine", "expires_in_s"];
/// Seconds as the value of a choice, and its words.
const LIFETIMES: [(&str, &str); 4] = [("86400", "A day"), ("604800", "A week"), ("2592000", "30 days"), ("7776000", "90 days")];

type Listed = Resource<Result<Page<Certificate>, Problem>>;

#[component]
pub(super) fn Certificates() -> impl IntoView {
    let client = Client::get();
    let listed = Resource::new(|| (), move |()| client.call::<CertificateList>(&[], &Empty {}));
    view! {
        <Card title="Certificates">
            <p class="muted">
                "A client bundle holds a docker context and a key of yours for one engine: "<code>"docker context import"</code>" takes it as it is."
            </p>
            <NewBundle after=Callback::new(move |()| listed.refetch())/>
            <Loaded resource=listed skeleton=|| view! { <SkeletonText lines=3/> } let:page>
                <ul class="held">
                    <Rows
                        items=Signal::derive(move || page.with(|page| page.items.clone()))
                        key=|certificate: &Certificate| certificate.id.clone()
                        row=move |certificate| view! { <Line certificate=certificate listed=listed/> }
                    />
                </ul>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn NewBundle(after: Callback<()>) -> impl IntoView {
    let [name, engine] = [(); 2].map(|()| RwSignal::new(String::new()));
    let lasts = RwSignal::new("604800".to_owned());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, engine_error, lasts_error) = (submit.error("name"), submit.error("engine"), submit.error("expires_in_s"));
    let engines = use_engines();
    let options = Signal::derive(move || {
        let names = engines.map(|engines| engines.all()).unwrap_or_default().into_iter().map(|engine| (engine.name.clone(), engine.name));
        std::iter::once((String::new(), "Choose one".to_owned())).chain(names).collect::<Vec<_>>()
    });
    let lifetimes: Vec<(String, String)> = LIFETIMES.map(|(seconds, words)| (seconds.to_owned(), words.to_owned())).into();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let engine = engine.get_untracked();
        let input = BundleInput {
            name: name.get_untracked().trim().to_owned(),
            engine: Some(engine.clone()).filter(|engine| !engine.is_empty()),
            expires_in_s: lasts.with_untracked(|seconds| seconds.parse().ok()),
        };
        submit.send_file::<BundleCreate>(&[], &input, move |archive| {
            let named = if engine.is_empty() { "pilothouse.tar".to_owned() } else { format!("pilothouse-{engine}.tar") };
            offer_file(&named, &archive);
            toasts.ok("The bundle is made. Its key is nowhere else: keep it to yourself.");
            after.run(());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <div class="columns">
                <TextField label="Name of the bundle" name="bundle-name" value=name autocomplete="off" placeholder="laptop" error=name_error
                    hint="The machine that it is for, perhaps."/>
                <Transition><Select label="Engine of the bundle" name="bundle-engine" value=engine options=options error=engine_error/></Transition>
                <Select label="Good for" name="bundle-lasts" value=lasts options=lifetimes error=lasts_error/>
            </div>
            <FormProblem problem=problem fields=FIELDS/>
            <div><Button label="Make a bundle" kind=Kind::Primary icon=icons::DOWNLOAD submit=true busy=busy/></div>
        </form>
    }
    .into_any()
}

#[component]
fn Line(certificate: Signal<Certificate>, listed: Listed) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let Certificate { id, name, engine, expires_at, fingerprint, .. } = certificate.get_untracked();
    let revoked = Memo::new(move |_| certificate.with(|it| it.revoked_at.is_some()));
    let expired = expires_at <= now();
    let good_for = engine.map_or_else(|| "all you may do".to_owned(), |engine| format!("engine {engine}"));
    let used = move || {
        certificate.with(|it| it.last_used_at).map_or_else(|| "never used".into_any(), |at| view! { <span>"used "<Time at=at/></span> }.into_any())
    };
    let shown = name.clone();
    let label = format!("Revoke {name}");
    let revoke = Callback::new(move |()| {
        let (id, name) = (id.clone(), name.clone());
        let ask = Ask::new(format!("Revoke {name}?"), "Revoke")
            .loses("Every docker that uses this certificate is refused at once.")
            .loses("Logs, terminals and other streams opened with it end.");
        confirm.ask(ask, move || act.run::<CertificateRevoke>(&[&id], &Empty {}, format!("Revoked {name}."), move |_| listed.refetch()));
    });
    view! {
        <li>
            <span title=fingerprint>
                <strong>{shown}</strong>" "
                {move || revoked.get().then(|| view! { <Badge text="revoked" tone=Tone::Warn/> })}
                {expired.then(|| view! { <Badge text="expired" tone=Tone::Warn/> })}
                <small>"for "{good_for}", "{used}", ends "<Time at=expires_at/></small>
            </span>
            {move || (!revoked.get() && !expired).then(|| view! { <Button label=label.clone() on_press=revoke/> })}
        </li>
    }
    .into_any()
}
