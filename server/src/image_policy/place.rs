//! Which registry of Pilothouse an image's name leads to: through its own door, or by the registry's own address.

use crate::{
    access::{guard::image::Reference, is_repository_name},
    backends::oci::Address,
    reach::Reach,
};

/// Where Docker Hub is, which images name otherwise.
const HUB: &str = "registry-1.docker.io";

/// The registries that an image of this name can be in, and what it is called there. Several may have one address.
pub fn places<'r>(image: &Reference, registries: impl Iterator<Item = (&'r str, &'r Address)>, own: &Reach) -> Vec<(String, String)> {
    let Some((host, path)) = image.name.split_once('/') else { return Vec::new() };
    let mut found = Vec::new();
    let is_own = is_own(host, own);
    let host = [if host == "docker.io" { HUB.to_owned() } else { host.to_owned() }];
    for (name, address) in registries {
        let repository = match path.split_once('/') {
            Some((first, rest)) if is_own && first == name => rest,
            _ if !is_own && address.is_one_of(&host) => path,
            _ => continue,
        };
        if is_repository_name(repository) {
            found.push((name.to_owned(), repository.to_owned()));
        }
    }
    found
}

/// Whether a host, with its port or with the usual one, is where Pilothouse is reached.
fn is_own(host: &str, own: &Reach) -> bool {
    let usual = if own.https { ":443" } else { ":80" };
    own.host.eq_ignore_ascii_case(host) || own.host.strip_suffix(usual).is_some_and(|bare| bare.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_registry_and_to_no_other() {
        let address = |url: &str| Address::parse(url, true).unwrap();
        let registries =
            [("hub", address("https://registry-1.docker.io")), ("near", address("http://127.0.0.1:5000")), ("far", address("https://r.example"))];
        let own = Reach::new("https://ph.example", None, None).unwrap();
        let found = |name: &str| {
            let places = places(&Reference::read(name).unwrap(), registries.iter().map(|(name, address)| (*name, address)), &own);
            places.into_iter().map(|(registry, repository)| format!("{registry} {repository}")).collect::<Vec<_>>()
        };
        assert_eq!(found("busybox"), ["hub library/busybox"]);
        assert_eq!(found("127.0.0.1:5000/team/app:2"), ["near team/app"]);
        assert_eq!(found("r.example/app"), ["far app"]);
        assert_eq!(found("ph.example/far/team/app:1"), ["far team/app"]);
        assert_eq!(found("ph.example:443/near/app"), ["near app"]);
        for none in ["127.0.0.1:5001/app", "evil-r.example/app", "r.example:80/app", "ph.example/nowhere/app", "ph.example/far", "localhost/app"] {
            assert!(found(none).is_empty(), "{none}");
        }
    }
}
