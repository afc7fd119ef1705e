//! The fields of an engine, for adding and for changing one.

use leptos::prelude::*;

use super::way::{Way, address, place};
use super::{labels, test::Tried};
use crate::api::engines::{Engine, EngineInput, TlsInput};
use crate::ui::{Callout, Card, Choice, TextArea, TextField, Tone};
use crate::widgets::Submit;

/// The fields that show their own errors.
pub(super) const FIELDS: &[&str] = &["name", "url", "labels", "tls"];

/// What is written in the form.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub name: RwSignal<String>,
    /// The scheme of the way chosen.
    pub scheme: RwSignal<String>,
    pub place: RwSignal<String>,
    pub labels: RwSignal<String>,
    pub ca: RwSignal<String>,
    pub cert: RwSignal<String>,
    pub key: RwSignal<String>,
}

impl Draft {
    pub(super) fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        let scheme = RwSignal::new(Way::Socket.scheme().to_owned());
        Self { name: empty(), scheme, place: empty(), labels: empty(), ca: empty(), cert: empty(), key: empty() }
    }

    pub(super) fn of(engine: &Engine) -> Self {
        let draft = Self::new();
        draft.name.set(engine.name.clone());
        draft.scheme.set(Way::of(&engine.url).scheme().to_owned());
        draft.place.set(place(&engine.url).to_owned());
        draft.labels.set(labels::lines(&engine.labels));
        draft
    }

    pub(super) fn way(&self) -> Way {
        Way::of(&self.scheme.get())
    }

    fn url(&self) -> String {
        address(Way::of(&self.scheme.get_untracked()), &self.place.get_untracked())
    }

    /// The certificates, when the way needs them and any is filled in.
    pub(super) fn tls(&self) -> Option<TlsInput> {
        let tls = TlsInput { ca: self.ca.get(), cert: self.cert.get(), key: self.key.get() };
        let any = [&tls.ca, &tls.cert, &tls.key].iter().any(|text| !text.trim().is_empty());
        (any && self.way() == Way::Tls).then_some(tls)
    }

    pub(super) fn input(&self) -> EngineInput {
        untrack(|| EngineInput {
            name: self.name.get().trim().to_owned(),
            url: self.url(),
            labels: labels::read(&self.labels.get()),
            tls: self.tls(),
        })
    }
}

/// The fields. `kept` says that certificates are stored, so that they may stay empty.
#[component]
pub(super) fn Fields(draft: Draft, submit: Submit, #[prop(optional)] named: bool, #[prop(optional)] kept: bool, children: Children) -> impl IntoView {
    let (name_error, labels_error) = (submit.error("name"), submit.error("labels"));
    view! {
        <Card title="What it is called">
            {(!named).then(|| view! {
                <TextField label="Name" name="name" value=draft.name mono=true autofocus=true autocomplete="off" placeholder="build-1" error=name_error
                    hint="1 to 63 of a-z, 0-9 and -. It stands in addresses and in the lines for docker, and stays as it is."/>
            })}
            <TextArea label="Labels" name="labels" value=draft.labels rows=2 required=false placeholder="env=prod" error=labels_error
                hint="name=value, one a line. The list can be searched by them."/>
        </Card>
        <Card title="How it is reached">
            <Choice label="Way" name="way" value=draft.scheme options=Way::OFFERS/>
            <Place draft=draft submit=submit kept=kept/>
            <Tried draft=draft kept=kept/>
        </Card>
        {children()}
    }
    .into_any()
}

/// What is asked depends on the way.
#[component]
fn Place(draft: Draft, submit: Submit, kept: bool) -> impl IntoView {
    let way = Memo::new(move |_| draft.way());
    move || {
        let error = submit.error("url");
        let example = way.get().example();
        match way.get() {
            Way::Socket => view! {
                <TextField label="Path of the socket" name="url" value=draft.place mono=true autocomplete="off" placeholder=example error=error
                    hint="As Pilothouse sees it: in a container, the socket must be mounted into it."/>
            }
            .into_any(),
            Way::Tls => view! {
                <TextField label="Host and port" name="url" value=draft.place mono=true autocomplete="off" placeholder=example error=error
                    hint="The host's name must be in the engine's certificate."/>
                <Certificates draft=draft error=submit.error("tls") kept=kept/>
            }
            .into_any(),
            Way::Plain => view! {
                <Callout tone=Tone::Warn title="Nothing on the way is encrypted">
                    "Whoever reaches that port owns that machine, without any password, and whoever listens on the way reads all of it. "
                    "Use it only for an engine on this machine or behind a tunnel; the settings of Pilothouse may forbid it. "
                    "The address is kept as "<code>"tcp+plain://"</code>", so that everybody sees it."
                </Callout>
                <TextField label="Host and port" name="url" value=draft.place mono=true autocomplete="off" placeholder=example error=error/>
            }
            .into_any(),
        }
    }
}

#[component]
fn Certificates(draft: Draft, error: Signal<Option<String>>, kept: bool) -> impl IntoView {
    const PEM: &str = "-----BEGIN CERTIFICATE-----";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----";
    let about = if kept {
        "Certificates are stored for this address. Leave all three empty to keep them, or fill in all three to replace them."
    } else {
        "Three PEM texts: ca.pem, cert.pem and key.pem of a Docker client. They are sealed when stored, and never shown again."
    };
    view! {
        <p class="field-hint">{about}</p>
        <TextArea label="Authority that signed the engine's certificate" name="ca" value=draft.ca rows=3 required=!kept placeholder=PEM error=error/>
        <TextArea label="Certificate of Pilothouse" name="cert" value=draft.cert rows=3 required=!kept placeholder=PEM/>
        <TextArea label="Its private key" name="key" value=draft.key rows=3 required=!kept placeholder=KEY/>
    }
    .into_any()
}
