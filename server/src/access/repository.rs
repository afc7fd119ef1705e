//! The names of the OCI distribution spec: repositories, tags and digests. What is none of these goes no further.

/// How long a repository's name may be, its registry's name not counted.
const LONGEST_NAME: usize = 255;
/// How long a tag may be.
const LONGEST_TAG: usize = 128;

/// Whether `name` is a repository's: parts with `/` between them, each of `a-z` and `0-9` with single `.`, one or two `_` or any number of `-`
/// between them. So `..`, empty parts and percent signs are in none.
pub fn is_repository_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (part.bytes().next(), part.bytes().last()) else { return false };
    if !is_plain(first) || !is_plain(last) {
        return false;
    }
    let between = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).filter(|text| !text.is_empty());
    between.into_iter().all(|text| matches!(text, "." | "_" | "__") || text.bytes().all(|b| b == b'-'))
}

/// Whether `repository` is `prefix` or lies below it: a prefix ends where a part does.
pub fn is_under(repository: &str, prefix: &str) -> bool {
    repository.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `text` is a tag.
pub fn is_tag(text: &str) -> bool {
    (1..=LONGEST_TAG).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether `text` is a digest by one of the two algorithms that are taken here.
pub fn is_digest(text: &str) -> bool {
    let hex = |hex: &str, length: usize| hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match text.split_once(':') {
        Some(("sha256", digits)) => hex(digits, 64),
        Some(("sha512", digits)) => hex(digits, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_by_the_specs_grammar() {
        for good in ["a", "team/x", "a.b_c__d---e/f0", "library/busybox", &"a".repeat(255)] {
            assert!(is_repository_name(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a..b",
            "..",
            "../a",
            "a/../b",
            "a/.",
            "a___b",
            "-a",
            "a-",
            "a%2fb",
            "a b",
            "a._b",
            "é",
            &"a".repeat(256),
        ] {
            assert!(!is_repository_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_prefix_ends_where_a_part_does() {
        assert!(is_under("team", "team") && is_under("team/x", "team") && is_under("team/x/y", "team/x"));
        assert!(!is_under("teamx", "team") && !is_under("team", "team/x") && !is_under("ateam", "team"));
    }

    #[test]
    fn references_are_tags_or_digests() {
        assert!(is_tag("latest") && is_tag("_v1.0-a") && is_tag(&"a".repeat(128)));
        assert!(!is_tag("") && !is_tag(".a") && !is_tag("-a") && !is_tag("a:b") && !is_tag("a/b") && !is_tag(&"a".repeat(129)));
        assert!(is_digest(&format!("sha256:{}", "0".repeat(64))) && is_digest(&format!("sha512:{}", "f".repeat(128))));
        for bad in ["sha256:", "md5:00", "sha256", &format!("sha256:{}", "F".repeat(64)), &format!("sha384:{}", "0".repeat(96))] {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
