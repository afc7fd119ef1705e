//! The fields of a provider, for adding and for changing one.

use leptos::prelude::*;

use super::directory::Directory;
use super::draft::{DIRECTORY, Draft, OPENID};
use super::openid::OpenId;
use crate::ui::choice::Offer;
use crate::ui::{Card, Checkbox, Choice, TextArea, TextField};
use crate::widgets::Submit;

/// The fields that show their own errors.
pub(super) const FIELDS: &[&str] =
    &["name", "label", "issuer", "client_id", "url", "base_dn", "user_filter", "group_filter", "secret", "ca", "group_teams", "check_every_s"];

const KINDS: &[Offer] = &[
    (OPENID, "OpenID Connect", "Keycloak, Entra ID, Google, GitLab, Okta, Authentik and others: people sign in there, and come back."),
    (DIRECTORY, "LDAP or Active Directory", "People give their name and password here, and the directory is asked about them."),
];

/// The fields. `kept` says that a secret is stored, so that it may stay empty; `fixed`, that name and kind stay as they are.
#[component]
pub(super) fn Fields(draft: Draft, submit: Submit, #[prop(optional)] fixed: bool, #[prop(optional)] kept: bool, children: Children) -> impl IntoView {
    let of_kind = {
        let submit = submit.clone();
        move || {
            let submit = submit.clone();
            match draft.is_directory() {
                true => view! { <Directory draft=draft submit=submit kept=kept/> }.into_any(),
                false => view! { <OpenId draft=draft submit=submit kept=kept/> }.into_any(),
            }
        }
    };
    let error = move |name| submit.error(name);
    let (name_error, label_error, teams_error, seconds_error) = (error("name"), error("label"), error("group_teams"), error("check_every_s"));
    view! {
        <Card title="What it is called">
            {(!fixed).then(|| view! {
                <TextField label="Name" name="name" value=draft.name mono=true autofocus=true autocomplete="off" placeholder="corp" error=name_error
                    hint="1 to 63 of a-z, 0-9 and -. It stands in the address to register at the provider, and stays as it is."/>
            })}
            <TextField label="Label" name="label" value=draft.label required=false autocomplete="off" placeholder="Corporate sign-in" error=label_error
                hint="What the sign-in page calls it."/>
            {(!fixed).then(|| view! { <Choice label="Kind" name="kind" value=draft.kind options=KINDS/> })}
        </Card>
        {of_kind}
        <Card title="Who comes in, and into which teams">
            <TextArea label="Groups and their teams" name="group_teams" value=draft.group_teams rows=4 required=false placeholder="dev = developers"
                error=teams_error hint="group = team, one a line. At each sign-in people join the teams of their groups and leave the others; what was done by hand stays."/>
            <TextArea label="Only these groups" name="allowed_groups" value=draft.allowed_groups rows=2 required=false
                hint="One a line. Without any, everybody whom the provider knows comes in, with no rights but those of their teams."/>
            <Checkbox label="Whoever comes for the first time becomes a user" checked=draft.create_users/>
            <TextField label="Seconds until the provider is asked again" name="check_every_s" value=draft.check_every_s required=false kind="number" placeholder="900"
                error=seconds_error hint="About people with a session or a token: so long may what the provider took away still count."/>
        </Card>
        {children()}
    }
    .into_any()
}

/// The certificates of a provider's authorities, for either kind.
#[component]
pub(super) fn Authority(draft: Draft, submit: Submit) -> impl IntoView {
    view! {
        <TextArea label="Authority that signed its certificate" name="ca" value=draft.ca rows=3 required=false placeholder="-----BEGIN CERTIFICATE-----" error=submit.error("ca")
            hint="As PEM. Without one, those that this machine trusts."/>
    }
    .into_any()
}
