//! A registry that the settings file declares: why it is not changed here, and where it is.

use leptos::prelude::*;

use crate::api::registries::{Redirects, Registry};
use crate::ui::toml::{labels, quoted};
use crate::ui::{Callout, Card, CodeBlock, Facts, Tone};

#[component]
pub(super) fn Declared(registry: Registry) -> impl IntoView {
    let text = Signal::stored(section(&registry));
    let labels = registry.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
    let username = registry.username.clone().unwrap_or_else(|| "Nobody".to_owned());
    view! {
        <div class="form">
            <Callout tone=Tone::Info title="Declared in the settings file">
                "The file wins at every start, so a change made here would not last. Change the section of this registry in "
                <code>"pilothouse.toml"</code>", or take it out, and start Pilothouse again."
            </Callout>
            <Card title="What it says now">
                <Facts>
                    <dt>"Address"</dt>
                    <dd><code>{registry.settings.url.clone()}</code></dd>
                    <dt>"Known there as"</dt>
                    <dd>{username}</dd>
                    <dt>"Labels"</dt>
                    <dd>{if labels.is_empty() { "None".to_owned() } else { labels }}</dd>
                </Facts>
                <CodeBlock text=text label="This registry in the settings file"/>
            </Card>
        </div>
    }
    .into_any()
}

/// The registry as the settings file spells it.
fn section(registry: &Registry) -> String {
    let settings = &registry.settings;
    let mut text = format!("[[registries]]\nname = {}\nurl = {}\n", quoted(&registry.name), quoted(&settings.url));
    text.push_str(&labels(&registry.labels));
    if let Some(username) = &registry.username {
        text.push_str(&format!("username = {}\nsecret_file = \"...\"\n", quoted(username)));
    }
    if !settings.ca.is_empty() {
        text.push_str("ca_file = \"...\"\n");
    }
    if settings.plain_http {
        text.push_str("plain_http = true\n");
    }
    if settings.redirects == Redirects::HandOn {
        text.push_str("redirects = \"hand_on\"\n");
    }
    if !settings.realm_hosts.is_empty() {
        let hosts: Vec<String> = settings.realm_hosts.iter().map(|host| quoted(host)).collect();
        text.push_str(&format!("realm_hosts = [{}]\n", hosts.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::section;
    use crate::api::registries::{Redirects, Registry, RegistrySettings};

    #[test]
    fn a_section_is_as_the_file_has_it() {
        let settings = RegistrySettings {
            url: "https://r.example".into(),
            plain_http: false,
            ca: String::new(),
            redirects: Redirects::HandOn,
            realm_hosts: vec!["auth.example".into()],
        };
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let registry = Registry { name: "hub".into(), labels, settings, username: Some("pilot".into()), declared: true };
        let lines = [
            "[[registries]]",
            "name = \"hub\"",
            "url = \"https://r.example\"",
            "labels = { \"env\" = \"prod\" }",
            "username = \"pilot\"",
            "secret_file = \"...\"",
            "redirects = \"hand_on\"",
            "realm_hosts = [\"auth.example\"]\n",
        ];
        assert_eq!(section(&registry), lines.join("\n"));
    }
}
