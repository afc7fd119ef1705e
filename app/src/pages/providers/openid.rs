//! The fields of an OpenID provider.

use leptos::prelude::*;

use super::draft::Draft;
use super::form::Authority;
use crate::api::presets::{PRESETS, preset};
use crate::ui::{Callout, Card, Checkbox, Select, TextField, Tone};
use crate::widgets::Submit;

#[component]
pub(super) fn OpenId(draft: Draft, submit: Submit, kept: bool) -> impl IntoView {
    let presets = PRESETS.iter().map(|preset| (preset.name.to_owned(), preset.label.to_owned())).collect::<Vec<_>>();
    let chosen = Memo::new(move |_| draft.preset.with(|name| preset(name).name));
    let notes = move || preset(chosen.get()).notes;
    let issuer = move || preset(chosen.get()).issuer;
    let usual = move || {
        let preset = preset(chosen.get());
        format!("Usual there: the scopes {}, names from {}, groups from {}.", preset.scopes.join(" "), preset.username_claim, preset.groups_claim)
    };
    let secret_hint = if kept {
        "One is stored. Leave it empty to keep it; with another issuer or client id it is asked for again."
    } else {
        "It is sealed when stored, and never shown again. A public client has none."
    };
    view! {
        <Card title="The provider">
            <Select label="Which one" name="preset" value=draft.preset options=Signal::stored(presets)/>
            <Callout tone=Tone::Info><p>{notes}</p><p>"Its issuer looks like "<code>{issuer}</code>"."</p></Callout>
            <TextField label="Issuer" name="issuer" value=draft.issuer mono=true autocomplete="off" placeholder="https://id.example.com" error=submit.error("issuer")
                hint="Exactly as the provider spells it, a slash at the end included."/>
            <TextField label="Client id" name="client_id" value=draft.client_id mono=true autocomplete="off" error=submit.error("client_id")/>
            <TextField label="Client secret" name="secret" value=draft.secret kind="password" required=false mono=true autocomplete="off" hint=secret_hint error=submit.error("secret")/>
            <p class="field-hint">{usual}</p>
            <TextField label="Other scopes" name="scopes" value=draft.scopes required=false mono=true autocomplete="off" hint="With spaces between them, instead of the usual ones."/>
            <TextField label="Claim of the name" name="username_claim" value=draft.username_claim required=false mono=true autocomplete="off"/>
            <TextField label="Claim of the groups" name="groups_claim" value=draft.groups_claim required=false mono=true autocomplete="off" hint="Dots lead into objects: realm_access.roles."/>
            <Checkbox label="Whoever signs in there has proved a second factor there" checked=draft.second_factor/>
            <Authority draft=draft submit=submit.clone()/>
        </Card>
    }
    .into_any()
}
