//! What the settings come to, as it may be written down: without a secret.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Config, ServerTls};
use crate::audit::{Reads, forward::What};

/// Everything that decides who may come in, what may be done and what is written down, by what it is called.
pub type Told = BTreeMap<String, Value>;

impl Config {
    /// What is told of it in the audit trail. Who is declared, and what they may do, is told of by itself.
    pub fn told(&self) -> Told {
        let tls = match &self.tls {
            None => "no".to_owned(),
            Some(ServerTls::Own) => "own authority".to_owned(),
            Some(ServerTls::Files { cert, .. }) => cert.display().to_string(),
        };
        let reads = match self.audit.reads {
            Reads::All => "all".to_owned(),
            Reads::None => "none".to_owned(),
            Reads::Sampled(of) => format!("one of {of}"),
        };
        let house = json!({
            "archive": self.audit.archive.as_ref().map(|dir| dir.display().to_string()),
            "break_glass": self.local.break_glass,
            "checkpoints": self.audit.checkpoints.display().to_string(),
            "external_url": self.external_url,
            "local_sign_in": if self.local.hidden { "hidden" } else { "shown" },
            "reads": reads,
            "tls": tls,
            "trusted_proxies": self.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        let engines = self.engines.iter().map(|engine| (format!("engine {}", engine.name), json!({ "labels": engine.labels, "url": engine.url })));
        let registries = self.registries.iter().map(|registry| {
            let facts = json!({
                "labels": registry.labels,
                "plain_http": registry.plain_http,
                "realm_hosts": registry.realm_hosts,
                "redirects": registry.redirects,
                "url": registry.url,
                "username": registry.username,
            });
            (format!("registry {}", registry.name), facts)
        });
        let guardrails = self.guardrails.iter().map(|rail| {
            let facts = json!({ "mode": rail.mode, "roles": rail.roles, "rule": rail.rule, "scope": rail.scope });
            (format!("guardrail {}", rail.name), facts)
        });
        // One that cannot be read ends the start, and says why.
        let providers = self.providers.iter().filter_map(|section| {
            let (settings, _) = section.read().ok()?;
            Some((format!("provider {}", section.name), serde_json::to_value(settings).ok()?))
        });
        let forwarding = self.audit.forward.iter().map(|place| {
            let facts = json!({ "kind": place.place.kind(), "to": place.place.address(), "what": if place.what == What::All { "all" } else { "checkpoints" } });
            (format!("forwarding {}", place.name), facts)
        });
        [("house".to_owned(), house)].into_iter().chain(engines).chain(registries).chain(guardrails).chain(providers).chain(forwarding).collect()
    }
}
