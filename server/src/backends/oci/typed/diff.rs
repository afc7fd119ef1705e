//! How two images differ, layer by layer and field by field.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_app::api::repositories::{FieldDiff, ImageConfig, LayerDiff};

use crate::backends::oci::parsed::Descriptor;

/// One side of it: an image, or something else that has layers.
pub struct Side<'a> {
    pub config: Option<ImageConfig>,
    pub layers: &'a [Descriptor],
}

impl Side<'_> {
    fn has(&self, digest: &str) -> bool {
        self.layers.iter().any(|layer| layer.digest == digest)
    }

    /// What made a layer.
    fn made(&self, digest: &str) -> String {
        let layers = self.config.iter().flat_map(|config| &config.layers);
        layers.into_iter().find(|layer| layer.digest.as_deref() == Some(digest)).map(|layer| layer.created_by.clone()).unwrap_or_default()
    }
}

/// The layers of the one, and then those that only the other has; each once.
pub fn layers(from: &Side<'_>, to: &Side<'_>) -> Vec<LayerDiff> {
    let mut seen = BTreeSet::new();
    let each = from.layers.iter().map(|layer| (from, layer)).chain(to.layers.iter().map(|layer| (to, layer)));
    let once = each.filter(|(_, layer)| seen.insert(layer.digest.as_str()));
    let shown = once.map(|(side, layer)| LayerDiff {
        digest: layer.digest.clone(),
        size: layer.size,
        created_by: side.made(&layer.digest),
        in_from: from.has(&layer.digest),
        in_to: to.has(&layer.digest),
    });
    shown.collect()
}

/// The fields in which they differ, by name.
pub fn fields(from: &Side<'_>, to: &Side<'_>) -> Vec<FieldDiff> {
    let (before, after) = (flat(from.config.as_ref()), flat(to.config.as_ref()));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differ.map(|name| FieldDiff { field: name.clone(), before: before.get(name).cloned(), after: after.get(name).cloned() }).collect()
}

/// A config as fields by name; what is empty is left out.
fn flat(config: Option<&ImageConfig>) -> BTreeMap<String, String> {
    let Some(config) = config else { return BTreeMap::new() };
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let words = |words: &[String]| serde_json::to_string(words).unwrap_or_default();
    let mut fields: BTreeMap<String, String> = [
        ("os", config.os.clone()),
        ("architecture", config.architecture.clone()),
        ("variant", own(&config.variant)),
        ("author", own(&config.author)),
        ("user", own(&config.user)),
        ("working_dir", own(&config.working_dir)),
        ("stop_signal", own(&config.stop_signal)),
        ("exposed_ports", config.exposed_ports.join(" ")),
        ("volumes", config.volumes.join(" ")),
        // Where one word ends is a difference, too.
        ("entrypoint", if config.entrypoint.is_empty() { String::new() } else { words(&config.entrypoint) }),
        ("command", if config.command.is_empty() { String::new() } else { words(&config.command) }),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    fields.retain(|_, value| !value.is_empty());
    fields.extend(config.labels.iter().map(|(name, value)| (format!("label {name}"), value.clone())));
    let variables = config.env.iter().map(|line| line.split_once('=').unwrap_or((line, "")));
    fields.extend(variables.map(|(name, value)| (format!("env {name}"), value.to_owned())));
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::backends::oci::typed::config::Config;

    fn side(layers: &[Descriptor], config: serde_json::Value) -> Side<'_> {
        let config: Config = serde_json::from_value(config).unwrap();
        Side { config: Some(config.shown(layers)), layers }
    }

    #[test]
    fn only_what_differs_is_told() {
        let layer = |digest: &str| serde_json::from_value::<Descriptor>(json!({ "mediaType": "l", "digest": digest, "size": 5 })).unwrap();
        let (old, new) = ([layer("base"), layer("old"), layer("base")], [layer("base"), layer("new")]);
        let from = side(
            &old,
            json!({ "os": "linux", "config": { "Env": ["A=1", "B=2"], "Cmd": ["a b"], "Labels": { "x": "1" } }, "history": [{ "created_by": "FROM" }] }),
        );
        let to = side(&new, json!({ "os": "linux", "config": { "Env": ["A=1", "B=3", "C="], "Cmd": ["a", "b"], "Labels": { "x": "1" } } }));
        let each: Vec<_> = layers(&from, &to).into_iter().map(|layer| (layer.digest, layer.created_by, layer.in_from, layer.in_to)).collect();
        let text = str::to_owned;
        let expected = [(text("base"), text("FROM"), true, true), (text("old"), text(""), true, false), (text("new"), text(""), false, true)];
        assert_eq!(each, expected);
        let each: Vec<_> = fields(&from, &to).into_iter().map(|field| (field.field, field.before, field.after)).collect();
        let expected = [
            (text("command"), Some(text(r#"["a b"]"#)), Some(text(r#"["a","b"]"#))),
            (text("env B"), Some(text("2")), Some(text("3"))),
            (text("env C"), None, Some(text(""))),
        ];
        assert_eq!(each, expected);
        assert!(fields(&from, &from).is_empty());
    }
}
