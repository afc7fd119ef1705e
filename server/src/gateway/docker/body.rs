//! A JSON body, read in one way only.
//!
//! The engine decodes with Go's `encoding/json`, which matches field names without regard to case (by Unicode folding:
//! `HoſtConfig` is `HostConfig`) and takes the last of two. So whoever judges with other eyes than the engine's can be
//! shown one thing while the engine does another. Here a key that comes twice, in any spelling, or that is a known
//! field in an odd spelling, is refused; what is left means the same to everybody, and is written anew.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The largest body that is judged, in bytes. The engine's own limit for what it shows to plugins is the same.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// How much may stand in the labels of a thing, and in a command, in bytes.
const LARGEST_LABELS: usize = 64 * 1024;
const LARGEST_COMMAND: usize = 256 * 1024;

/// The most values that a body may hold. The engine's own take some hundred; a million would keep the machine busy.
const MOST: usize = 50_000;

/// Fields whose value is an object with keys of the user's own choosing: there, `a` and `A` are two things.
const USER_KEYED: &[&str] = &[
    "Annotations",
    "AuxiliaryAddresses",
    "Config",
    "DriverOpts",
    "EndpointsConfig",
    "ExposedPorts",
    "Labels",
    "Options",
    "PortBindings",
    "Segments",
    "StorageOpt",
    "Sysctls",
    "Tmpfs",
    "Volumes",
];

/// Every field that the engine knows, by its folded spelling.
static FIELDS: LazyLock<HashMap<String, HashSet<&'static str>>> = LazyLock::new(|| {
    let mut fields: HashMap<String, HashSet<&'static str>> = HashMap::new();
    let rows = include_str!("../../access/table/docker-body-fields.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    for name in rows.filter_map(|line| line.split('\t').nth(1)).flat_map(|path| path.split(['.', '[', ']'])) {
        if !name.is_empty() {
            fields.entry(fold(name)).or_default().insert(name);
        }
    }
    fields
});

/// Reads one JSON document, and nothing after it. An empty body is `None`.
///
/// # Errors
/// One sentence that says what is wrong.
pub fn parse(bytes: &[u8]) -> Result<Option<Value>, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(MOST);
    let value = Strict { left: &left, user_keyed: false }
        .deserialize(&mut source)
        .map_err(|error| format!("The body is no JSON that can be taken: {error}."))?;
    source.end().map_err(|_| "The body goes on after its JSON document.".to_owned())?;
    fits(&value)?;
    Ok(Some(value))
}

/// What the engine says again in every list and every event is not to fill them.
fn fits(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(fits),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let most = match name.as_str() {
                "Labels" => LARGEST_LABELS,
                "Cmd" | "Entrypoint" | "Command" | "Args" => LARGEST_COMMAND,
                _ => return fits(value),
            };
            if size(value) > most {
                return Err(format!("{name} holds more than {} KiB in all.", most / 1024));
            }
            fits(value)
        }),
        _ => Ok(()),
    }
}

/// How many bytes the texts in it have.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    }
}

/// As Go folds: two characters are one if they have a common upper or lower case.
fn fold(key: &str) -> String {
    key.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

struct Strict<'a> {
    /// How many more values are taken.
    left: &'a Cell<usize>,
    user_keyed: bool,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom(format!("it holds more than {MOST} values")));
        };
        self.left.set(left);
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(Strict { left: self.left, user_keyed: false })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut seen = HashSet::new();
        while let Some(key) = source.next_key::<String>()? {
            if !self.user_keyed {
                let folded = fold(&key);
                if FIELDS.get(&folded).is_some_and(|spellings| !spellings.contains(key.as_str())) {
                    return Err(A::Error::custom(format!("the field {key:?} is oddly spelled")));
                }
                if !seen.insert(folded) {
                    return Err(A::Error::custom(format!("the field {key:?} comes twice")));
                }
            }
            let user_keyed = !self.user_keyed && USER_KEYED.contains(&key.as_str());
            let value = source.next_value_seed(Strict { left: self.left, user_keyed })?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} comes twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for body in [
            r#"{"HostConfig":{},"hostconfig":{"Privileged":true}}"#,
            r#"{"HostConfig":{},"HostConfig":{"Privileged":true}}"#,
            "{\"Ho\u{17f}tConfig\":{\"Privileged\":true}}",
            r#"{"hostconfig":{}}"#,
            r#"{"HostConfig":{"privileged":true}}"#,
            r#"{"HostConfig":{"Privileged":false,"Privileged":true}}"#,
            r#"{"Labels":{"a":"1","a":"2"}}"#,
            r#"{"Mounts":[{"type":"bind"}]}"#,
            r#"{"Unknown":1,"UNKNOWN":2}"#,
            r#"{} {}"#,
            "\u{feff}{}",
            r#"{"a":1}x"#,
            r#"{"a":1e400}"#,
            "{\"a\":\"\u{0}\"}",
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(format!("[{}1]", "1,".repeat(super::MOST)).as_bytes()).is_err());
    }

    #[test]
    fn what_every_list_repeats_is_small() {
        let long = |length: usize| "x".repeat(length);
        for (body, good) in [
            (format!(r#"{{"Labels":{{"a":"{}"}}}}"#, long(65_000)), true),
            (format!(r#"{{"Labels":{{"a":"{}"}}}}"#, long(66_000)), false),
            (format!(r#"{{"TaskTemplate":{{"ContainerSpec":{{"Labels":{{"a":"{}"}}}}}}}}"#, long(66_000)), false),
            (format!(r#"{{"Cmd":["a","{}"]}}"#, long(260_000)), true),
            (format!(r#"{{"Cmd":["{}","{}"]}}"#, long(200_000), long(200_000)), false),
            (format!(r#"{{"Env":["A={}"]}}"#, long(300_000)), true),
        ] {
            assert_eq!(parse(body.as_bytes()).is_ok(), good, "{}", &body[..40]);
        }
    }

    #[test]
    fn what_is_left_means_the_same_when_written_anew() {
        let body = r#"{"HostConfig":{"Memory":9223372036854775807,"NanoCpus":0},"Labels":{"image":"x","Image":"y"},"Env":["A=b"],"Cmd":null}"#;
        let value = parse(body.as_bytes()).unwrap().unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(body).unwrap());
        assert_eq!(parse(b" \n").unwrap(), None);
        assert_eq!(parse(b"null").unwrap(), Some(serde_json::Value::Null));
    }
}
