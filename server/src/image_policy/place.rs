//! Which registry of Pilothouse an image leads to, by its name as rules read it.

use crate::{
    access::guard::image::Reference,
    backends::oci::{Address, named},
    reach::Reach,
};

/// The registries that an image of this name can be in, and what it is called there. Several may have one address.
pub fn places<'r>(image: &Reference, registries: impl Iterator<Item = (&'r str, &'r Address)>, own: &Reach) -> Vec<(&'r str, String)> {
    let Some((host, path)) = image.name.split_once('/') else { return Vec::new() };
    named::places(Some(host).filter(|host| *host != "docker.io"), path, registries, own)
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
