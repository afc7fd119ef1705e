//! What one writes to look for records: `user:ana permission:engine.container.* target:prod outcome:denied after:2d some words`.
//!
//! A field and a value, joined by a colon; `*` at the end stands for any ending, `-` before a field leaves its values out, and a value
//! with spaces is quoted. Of the same field any value fits; of different ones all have to. What has no field is a word, or its beginning.

use crate::store::audit::{Field, Find, Match, Term};

use super::ids::Ids;

/// How long a query may be, in characters, and how many parts it may have.
const LONGEST: usize = 1_000;
const PARTS: usize = 40;
/// A clock may have been set back by this much, in ms, and its records are still found by their time.
const SLACK_MS: i64 = 86_400_000;

/// The fields by the names that one writes.
const FIELDS: [(&str, Field); 18] = [
    ("user", Field::User),
    ("viewer", Field::Viewer),
    ("team", Field::Team),
    ("credential", Field::Credential),
    ("session", Field::Credential),
    ("token", Field::Credential),
    ("door", Field::Door),
    ("address", Field::Address),
    ("client", Field::Client),
    ("target", Field::Target),
    ("operation", Field::Operation),
    ("permission", Field::Permission),
    ("object", Field::Object),
    ("decision", Field::Decision),
    ("outcome", Field::Outcome),
    ("grant", Field::Grant),
    ("status", Field::Status),
    ("change", Field::Change),
];

/// Reads a query; `now` (ms) is what `after:2d` counts from.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn read(text: &str, now: i64) -> Result<Find, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("A query has {LONGEST} characters at most."));
    }
    let mut find = Find::default();
    let parts = split(text)?;
    if parts.len() > PARTS {
        return Err(format!("A query has {PARTS} parts at most."));
    }
    let known = |name: &str| FIELDS.iter().find(|(known, _)| *known == name);
    for Part { not, field, value } in parts {
        match field.map(|field| field.to_lowercase()).as_deref() {
            None if value.strip_suffix(':').is_some_and(|name| known(&name.to_lowercase()).is_some()) => {
                return Err(format!("Nothing stands behind {value} Write its value without a space, such as user:ana."));
            }
            None if not => return Err(format!("Words cannot be left out, fields can: -{value} is none.")),
            None => find.words.extend(words(&value)),
            Some("after" | "from") => find.from = Some(time(&value, now)?),
            Some("before" | "to") => find.to = Some(time(&value, now)?),
            Some(name) => {
                let (_, field) = known(name).ok_or_else(|| {
                    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                    format!("There is no field {name:?}: use {}, after or before, or quote a text that has a colon.", names.join(", "))
                })?;
                add(&mut find, *field, not, wanted(*field, name, &value)?);
            }
        }
    }
    limit_by_id(&mut find);
    Ok(find)
}

/// Narrows by the key what is narrowed by time.
pub fn limit_by_id(find: &mut Find) {
    find.first_id = find.from.map(|from| Ids::first_of(from - SLACK_MS));
    find.last_id = find.to.map(|to| Ids::first_of(to + SLACK_MS));
}

struct Part {
    not: bool,
    field: Option<String>,
    value: String,
}

/// The parts of a query, each with its quotes taken off.
fn split(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(parts);
        }
        let not = chars.next_if_eq(&'-').is_some();
        let (mut field, mut value, mut quoted, mut was_quoted) = (None, String::new(), false, false);
        while let Some(c) = chars.next_if(|c| quoted || !c.is_whitespace()) {
            match c {
                '"' => {
                    quoted = !quoted;
                    was_quoted = true;
                }
                ':' if !quoted && field.is_none() && !value.is_empty() && !was_quoted && has_value(&mut chars) => {
                    field = Some(std::mem::take(&mut value));
                }
                c => value.push(c),
            }
        }
        if quoted {
            return Err("A quotation mark has no other.".to_owned());
        }
        parts.push(Part { not, field, value });
    }
}

/// Whether something follows a colon.
fn has_value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    chars.peek().is_some_and(|c| !c.is_whitespace())
}

/// The words of a text, as they stand in the index.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The values that there are, with other words for them. What is none of them would find nothing, and an alert on it would never tell anybody.
const OUTCOMES: &[(&str, &[&str])] =
    &[("open", &["under way"]), ("ok", &["done"]), ("failed", &[]), ("denied", &["refused"]), ("revoked", &[]), ("unknown", &[])];
const DECISIONS: &[(&str, &[&str])] = &[("allowed", &[]), ("denied", &["refused"])];
const DOORS: &[(&str, &[&str])] = &[("api", &[]), ("console", &[]), ("engine", &["docker"]), ("registry", &[]), ("start", &["settings"])];

