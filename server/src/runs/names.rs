//! What an image's name says of where the image is from: which registry of Pilothouse, and what it is called there.

use crate::{
    access::{is_digest, is_repository_name, is_tag},
    backends::oci::{Address, HUB, named},
    reach::Reach,
};

/// The names that Docker Hub goes by in front of an image's.
const HUB_NAMES: [&str; 3] = ["docker.io", "index.docker.io", HUB];

/// Where an image is from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    pub registry: String,
    pub repository: String,
    /// Nothing where it was named by a digest alone.
    pub tag: Option<String>,
}

/// An image's name, taken apart as engines do.
#[derive(Debug, Eq, PartialEq)]
struct Name<'a> {
    /// Nothing where it is Docker Hub's.
    host: Option<&'a str>,
    path: String,
    tag: Option<&'a str>,
}

fn take_apart(name: &str) -> Option<Name<'_>> {
    // An id of an image has the shape of a name with a tag.
    if is_digest(name) {
        return None;
    }
    let (name, digest) = match name.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (name, None),
    };
    let (name, tag) = match name.rsplit_once(':') {
        // A colon before the last slash begins a port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) || tag.is_some_and(|tag| !is_tag(tag)) {
        return None;
    }
    let tag = tag.or(if digest.is_none() { Some("latest") } else { None });
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, name),
    };
    let host = host.filter(|host| !HUB_NAMES.contains(host));
    let path = if host.is_none() && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
    is_repository_name(&path).then_some(Name { host, path, tag })
}

/// The repository of a name, without tag and digest, in one spelling: to tell whether two names are of one repository.
pub fn repository_of(name: &str) -> Option<String> {
    let name = take_apart(name)?;
    Some(format!("{}/{}", name.host.unwrap_or(HUB), name.path))
}

/// The registries of Pilothouse that an image of this name can have come from: through its own door, or by their own addresses. Several may
/// have one address.
pub fn places<'a>(name: &str, registries: impl Iterator<Item = (&'a str, &'a Address)>, own: &Reach) -> Vec<Place> {
    let Some(name) = take_apart(name) else { return Vec::new() };
    let found = named::places(name.host, &name.path, registries, own).into_iter();
    found.map(|(registry, repository)| Place { registry: registry.to_owned(), repository, tag: name.tag.map(str::to_owned) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Vec<String> {
        let address = |url: &str| Address::parse(url, true).unwrap();
        let registries = [
            ("hub", address("https://registry-1.docker.io")),
            ("near", address("http://127.0.0.1:5000")),
            ("far", address("https://registry.example.org")),
            ("far-too", address("https://registry.example.org")),
        ];
        let own = Reach::new("https://ph.example", None, None).unwrap();
        let shown = |place: Place| format!("{} {} {}", place.registry, place.repository, place.tag.unwrap_or_else(|| "-".to_owned()));
        places(name, registries.iter().map(|(name, address)| (*name, address)), &own).into_iter().map(shown).collect()
    }

    #[test]
    fn short_names_are_docker_hubs() {
        for name in ["nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx:latest", "index.docker.io/nginx"] {
            assert_eq!(found(name), ["hub library/nginx latest"], "{name}");
        }
        assert_eq!(found("grafana/grafana:11"), ["hub grafana/grafana 11"]);
        assert_eq!(found("registry-1.docker.io/library/nginx:1"), ["hub library/nginx 1"]);
    }

    #[test]
    fn a_registry_is_known_by_its_own_address() {
        assert_eq!(found("127.0.0.1:5000/team/app:2"), ["near team/app 2"]);
        assert_eq!(found("registry.example.org/app"), ["far app latest", "far-too app latest"]);
        assert_eq!(found("registry.example.org:443/app"), ["far app latest", "far-too app latest"]);
        for none in ["127.0.0.1:5001/app", "127.0.0.1/app", "registry.example.org:80/app", "evil-registry.example.org/app", "localhost/app"] {
            assert!(found(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn what_came_through_the_door_names_its_registry_first() {
        assert_eq!(found("ph.example/far/team/app:1"), ["far team/app 1"]);
        assert_eq!(found("PH.example:443/near/app"), ["near app latest"]);
        assert!(found("ph.example/nowhere/app").is_empty() && found("ph.example/far").is_empty() && found("ph.example:80/far/app").is_empty());
    }

    #[test]
    fn a_digest_says_no_tag_and_beside_a_tag_leaves_it() {
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(found(&format!("127.0.0.1:5000/app@{digest}")), ["near app -"]);
        assert_eq!(found(&format!("127.0.0.1:5000/app:1@{digest}")), ["near app 1"]);
    }

    #[test]
    fn what_is_no_name_is_from_nowhere() {
        let id = format!("sha256:{}", "0".repeat(64));
        for none in ["", "App", "a/../b", "127.0.0.1:5000/../app", "127.0.0.1:5000/", "a@sha256:00", "a:", "a:b:c", id.as_str()] {
            assert!(found(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn one_repository_has_one_spelling() {
        assert_eq!(repository_of("nginx:1"), repository_of(&format!("docker.io/library/nginx@sha256:{}", "0".repeat(64))));
        assert_ne!(repository_of("h:5000/nginx"), repository_of("nginx"));
    }
}
