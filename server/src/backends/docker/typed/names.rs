//! Names that clients gave, checked so that they can stand in a path to the engine.

use pilothouse_app::api::Problem;

use super::bad;

/// Whether `text` is a name as Docker takes it: 1 to 255 of letters, digits, `_`, `.` and `-`, starting with a letter or digit.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

macro_rules! names {
    ($($(#[$meta:meta])* $name:ident $field:literal $what:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// When the text is no such name; the problem names this field.
            pub fn parse(text: &str) -> Result<Self, Problem> {
                Self::of_field($field, text)
            }

            /// The same, for a field of another name.
            ///
            /// # Errors
            /// When the text is no such name.
            pub fn of_field(field: &str, text: &str) -> Result<Self, Problem> {
                if is_name(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(bad(field, concat!($what, " is 1 to 255 of a-z, A-Z, 0-9, _, . and -, and starts with a letter or digit.")))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

names! {
    /// A container, by id or name.
    ContainerId "id" "A container's name or id";
    /// A volume, by name.
    VolumeName "name" "A volume's name";
    /// A network, by id or name.
    NetworkId "id" "A network's name or id";
}

impl ContainerId {
    /// A name that a container is to have; the engine takes none of one character.
    ///
    /// # Errors
    /// When the text is no such name; the problem names field `name`.
    pub fn new_name(text: &str) -> Result<Self, Problem> {
        if text.len() < 2 {
            return Err(bad("name", "A container's name has at least two characters."));
        }
        Self::of_field("name", text)
    }
}

/// Whether `text` is a signal by name or number, as the engine takes it: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`.
pub fn is_signal(text: &str) -> bool {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number));
    }
    let name = text.strip_prefix("SIG").unwrap_or(text);
    (2..=12).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-'))
}

/// An image, by id or reference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageRef(String);

impl ImageRef {
    /// # Errors
    /// When the text is no image's id or reference; the problem names field `id`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::of_field("id", text)
    }

    /// The same, for a field of another name.
    ///
    /// # Errors
    /// When the text is no image's id or reference.
    pub fn of_field(field: &str, text: &str) -> Result<Self, Problem> {
        if is_reference(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(bad(field, "An image is named by its id, or like `name`, `name:tag`, `host/name:tag` or `name@sha256:...`."))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The repository, and the tag or digest: `latest` unless it names one.
    pub fn split(&self) -> (&str, &str) {
        if let Some(parts) = self.0.split_once('@') {
            // A tag beside a digest says nothing: the digest decides.
            return (without_tag(parts.0).0, parts.1);
        }
        let (repository, tag) = without_tag(&self.0);
        (repository, tag.unwrap_or("latest"))
    }
}

/// A colon after the last slash starts a tag; one before it is a port.
pub fn without_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (text, None),
    }
}

fn is_reference(text: &str) -> bool {
    let charset = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b':' | b'@');
    let part = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.ends_with(['.', ':', '@']);
    (1..=512).contains(&text.len())
        && text.bytes().all(charset)
        && !text.contains("..")
        && text.matches('@').count() <= 1
        && text.split('/').all(part)
}

/// Whether `text` may be a repository without a tag.
pub fn is_repository(text: &str) -> bool {
    is_reference(text) && !text.contains('@') && without_tag(text).1.is_none() && !text.bytes().any(|b| b.is_ascii_uppercase())
}

/// Whether `text` may be a tag.
pub fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len()) && text.starts_with(first) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        for good in ["a", "web-1", "a.b_c", "0123abcdef", &"x".repeat(255)] {
            assert!(ContainerId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2fb", "a b", "-a", "_a", "a\n", "ä", "a\0", &"x".repeat(256)] {
            assert!(ContainerId::parse(bad).is_err(), "{bad:?}");
            assert_eq!(VolumeName::parse(bad).unwrap_err().field.as_deref(), Some("name"));
        }
    }

    #[test]
    fn a_signal_is_a_name_or_a_number() {
        for good in ["SIGTERM", "TERM", "HUP", "USR1", "15", "64", "SIGRTMIN+3"] {
            assert!(is_signal(good), "{good}");
        }
        for bad in ["", "SIG", "0", "65", "-9", "+9", "9x", "term", "SIGTERM;", "SIG TERM", &"X".repeat(20)] {
            assert!(!is_signal(bad), "{bad:?}");
        }
        assert_eq!(ContainerId::new_name("x").unwrap_err().field.as_deref(), Some("name"));
    }

    #[test]
    fn a_reference_is_strict() {
        for good in ["busybox", "busybox:1.36", "host:5000/a/b:tag", "a@sha256:0123", "sha256:0123abc", "0123abc"] {
            assert!(ImageRef::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a/", "/a", "a//b", "../a", "a/../b", "a..b", "a?b", "a#b", "a%b", "a\\b", "a b", "a:", "a@", "a@b@c", "a/./b", "ä"] {
            assert!(ImageRef::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_pull_without_a_tag_is_not_a_pull_of_all_tags() {
        let split = |text: &str| {
            ImageRef::parse(text)
                .map(|r| {
                    let (a, b) = r.split();
                    (a.to_owned(), b.to_owned())
                })
                .unwrap()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(split("busybox"), pair("busybox", "latest"));
        assert_eq!(split("h:5000/a"), pair("h:5000/a", "latest"));
        assert_eq!(split("h:5000/a:b"), pair("h:5000/a", "b"));
        assert_eq!(split("a:b@sha256:00"), pair("a", "sha256:00"));
    }

    #[test]
    fn repositories_and_tags() {
        assert!(is_repository("h:5000/team/app") && is_repository("app"));
        assert!(!is_repository("app:1") && !is_repository("App") && !is_repository("a@sha256:1"));
        assert!(is_tag("v1.0-rc_1") && is_tag("_x"));
        assert!(!is_tag("") && !is_tag("-a") && !is_tag("a/b") && !is_tag("a:b"));
    }
}
