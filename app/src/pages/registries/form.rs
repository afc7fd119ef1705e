//! The fields of a registry, for adding and for changing one.

use leptos::prelude::*;

use super::draft::{Draft, FOLLOW, HAND_ON};
use super::test::Tried;
use crate::ui::choice::Offer;
use crate::ui::{Callout, Card, Checkbox, Choice, PasswordField, TextArea, TextField, Tone};
use crate::widgets::Submit;

/// The fields that show their own errors.
pub(super) const FIELDS: &[&str] = &["name", "labels", "settings.url", "settings.ca", "settings.realm_hosts", "credential"];

const REDIRECTS: &[Offer] = &[
    (FOLLOW, "Follow it", "Pilothouse fetches the blob from there, without the credential, and passes it on."),
    (HAND_ON, "Hand it on", "Docker is sent there itself, and must reach that place."),
];

/// The fields. `kept` is who the registry knows Pilothouse as by now, so that the credential may stay empty; `named` says that the name stays.
#[component]
pub(super) fn Fields(
    draft: Draft,
    submit: Submit,
    #[prop(optional)] named: bool,
    #[prop(optional_no_strip)] kept: Option<String>,
    children: Children,
) -> impl IntoView {
    let (name_error, labels_error) = (submit.error("name"), submit.error("labels"));
    let (url_error, ca_error) = (submit.error("settings.url"), submit.error("settings.ca"));
    let is_kept = kept.is_some();
    view! {
        <Card title="What it is called">
            {(!named).then(|| view! {
                <TextField label="Name" name="name" value=draft.name mono=true autofocus=true autocomplete="off" placeholder="hub" error=name_error
                    hint="1 to 63 of a-z, 0-9 and -. It is the first part of an image's name in docker, and stays as it is."/>
            })}
            <TextArea label="Labels" name="labels" value=draft.labels rows=2 required=false placeholder="env=prod" error=labels_error
                hint="name=value, one a line. Roles can be given on registries by them."/>
        </Card>
        <Card title="Where it is">
            <TextField label="Address" name="url" value=draft.url mono=true autocomplete="off" placeholder="https://registry.example.org" error=url_error
                hint="Docker Hub is https://registry-1.docker.io."/>
            <Checkbox label="Speak without TLS to any address" checked=draft.plain_http hint="Without it, http:// is for this machine and private addresses only."/>
            <Show when=move || draft.plain_http.get()>
                <Callout tone=Tone::Warn title="Nothing on the way is encrypted">"Whoever listens on the way reads the credential and the images, and can change them."</Callout>
            </Show>
            <TextArea label="Authority that signed its certificate" name="ca" value=draft.ca rows=3 required=false placeholder="-----BEGIN CERTIFICATE-----" error=ca_error
                hint="As PEM. Without one, those that this machine trusts."/>
        </Card>
        <SignsIn draft=draft submit=submit.clone() kept=kept/>
        <Card title="What else">
            <Choice label="When it sends somebody elsewhere for a blob" name="redirects" value=draft.redirects options=REDIRECTS/>
            <TextArea label="Realm hosts" name="realm-hosts" value=draft.realm_hosts rows=2 required=false placeholder="auth.example.org" error=submit.error("settings.realm_hosts")
                hint="One a line. The hosts besides its own at which Pilothouse may ask for a token with the credential; Docker Hub's is known."/>
            <Tried draft=draft kept=is_kept/>
        </Card>
        {children()}
    }
    .into_any()
}

#[component]
fn SignsIn(draft: Draft, submit: Submit, kept: Option<String>) -> impl IntoView {
    let error = submit.error("credential");
    let about = match &kept {
        Some(username) => format!(
            "It is known there as {username}. Leave both empty to keep that credential; where the address, the authority or the realm hosts change, it must be given again."
        ),
        None => "Without a credential, Pilothouse asks as nobody. The secret is sealed when stored, and never shown again.".to_owned(),
    };
    view! {
        <Card title="Who Pilothouse is there">
            <p class="field-hint">{about}</p>
            <TextField label="Username" name="registry-username" value=draft.username mono=true required=false autocomplete="off" error=error/>
            <PasswordField label="Password or token" name="registry-secret" value=draft.secret autocomplete="new-password"/>
            {kept.is_some().then(|| view! { <Checkbox label="Forget the credential that is kept" checked=draft.anonymous/> })}
        </Card>
    }
    .into_any()
}