fn one_of(name: &str, value: &str, all: &[(&'static str, &[&str])]) -> Result<Match, String> {
    let value = value.to_lowercase();
    if let Some(begin) = value.strip_suffix('*') {
        return Ok(Match::Begins(begin.to_owned()));
    }
    let found = all.iter().find(|(is, also)| *is == value || also.contains(&value.as_str()));
    found.map(|(is, _)| Match::Is((*is).to_owned())).ok_or_else(|| {
        let all: Vec<&str> = all.iter().map(|(is, _)| *is).collect();
        format!("There is no {name} {value:?}: use {}.", all.join(", "))
    })
}

fn wanted(field: Field, name: &str, value: &str) -> Result<Match, String> {
    match field {
        Field::Outcome => one_of(name, value, OUTCOMES),
        Field::Decision => one_of(name, value, DECISIONS),
        Field::Door => one_of(name, value, DOORS),
        Field::Status => value.parse().map(Match::Number).map_err(|_| "A status is a whole number, such as status:403.".to_owned()),
        Field::Change => match value {
            "yes" | "true" => Ok(Match::Number(1)),
            "no" | "false" => Ok(Match::Number(0)),
            _ => Err("Say change:yes or change:no.".to_owned()),
        },
        Field::Credential if !value.contains(':') && name != "credential" => Ok(match value.strip_suffix('*') {
            Some(begin) => Match::Begins(format!("{name}:{begin}")),
            None => Match::Is(format!("{name}:{value}")),
        }),
        // Nobody, and Pilothouse itself.
        Field::User | Field::Target if matches!(value, "nobody" | "pilothouse") => Ok(Match::Is("-".to_owned())),
        _ => Ok(match value.strip_suffix('*') {
            Some(begin) => Match::Begins(begin.to_owned()),
            None => Match::Is(value.to_owned()),
        }),
    }
}

fn add(find: &mut Find, field: Field, not: bool, value: Match) {
    match find.terms.iter_mut().find(|term| term.field == field && term.not == not) {
        Some(term) => term.values.push(value),
        None => find.terms.push(Term { field, values: vec![value], not }),
    }
}

/// A time: `30m`, `12h`, `2d` or `4w` ago, a day, or a moment.
fn time(text: &str, now: i64) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time: write 30m, 12h, 2d, 4w, 2026-11-01 or 2026-11-01T10:00:00Z.");
    let ago = text.char_indices().last().and_then(|(at, unit)| {
        let each = match unit {
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            'w' => 7 * 86_400_000,
            _ => return None,
        };
        text.get(..at)?.parse::<u32>().ok().map(|many| now - i64::from(many) * each)
    });
    if let Some(ago) = ago {
        return Ok(ago);
    }
    if let Ok(ms) = text.parse::<i64>() {
        return Ok(ms);
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    day.to_zoned(jiff::tz::TimeZone::UTC).map(|at| at.timestamp().as_millisecond()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    fn is(field: Field, value: &str) -> Term {
        Term { field, values: vec![Match::Is(value.to_owned())], not: false }
    }

    #[test]
    fn a_query_is_read_as_it_is_meant() {
        let find = read("user:ana permission:engine.container.* target:prod outcome:denied after:2d nginx", NOW).unwrap();
        assert_eq!(find.terms[0], is(Field::User, "ana"));
        assert_eq!(find.terms[1].values, [Match::Begins("engine.container.".to_owned())]);
        assert_eq!(find.terms[2..], [is(Field::Target, "prod"), is(Field::Outcome, "denied")]);
        assert_eq!((find.from, find.to, find.words), (Some(NOW - 2 * 86_400_000), None, vec!["nginx".to_owned()]));
        let find = read(r#"user:ana user:ben -outcome:ok client:"Docker Client" "nginx:latest" change:yes status:403 session:ab"#, NOW).unwrap();
        assert_eq!(find.terms[0].values.len(), 2);
        assert!(find.terms[1].not);
        assert_eq!(find.terms[2], is(Field::Client, "Docker Client"));
        assert_eq!(find.words, ["nginx", "latest"], "what is quoted is no field");
        assert_eq!(find.terms[3].values, [Match::Number(1)]);
        assert_eq!(find.terms[5], is(Field::Credential, "session:ab"));
        let find = read("outcome:Done outcome:denied door:docker decision:allowed session:ab*", NOW).unwrap();
        assert_eq!(find.terms[0].values, [Match::Is("ok".to_owned()), Match::Is("denied".to_owned())]);
        assert_eq!(find.terms[1..3], [is(Field::Door, "engine"), is(Field::Decision, "allowed")]);
        assert_eq!(find.terms[3].values, [Match::Begins("session:ab".to_owned())]);
        assert_eq!(read("target:pilothouse user:nobody", NOW).unwrap().terms, [is(Field::Target, "-"), is(Field::User, "-")]);
        assert_eq!(read("  ", NOW).unwrap(), Find::default());
        assert_eq!(read("after:2026-11-01 before:2026-11-01T10:00:00Z", NOW).unwrap().from, Some(1_793_491_200_000));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("colour:red", "no field \"colour\""),
            ("after:soon", "is no time"),
            ("status:many", "is a whole number"),
            ("outcome:denid", "no outcome \"denid\": use open, ok"),
            ("door:window", "no door"),
            ("user: ana", "Nothing stands behind user:"),
            ("change:perhaps", "change:yes"),
            ("\"open", "no other"),
            ("-word", "Words cannot"),
        ] {
            let why = read(text, NOW).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(read(&"a ".repeat(100), NOW).is_err());
        assert!(read(&"a".repeat(2_000), NOW).is_err());
    }

    #[test]
    fn hostile_words_are_words() {
        assert_eq!(read("\"a\" OR (b) NEAR* ^c", NOW).unwrap().words, ["a", "OR", "b", "NEAR", "c"]);
        assert_eq!(read("colour:", NOW).unwrap().words, ["colour"]);
    }
}
