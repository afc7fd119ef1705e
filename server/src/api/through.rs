//! Images that an engine pulls through Pilothouse: by a token of a few minutes, for one repository, made for whoever asks.
//!
//! What Pilothouse itself shows to a registry never goes to an engine. What the engine gets allows nothing that its owner may not do at the
//! moment of use, ends with the credential that it was made from, and is shown by the engine to the host in the image's name alone.

use pilothouse_app::api::{Code, Problem};

use super::{Api, ApiError};
use crate::{
    access::{Operation, Permission, is_digest, is_repository_name, is_tag, is_target_name},
    authn::{Credential, Principal, secret},
    backends::docker::{Address, Engine, typed::names::ImageRef},
    clock::now_ms,
    reach::host_of,
};

/// A token for `engine` to pull `image` with, if it is pulled through Pilothouse; `None` for any other.
pub async fn token(api: &Api, who: &Principal, engine: &Engine, image: &ImageRef) -> Result<Option<String>, ApiError> {
    let (name, reference) = image.split();
    let Some(own) = api.reach.own_image(name) else { return Ok(None) };
    let parts = own.split_once('/').filter(|(registry, repository)| is_target_name(registry) && is_repository_name(repository));
    let Some((registry, repository)) = parts.filter(|_| is_tag(reference) || is_digest(reference)) else {
        return Err(ApiError::field("image", format!("Images here are named {}/REGISTRY/REPOSITORY:TAG.", api.reach.registry_host())));
    };
    let operation = Operation::on_repository("EnginePullToken", Permission::RepositoryPull, registry, repository, reference);
    let none = || ApiError::new(Code::NotFound, format!("There is no repository {repository} in {registry}, or you may not pull from it."));
    let made = api.operator.operate(who, operation, async |_| {
        api.registrar.registries.get(registry).ok_or_else(none)?;
        check_way(engine, &api.reach.url, api.reach.registry_host())?;
        let known = api.house.credentials.find_by_id(&who.credential).ok_or_else(ApiError::unauthenticated)?;
        if matches!(known.credential, Credential::Certificate(_)) {
            let problem = Problem::new(Code::Conflict, "No token can be made from a certificate.");
            return Err(ApiError(problem.detail("Pull with a personal token, or in the console.")));
        }
        api.signer.pull(&known, registry, repository, secret::id()?, now_ms()).ok_or_else(ApiError::internal)
    });
    match made.await {
        Ok(token) => Ok(Some(token)),
        Err(ApiError(problem)) if problem.code == Code::NotFound => Err(none()),
        Err(error) => Err(error),
    }
}

/// An address of this machine alone leads an engine on another one to whatever listens there: nothing is to be shown to that.
fn check_way(engine: &Engine, url: &str, host: &str) -> Result<(), ApiError> {
    let is_here = match engine.address() {
        Address::Unix(_) => true,
        Address::Tls { host, .. } | Address::Plain { host, .. } => is_loopback(host),
    };
    if is_here || !host_of(url).is_some_and(|host| is_loopback(&host)) {
        return Ok(());
    }
    let title = format!("Engine {} is on another machine, and {host} is an address of this one.", engine.name);
    Err(ApiError(Problem::new(Code::Conflict, title).detail("Set external_url to an address of Pilothouse that the engine reaches.")))
}

fn is_loopback(host: &str) -> bool {
    // What is no address in particular leads to one's own machine, too.
    let is_own = |address: std::net::IpAddr| address.is_loopback() || address.is_unspecified();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_own)
}

/// What `said` means, by which an engine tells that it could not pull through Pilothouse at `host`.
pub fn explained(host: &str, said: &str) -> String {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let hint = if says(&["HTTP response to HTTPS client"]) {
        " It takes plain HTTP from its own machine alone: give Pilothouse a certificate, or name this address among the engine's insecure registries."
    } else if says(&["x509:", "tls:", "certificate"]) {
        " It does not trust the certificate that it is shown there: the engine's machine needs the authority that signed it."
    } else if says(&["connection refused", "no such host", "no route to host", "i/o timeout", "Client.Timeout", "deadline exceeded", "unreachable"]) {
        " It does not reach Pilothouse by this address, which is that of external_url."
    } else {
        ""
    };
    format!("The engine could not pull it through Pilothouse at {host}.{hint} It says: {said}")
}

#[cfg(test)]
mod tests {
    use super::{explained, is_loopback};

    #[test]
    fn what_an_engine_says_is_put_plainly() {
        for (said, hint) in [
            ("Get \"https://h/v2/\": http: server gave HTTP response to HTTPS client", "insecure registries"),
            ("Get \"https://h/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority", "authority that signed it"),
            ("Get \"https://h/v2/\": dial tcp 127.0.0.1:8080: connect: connection refused", "external_url"),
            ("manifest unknown", "at h:1. It says: manifest unknown"),
        ] {
            let text = explained("h:1", said);
            assert!(text.contains(hint) && text.ends_with(said), "{text}");
        }
    }

    #[test]
    fn this_machine_has_its_names() {
        assert!(["localhost", "Localhost", "127.0.0.1", "::1", "0.0.0.0"].into_iter().all(is_loopback));
        assert!(!is_loopback("10.0.0.1") && !is_loopback("h.example") && !is_loopback("127.0.0.1.example"));
    }
}
