//! What a provider says of somebody, read as plain JSON once its signature was checked.

use std::collections::BTreeSet;

use ring::digest;
use serde_json::{Map, Value};

/// How many groups are looked at, and how long a group's name may be.
const MOST_GROUPS: usize = 2_000;
const LONGEST_GROUP: usize = 256;

pub type Claims = Map<String, Value>;

/// The claims of a signed token, without looking at its signature: only for one that was verified, or that is compared afterwards.
pub fn payload(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload) = (parts.next()?, parts.next()?);
    serde_json::from_slice(&unbase64url(payload)?).ok()
}

/// The groups in the claim `name`: a list of names, one name, or (as some have it) an object by name. Dots lead into objects.
pub fn groups(claims: &Claims, name: &str) -> BTreeSet<String> {
    let texts: Vec<String> = match find(claims, name) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Object(all)) => all.keys().cloned().collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter(|group| !group.is_empty() && group.len() <= LONGEST_GROUP).take(MOST_GROUPS).collect()
}

/// The text in the claim `name`.
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    find(claims, name)?.as_str().filter(|text| !text.is_empty())
}

pub fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut parts = name.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// `text` made to fit the rule for usernames: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, starting with a letter or a digit.
/// Of an e-mail address, what stands before the first `@`.
pub fn fit(text: &str) -> Option<String> {
    let local = text.split('@').next().unwrap_or_default();
    // `DOMAIN\name` is how Windows writes it.
    let local = local.rsplit('\\').next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let name: String = local.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let name: String = name.trim_start_matches(['.', '_', '-']).chars().take(48).collect();
    let name = name.trim_end_matches(['.', '_', '-']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// A name for whom nothing better is known: made of who speaks and what they call them, so that it is the same each time.
pub fn nameless(issuer: &str, subject: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{issuer}\n{subject}").as_bytes());
    digest.as_ref().iter().take(5).fold("user-".to_owned(), |text, b| text + &format!("{b:02x}"))
}

fn unbase64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn groups_are_read_as_they_come() {
        let all = claims(json!({ "groups": ["a", "b", 3, ""], "one": "c", "roles": { "x": {} }, "realm_access": { "roles": ["d"] }, "a.b": ["e"] }));
        assert_eq!(groups(&all, "groups"), ["a".to_owned(), "b".to_owned()].into());
        assert_eq!(groups(&all, "one"), ["c".to_owned()].into());
        assert_eq!(groups(&all, "roles"), ["x".to_owned()].into());
        assert_eq!(groups(&all, "realm_access.roles"), ["d".to_owned()].into());
        assert_eq!(groups(&all, "a.b"), ["e".to_owned()].into());
        assert!(groups(&all, "nothing").is_empty());
    }

    #[test]
    fn names_are_made_to_fit() {
        for (from, to) in
            [("Ana", "ana"), ("ana@corp.example", "ana"), ("x@evil@corp", "x"), ("CORP\\Ana B", "ana-b"), ("..ana-", "ana"), ("José", "jos")]
        {
            assert_eq!(fit(from).as_deref(), Some(to), "{from}");
        }
        assert_eq!(fit("@corp"), None);
        assert_eq!(fit("李"), None);
        assert_eq!(nameless("a", "b"), nameless("a", "b"));
        assert_ne!(nameless("a", "b"), nameless("a", "c"));
    }

    #[test]
    fn a_payload_is_read() {
        assert_eq!(payload("e30.eyJzdWIiOiJhbmEifQ.x").unwrap()["sub"], "ana");
        assert!(payload("e30").is_none());
        assert!(payload("e30.!!.x").is_none());
    }
}
