//! What a change changed, field by field, of a thing as the API shows it: that never holds a secret.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Change, clean};

/// Fields that say nothing of what was changed: the record itself says who and when.
const LEFT_OUT: [&str; 4] = ["created_at", "created_by", "declared", "hits"];
/// How many fields are told of.
const FIELDS: usize = 64;

/// The fields in which two states of a thing differ. Nothing before is what was made, nothing after what was removed.
pub fn between<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Vec<Change> {
    let fields = |thing: Option<&T>| match thing.and_then(|thing| serde_json::to_value(thing).ok()) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).filter(|name| !LEFT_OUT.contains(&name.as_str())).collect();
    let change = |name: &&String| {
        let (before, after) = (before.get(*name).and_then(text), after.get(*name).and_then(text));
        (before != after).then(|| Change { field: (*name).clone(), before, after })
    };
    names.iter().filter_map(change).take(FIELDS).collect()
}

/// One field that was changed.
pub fn field(name: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change { field: name.to_owned(), before: before.map(clean), after: after.map(clean) }
}

/// A value as a person reads it; `None` for nothing.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(values) if values.is_empty() => None,
        Value::Object(fields) if fields.is_empty() => None,
        Value::String(text) => Some(clean(text)),
        Value::Array(values) => Some(clean(&values.iter().filter_map(text).collect::<Vec<_>>().join(", "))),
        Value::Object(fields) => {
            let pairs = fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", text(value)?)));
            Some(clean(&pairs.collect::<Vec<_>>().join(", ")))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({ "name": "a", "roles": ["x", "y"], "rule": { "kind": "images", "allowed": [] }, "created_at": 1, "off": null, "n": 1 });
        let after = json!({ "name": "a", "roles": ["x"], "rule": { "kind": "images", "allowed": ["b"] }, "created_at": 2, "off": true, "n": 1 });
        let change = |field: &str, before: Option<&str>, after: Option<&str>| super::field(field, before, after);
        assert_eq!(
            between(Some(&before), Some(&after)),
            [
                change("off", None, Some("true")),
                change("roles", Some("x, y"), Some("x")),
                change("rule", Some("kind=images"), Some("allowed=b, kind=images")),
            ]
        );
        assert_eq!(between(Some(&before), Some(&before)), []);
        assert_eq!(between(None, Some(&json!({ "name": "a", "summary": "" }))), [change("name", None, Some("a"))]);
        assert_eq!(between(Some(&json!({ "name": "a" })), None), [change("name", Some("a"), None)]);
        let long = json!({ "x": "y".repeat(10_000) });
        assert!(between(None, Some(&long))[0].after.as_ref().unwrap().len() < 1_000);
    }
}
