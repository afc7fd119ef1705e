//! The fields of a directory.

use leptos::prelude::*;

use super::draft::Draft;
use super::form::Authority;
use crate::ui::{Card, Checkbox, TextField};
use crate::widgets::Submit;

#[component]
pub(super) fn Directory(draft: Draft, submit: Submit, kept: bool) -> impl IntoView {
    let secret_hint = if kept {
        "One is stored. Leave it empty to keep it; for another address or entry it is asked for again."
    } else {
        "It is sealed when stored, and never shown again."
    };
    view! {
        <Card title="The directory">
            <TextField label="Address" name="url" value=draft.url mono=true autocomplete="off" placeholder="ldaps://ldap.example.com:636" error=submit.error("url")
                hint="ldaps:// speaks TLS from the start, ldap:// turns to it before anything is said."/>
            <Checkbox label="It is an Active Directory" checked=draft.active_directory hint="Its own attributes are used, and people who are switched off are not found."/>
            <TextField label="Entry that searches" name="bind_dn" value=draft.bind_dn required=false mono=true autocomplete="off" placeholder="cn=pilothouse,ou=services,dc=example,dc=com"
                hint="It needs to read people and groups, and nothing else. Without one, the search is anonymous."/>
            <TextField label="Its password" name="secret" value=draft.secret kind="password" required=false mono=true autocomplete="off" hint=secret_hint error=submit.error("secret")/>
            <TextField label="Where people are" name="base_dn" value=draft.base_dn mono=true autocomplete="off" placeholder="ou=people,dc=example,dc=com" error=submit.error("base_dn")/>
            <TextField label="Who is meant by a name" name="user_filter" value=draft.user_filter required=false mono=true autocomplete="off" placeholder="(uid={username})" error=submit.error("user_filter")
                hint="It may say more than the name: (&(uid={username})(memberOf=cn=staff,dc=example,dc=com))."/>
            <TextField label="Attribute of the name" name="username_attribute" value=draft.username_attribute required=false mono=true autocomplete="off" placeholder="uid"/>
            <TextField label="Attribute that never changes" name="id_attribute" value=draft.id_attribute required=false mono=true autocomplete="off" placeholder="entryUUID"/>
            <TextField label="Where groups are" name="group_base_dn" value=draft.group_base_dn required=false mono=true autocomplete="off" placeholder="ou=groups,dc=example,dc=com"/>
            <TextField label="Which groups somebody is in" name="group_filter" value=draft.group_filter required=false mono=true autocomplete="off" placeholder="(member={dn})" error=submit.error("group_filter")/>
            <TextField label="Attribute of a group's name" name="group_attribute" value=draft.group_attribute required=false mono=true autocomplete="off" placeholder="cn"/>
            <Checkbox label="Groups of groups count" checked=draft.nested/>
            <Authority draft=draft submit=submit.clone()/>
        </Card>
    }
    .into_any()
}
