//! The first page: every engine at a glance.

use super::{Empty, audit::AuditRecord, containers::Usage, endpoints, engines::Engine, wire};

wire! {
    pub struct OverviewOutput {
        pub engines: Vec<Engine>,
        /// The containers that use the most, over all engines; at most ten, highest CPU first.
        pub hot: Vec<Hot>,
        /// The last changes, newest first; at most ten. Empty when you may not read the audit trail.
        pub changes: Vec<AuditRecord>,
    }

    pub struct Hot { pub engine: String, pub id: String, pub name: String, pub image: String, pub usage: Usage, pub cpu_trail: Vec<f64> }
}

endpoints! {
    "Shows every engine at a glance: health, counts, what runs hot, and what changed."
    Overview: GET "/api/v1/overview", Empty => OverviewOutput;
}
