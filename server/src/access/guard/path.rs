//! Paths of the host, as the engine will read them. What a link there points to is not seen here.

/// `/a/../b//c/.` as `/b/c`; `None` for what does not begin at the root.
pub fn canonical(path: &str) -> Option<String> {
    if !path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// Whether `path` is `within`, or beneath it; by whole names, and both canonical.
pub fn is_within(path: &str, within: &str) -> bool {
    within == "/" || path.strip_prefix(within).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (path, clean) in [
            ("/", "/"),
            ("//", "/"),
            ("/etc/", "/etc"),
            ("//etc", "/etc"),
            ("/a/../etc", "/etc"),
            ("/a/./b/", "/a/b"),
            ("/../../etc", "/etc"),
            ("/srv/data/..", "/srv"),
            ("/...", "/..."),
        ] {
            assert_eq!(canonical(path).as_deref(), Some(clean), "{path}");
        }
        for path in ["", "etc", "./etc", "~/x", "C:\\x", "/a\0b"] {
            assert_eq!(canonical(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_name_that_begins_alike_is_another() {
        assert!(is_within("/srv/data", "/srv/data") && is_within("/srv/data/x", "/srv/data") && is_within("/srv", "/"));
        assert!(!is_within("/srv/database", "/srv/data") && !is_within("/srv", "/srv/data"));
    }
}
