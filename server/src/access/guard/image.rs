//! Image references, in one spelling: `docker.io/library/busybox:latest`.

use std::fmt;

/// A reference, read as the engine reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// Registry and repository.
    pub name: String,
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// Why a text names no image that could be judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unread {
    /// It may be an id: then it is whatever has that id.
    Id,
    Malformed,
}

/// Whether it is what begins an id: the engine takes that for an image if nothing has such a name.
fn may_be_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Reference {
    pub fn read(text: &str) -> Result<Self, Unread> {
        if text.starts_with("sha256:") || may_be_id(text) {
            return Err(Unread::Id);
        }
        if text.is_empty() || text.len() > 1024 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Unread::Malformed);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_ascii_lowercase())),
            None => (text, None),
        };
        if digest.as_deref().is_some_and(|digest| !is_digest(digest)) {
            return Err(Unread::Malformed);
        }
        let (rest, tag) = match rest.rsplit_once(':') {
            Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let (domain, repository) = domain(rest);
        let part = |part: &str| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
        };
        let is_domain = domain.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
        let is_tag = tag.as_deref().is_none_or(|tag| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        if !is_domain || !is_tag || !repository.split('/').all(part) {
            return Err(Unread::Malformed);
        }
        Ok(Self { name: format!("{domain}/{repository}"), tag, digest })
    }

    /// Whether a pattern is of this image. In a pattern `*` is any text without a slash and `**` any text; it may go on with a tag or a
    /// digest, which must fit then.
    pub fn matches(&self, pattern: &str) -> bool {
        let (rest, digest) = match pattern.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (pattern, None),
        };
        let (rest, tag) = match rest.rsplit_once(':') {
            Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag)),
            _ => (rest, None),
        };
        let (domain, repository) = if rest == "**" { (String::new(), "**".to_owned()) } else { domain(rest) };
        let name = if domain.is_empty() { repository } else { format!("{domain}/{repository}") };
        let tag_fits = || match (tag, &self.tag, &self.digest) {
            (None, _, _) => true,
            // A digest says what runs, whatever the tag beside it says. Where the pattern names one, that is what has to fit.
            (Some(_), _, Some(_)) if digest.is_none() => false,
            (Some(pattern), Some(tag), _) => fits(pattern, tag),
            (Some(pattern), None, None) => fits(pattern, "latest"),
            (Some(_), None, Some(_)) => true,
        };
        let digest_fits = || digest.is_none_or(|pattern| self.digest.as_deref().is_some_and(|digest| fits(pattern, digest)));
        fits(&name, &self.name) && tag_fits() && digest_fits()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// Registry and repository, with what may be left out.
fn domain(text: &str) -> (String, String) {
    let hub = || {
        let repository = if text.contains('/') { text.to_owned() } else { format!("library/{text}") };
        ("docker.io".to_owned(), repository)
    };
    let Some((first, rest)) = text.split_once('/') else { return hub() };
    let is_domain = first.contains(['.', ':', '*']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase());
    if !is_domain {
        return hub();
    }
    // A name of a host has no case.
    let first = first.to_ascii_lowercase();
    if first == "docker.io" || first == "index.docker.io" {
        let rest = if rest.contains('/') || rest == "**" { rest.to_owned() } else { format!("library/{rest}") };
        return ("docker.io".to_owned(), rest);
    }
    (first, rest.to_owned())
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        || text.strip_prefix("sha512:").is_some_and(|hex| hex.len() == 128 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether `text` fits a pattern with `*` (no slash) and `**` (anything).
pub fn fits(pattern: &str, text: &str) -> bool {
    // One step a character of the pattern over all places of the text that can be reached: no pattern takes long.
    let text: Vec<char> = text.chars().collect();
    let mut here = vec![false; text.len() + 1];
    here[0] = true;
    let mut pattern = pattern.chars().peekable();
    while let Some(c) = pattern.next() {
        if c == '*' {
            let deep = pattern.next_if_eq(&'*').is_some();
            for at in 0..text.len() {
                here[at + 1] |= here[at] && (deep || text[at] != '/');
            }
            continue;
        }
        for at in (0..text.len()).rev() {
            here[at + 1] = here[at] && text[at] == c;
        }
        here[0] = false;
    }
    here.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn a_reference_has_one_spelling() {
        for (text, clean) in [
            ("busybox", "docker.io/library/busybox"),
            ("busybox:1", "docker.io/library/busybox:1"),
            ("docker.io/busybox", "docker.io/library/busybox"),
            ("Docker.io/library/busybox", "docker.io/library/busybox"),
            ("index.docker.io/a/b:c", "docker.io/a/b:c"),
            ("a/b", "docker.io/a/b"),
            ("localhost/b", "localhost/b"),
            ("LOCALHOST/b", "localhost/b"),
            ("r.example:5000/a/b:c", "r.example:5000/a/b:c"),
            ("R.Example/a", "r.example/a"),
        ] {
            assert_eq!(Reference::read(text).unwrap().to_string(), clean, "{text}");
        }
        let pinned = Reference::read(&format!("busybox:1@{DIGEST}")).unwrap();
        assert_eq!((pinned.tag.as_deref(), pinned.digest.as_deref()), (Some("1"), Some(DIGEST)));
        for text in [DIGEST, "abcdef", "ABCDEF0123", "cafe"] {
            assert_eq!(Reference::read(text), Err(Unread::Id), "{text}");
        }
        for text in ["", "a b", "/a", "a//b", "a/B", "Busybox", "a:", "a@sha256:x", "../a", "r.example/a/../b", "b\u{fc}sy", "http://x/y"] {
            assert_eq!(Reference::read(text), Err(Unread::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_pattern_takes_what_it_says_and_no_more() {
        let fits = |pattern: &str, text: &str| Reference::read(text).unwrap().matches(pattern);
        assert!(fits("docker.io/library/*", "busybox") && fits("busybox", "docker.io/library/busybox:1") && fits("library/*", "alpine"));
        assert!(!fits("docker.io/library/*", "a/b") && !fits("docker.io/library/*", "evil.example/library/x") && !fits("busybox", "busybox2"));
        assert!(fits("r.example/**", "r.example/a/b/c") && !fits("r.example/*", "r.example/a/b") && !fits("r.example/**", "r.example:5000/a"));
        assert!(!fits("r.example/**", "r.example.evil/a") && !fits("r.example/**", "docker.io/r.example/a"));
        assert!(fits("busybox:1.*", "busybox:1.36") && !fits("busybox:1.*", "busybox") && fits("busybox:latest", "busybox"));
        assert!(fits("**", "any.where/at/all") && fits("*.example/**", "a.example/x"));
        assert!(fits(&format!("busybox@{DIGEST}"), &format!("busybox@{DIGEST}")) && !fits(&format!("busybox@{DIGEST}"), "busybox"));
        for text in [format!("busybox@{DIGEST}"), format!("busybox:1@{DIGEST}")] {
            assert!(!fits("busybox:1", &text) && fits("busybox", &text), "what the tag says is not what runs");
            assert!(fits(&format!("busybox:1@{DIGEST}"), &text));
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let begun = std::time::Instant::now();
        assert!(!super::fits(&format!("{}b", "*a".repeat(100)), &"a".repeat(1000)));
        assert!(begun.elapsed().as_secs() < 1);
    }
}
