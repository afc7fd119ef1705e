//! The pages about who may do what, which stand together.

use super::me::Who;

/// Each page's words, its address, and what one needs to read it.
const PAGES: [(&str, &str, &str); 8] = [
    ("People", "/people", "system.user.list"),
    ("Teams", "/teams", "system.team.list"),
    ("Robots", "/robots", "system.robot.list"),
    ("Roles", "/roles", "system.role.list"),
    ("Grants", "/grants", "system.grant.list"),
    ("Explain", "/access/explain", "system.access.explain"),
    ("Matrix", "/access/matrix", "system.access.review"),
    ("Review", "/access/review", "system.access.review"),
];

/// Those that `me` may read: words and address.
pub fn access_pages(me: &Who) -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGES.into_iter().filter(|page| me.may(page.2, None)).map(|(words, href, _)| (words, href))
}

/// Whether the page at `path` is one of them, or leads on from one.
pub(super) fn is_access_page(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    match segments.next() {
        Some("access") => true,
        Some("add") => matches!(segments.next(), Some("person" | "team" | "robot" | "role")),
        Some(first) => ["people", "teams", "robots", "roles", "grants"].contains(&first),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_access_page;

    #[test]
    fn pages_about_access_are_told_from_others() {
        for path in ["/people", "/people/ana", "/access/review", "/add/role", "/grants"] {
            assert!(is_access_page(path), "{path}");
        }
        for path in ["/", "/engines", "/add/engine", "/peoples", "/on/people/images"] {
            assert!(!is_access_page(path), "{path}");
        }
    }
}
