//! Text of the settings file, as somebody would write it there.

use std::collections::BTreeMap;

/// A string: its escapes are those of JSON.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The line of something's labels; nothing where it has none.
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
    format!("labels = {{ {} }}\n", labels.join(", "))
}
