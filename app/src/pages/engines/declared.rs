//! An engine that the settings file declares: why it is not changed here, and where it is.

use leptos::prelude::*;

use crate::api::engines::Engine;
use crate::ui::toml::{labels, quoted};
use crate::ui::{Callout, Card, CodeBlock, Facts, Tone};

#[component]
pub(super) fn Declared(engine: Engine) -> impl IntoView {
    let text = Signal::stored(section(&engine));
    let tls = if engine.tls { "Mutual TLS, with certificates from files" } else { "None" };
    let labels = engine.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
    view! {
        <div class="form">
            <Callout tone=Tone::Info title="Declared in the settings file">
                "The file wins at every start, so a change made here would not last. Change the section of this engine in "
                <code>"pilothouse.toml"</code>", or take it out, and start Pilothouse again."
            </Callout>
            <Card title="What it says now">
                <Facts>
                    <dt>"Address"</dt>
                    <dd><code>{engine.url.clone()}</code></dd>
                    <dt>"TLS"</dt>
                    <dd>{tls}</dd>
                    <dt>"Labels"</dt>
                    <dd>{if labels.is_empty() { "None".to_owned() } else { labels }}</dd>
                </Facts>
                <CodeBlock text=text label="This engine in the settings file"/>
            </Card>
        </div>
    }
    .into_any()
}

/// The engine as the settings file spells it.
fn section(engine: &Engine) -> String {
    let mut text = format!("[[engines]]\nname = {}\nurl = {}\n", quoted(&engine.name), quoted(&engine.url));
    text.push_str(&labels(&engine.labels));
    if engine.tls {
        text.push_str("tls = { ca = \"...\", cert = \"...\", key = \"...\" }\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::section;
    use crate::api::engines::{Engine, Health};

    #[test]
    fn a_section_is_as_the_file_has_it() {
        let labels = BTreeMap::from([("env".to_owned(), "a \"b\"".to_owned())]);
        let engine = Engine { name: "a".into(), url: "tcp://h:1".into(), labels, tls: true, declared: true, health: Health::Unknown, info: None };
        let lines = ["[[engines]]", "name = \"a\"", "url = \"tcp://h:1\"", "labels = { \"env\" = \"a \\\"b\\\"\" }"];
        assert!(section(&engine).starts_with(&lines.join("\n")));
    }
}
