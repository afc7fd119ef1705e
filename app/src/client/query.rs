//! An operation's input as the query of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::unreadable;
use crate::api::Problem;

/// What may stand unescaped in a query's value.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The fields of `input` as `k=v&k=v`, by name; what is absent is left out, a list repeats its key.
pub fn encode(input: &impl Serialize) -> Result<String, Problem> {
    let value = serde_json::to_value(input).map_err(|e| unreadable("The request could not be written.", &e))?;
    let Value::Object(fields) = value else {
        return Ok(String::new());
    };
    let mut query = String::new();
    for (key, value) in &fields {
        match value {
            Value::Array(items) => items.iter().for_each(|item| push(&mut query, key, item)),
            other => push(&mut query, key, other),
        }
    }
    Ok(query)
}

fn push(query: &mut String, key: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(key, VALUE));
    query.push('=');
    query.extend(utf8_percent_encode(&text, VALUE));
}

#[cfg(test)]
mod tests {
    use super::encode;
    use crate::api::audit::{AuditQuery, Outcome};
    use crate::api::containers::RemoveInput;
    use crate::api::{Empty, ListQuery};

    #[test]
    fn nothing_makes_an_empty_query() {
        assert_eq!(encode(&Empty {}), Ok(String::new()));
        assert_eq!(encode(&ListQuery::default()), Ok(String::new()));
    }

    #[test]
    fn numbers_flags_and_names_are_plain() {
        assert_eq!(encode(&RemoveInput { force: true, volumes: false }), Ok("force=true&volumes=false".into()));
        let query = AuditQuery { limit: Some(5), outcome: Some(Outcome::Denied), ..AuditQuery::default() };
        assert_eq!(encode(&query), Ok("limit=5&outcome=denied".into()));
    }

    #[test]
    fn what_means_something_in_a_url_is_escaped() {
        let query = ListQuery { filter: Some("a=b&c +%#é".into()), ..ListQuery::default() };
        assert_eq!(encode(&query), Ok("filter=a%3Db%26c%20%2B%25%23%C3%A9".into()));
    }
}
