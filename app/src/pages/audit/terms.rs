//! The text that one looks by, changed a field at a time: `user:ana outcome:denied nginx`.

/// A field with its value, as it stands in a query.
pub fn term(field: &str, value: &str) -> String {
    // Nobody, and Pilothouse itself, have words of their own.
    let value = match (field, value) {
        ("user", "-") => "nobody",
        ("target", "-") => "pilothouse",
        _ => value,
    };
    let plain = !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && c != '"');
    if plain { format!("{field}:{value}") } else { format!("{field}:\"{}\"", value.replace('"', "")) }
}

/// The parts of a query. What is quoted stays together.
fn parts(query: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in query.chars() {
        if c.is_whitespace() && !quoted {
            if !part.is_empty() {
                parts.push(std::mem::take(&mut part));
            }
            continue;
        }
        quoted ^= c == '"';
        part.push(c);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Whether a query has this part.
pub fn has(query: &str, term: &str) -> bool {
    parts(query).iter().any(|part| part == term)
}

/// The query with this part, or without it if it was there.
pub fn toggled(query: &str, term: &str) -> String {
    let mut parts = parts(query);
    match parts.iter().position(|part| part == term) {
        Some(at) => drop(parts.remove(at)),
        None => parts.push(term.to_owned()),
    }
    parts.join(" ")
}

/// The query between these times, as they are written; whichever it was between before.
pub fn between(query: &str, from: &str, to: &str) -> String {
    let is_time = |part: &String| ["after:", "before:", "from:", "to:"].iter().any(|field| part.starts_with(field));
    let mut parts: Vec<String> = parts(query).into_iter().filter(|part| !is_time(part)).collect();
    parts.push(format!("after:{from}"));
    parts.push(format!("before:{to}"));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_and_go() {
        assert_eq!(toggled("", "user:ana"), "user:ana");
        assert_eq!(toggled("user:ana  nginx", "user:ana"), "nginx");
        assert_eq!(toggled("client:\"a b\" x", "outcome:ok"), "client:\"a b\" x outcome:ok");
        assert!(has("a client:\"a b\"", "client:\"a b\""));
        assert!(!has("user:anabel", "user:ana"));
        assert_eq!(term("client", "Docker Client"), "client:\"Docker Client\"");
        assert_eq!((term("user", "-"), term("target", "-")), ("user:nobody".to_owned(), "target:pilothouse".to_owned()));
        assert_eq!(between("after:2d user:ana", "a", "b"), "user:ana after:a before:b");
    }
}
