//! Which registry of Pilothouse an image's name leads to: through its own door, or by the registry's own address.

use super::{Address, HUB};
use crate::{access::is_repository_name, reach::Reach};

/// The registries that an image of this name can be in, and what it is called there. Several may have one address. `host` is what the name begins
/// with, and nothing where it is Docker Hub's.
pub fn places<'r>(host: Option<&str>, path: &str, registries: impl Iterator<Item = (&'r str, &'r Address)>, own: &Reach) -> Vec<(&'r str, String)> {
    let is_own = host.is_some_and(|host| is_own(host, own));
    let host = [host.unwrap_or(HUB).to_ascii_lowercase()];
    let mut found = Vec::new();
    for (name, address) in registries {
        let repository = match path.split_once('/') {
            Some((first, rest)) if is_own && first == name => rest,
            _ if !is_own && address.is_one_of(&host) => path,
            _ => continue,
        };
        if is_repository_name(repository) {
            found.push((name, repository.to_owned()));
        }
    }
    found
}

/// Whether a host, with its port or with the usual one, is where Pilothouse is reached.
fn is_own(host: &str, own: &Reach) -> bool {
    let usual = if own.https { ":443" } else { ":80" };
    host.eq_ignore_ascii_case(&own.host) || own.host.strip_suffix(usual).is_some_and(|bare| host.eq_ignore_ascii_case(bare))
}
