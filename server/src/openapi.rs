//! The description of the REST API, made from the contract.

use pilothouse_app::api::{
    access, alerts, audit, certificates, containers, describe::Reference, device, engines, events, factors, guardrails, image_search, images,
    networks, overview, people, providers, recordings, registries, registry_retention, registry_rules, repositories, session, volumes,
    vulnerabilities,
};
use serde_json::Value;

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let mut reference = Reference::default();
    for describe in [
        session::describe,
        factors::describe,
        certificates::describe,
        certificates::describe_files,
        device::describe,
        people::describe,
        access::describe,
        access::describe_raw,
        audit::describe_raw,
        providers::describe,
        providers::describe_raw,
        overview::describe,
        engines::describe,
        registries::describe,
        repositories::describe,
        repositories::describe_lives,
        registry_retention::describe,
        registry_rules::describe,
        vulnerabilities::describe,
        containers::describe,
        containers::describe_lives,
        containers::describe_raw,
        images::describe,
        images::describe_lives,
        image_search::describe,
        volumes::describe,
        networks::describe,
        events::describe_lives,
        audit::describe,
        alerts::describe,
        guardrails::describe,
        recordings::describe,
        recordings::describe_lives,
        recordings::describe_raw,
    ] {
        describe(&mut reference);
    }
    reference.document(env!("CARGO_PKG_VERSION"))
}
