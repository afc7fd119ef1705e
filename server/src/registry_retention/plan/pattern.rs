//! Patterns of tags: `*` is any text, the empty one too, `?` is one character.

/// How long a pattern may be, in bytes: as long as a tag.
const LONGEST: usize = 128;

/// Whether `text` can stand as a pattern: what a tag is made of, `*` and `?`.
pub fn is_pattern(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'*' | b'?'))
}

/// Whether a tag fits a pattern as a whole.
pub fn fits(pattern: &str, tag: &str) -> bool {
    let (pattern, tag) = (pattern.as_bytes(), tag.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Behind the last `*`, and how much of the tag it has taken: only that one ever takes more.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = tag.get(t) {
        match (pattern.get(p), star) {
            (Some(b'*'), _) => {
                p += 1;
                star = Some((p, t));
            }
            (Some(here), _) if *here == b'?' || here == byte => (p, t) = (p + 1, t + 1),
            (_, Some((behind, taken))) => {
                star = Some((behind, taken + 1));
                (p, t) = (behind, taken + 1);
            }
            (_, None) => return false,
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_fits_as_a_whole() {
        for (pattern, tag) in
            [("v*", "v1"), ("v*", "v"), ("*", "x"), ("v?.?", "v1.2"), ("*-rc*", "1-rc2"), ("a*b*c", "aXbXbXc"), ("latest", "latest")]
        {
            assert!(fits(pattern, tag), "{pattern} {tag}");
        }
        for (pattern, tag) in [("v*", "1v"), ("v?", "v"), ("v?", "v12"), ("latest", "latest2"), ("a*b", "abc"), ("", "x"), ("V*", "v1")] {
            assert!(!fits(pattern, tag), "{pattern} {tag}");
        }
        assert!(!fits(&"*a".repeat(60), &"a".repeat(50)), "it takes no time either");
    }

    #[test]
    fn patterns_are_of_what_tags_are_of() {
        assert!(
            is_pattern("v*.?") && is_pattern("*") && !is_pattern("") && !is_pattern("a/b") && !is_pattern("[ab]") && !is_pattern(&"a".repeat(129))
        );
    }
}
