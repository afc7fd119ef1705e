//! What a registry is, as far as its address and its way to sign in tell: for advice, and for nothing that is decided.

use std::sync::PoisonError;

use pilothouse_app::api::registry_retention::BackendKind;

use super::{HUB, Registry, sign_in::Way};

impl Registry {
    /// What it is. One that does not say is taken for the distribution project's own.
    pub fn backend(&self) -> BackendKind {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (realm, service) = match &way {
            Way::Bearer { realm, service } => (realm.path(), service.as_deref().unwrap_or_default()),
            Way::Unknown | Way::Nothing | Way::Basic => ("", ""),
        };
        kind(&self.own.host, realm, service)
    }
}

fn kind(host: &str, realm: &str, service: &str) -> BackendKind {
    match host {
        HUB => BackendKind::DockerHub,
        "ghcr.io" => BackendKind::Github,
        "registry.gitlab.com" => BackendKind::Gitlab,
        "public.ecr.aws" => BackendKind::Ecr,
        host if host.contains(".dkr.ecr.") => BackendKind::Ecr,
        _ if service == "harbor-registry" || realm == "/service/token" => BackendKind::Harbor,
        _ if service == "container_registry" || realm == "/jwt/auth" => BackendKind::Gitlab,
        _ => BackendKind::Distribution,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_known_by_its_address_and_its_realm() {
        assert_eq!(kind(HUB, "/token", "registry.docker.io"), BackendKind::DockerHub);
        assert_eq!(kind("ghcr.io", "/token", "ghcr.io"), BackendKind::Github);
        assert_eq!(kind("1234.dkr.ecr.eu-west-1.amazonaws.com", "", ""), BackendKind::Ecr);
        assert_eq!(kind("images.example.org", "/service/token", "harbor-registry"), BackendKind::Harbor);
        assert_eq!(kind("images.example.org", "/jwt/auth", "container_registry"), BackendKind::Gitlab);
        assert_eq!(kind("127.0.0.1", "", ""), BackendKind::Distribution);
    }
}
