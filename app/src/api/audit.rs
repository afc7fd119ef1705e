//! What was done, by whom, and what came of it.

use super::{Page, endpoints, wire};

wire! {
    pub struct AuditRecord {
        /// Grows with time; the page's `after`.
        pub id: i64,
        pub at: i64,
        /// Who, or `-` when nobody was signed in.
        pub user: String,
        /// Who looked with the rights of `user`.
        #[serde(default)]
        pub viewer: Option<String>,
        /// `session:ID`, `token:ID` or `-`.
        pub credential: String,
        /// `api`, `console` or `engine`.
        pub door: String,
        pub address: String,
        pub client: String,
        /// An engine's name, or `-` for Pilothouse itself.
        pub target: String,
        pub operation: String,
        pub permission: String,
        /// The object acted on, as it was named.
        pub object: String,
        /// `allowed` or `denied`.
        pub decision: String,
        /// The grant that allowed it, or what was missing.
        pub reason: String,
        pub outcome: Outcome,
        pub status: Option<u16>,
        pub bytes_in: Option<u64>,
        pub bytes_out: Option<u64>,
        pub duration_ms: Option<u64>,
        /// True when it could change something.
        pub change: bool,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum Outcome {
        /// Begun, not ended yet.
        Open,
        Ok,
        Failed,
        Denied,
        /// The stream was cut because the right to it ended.
        Revoked,
        /// Pilothouse stopped before it ended.
        Unknown,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct AuditQuery {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub target: Option<String>,
        /// A permission, or its beginning: `engine.container.`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub permission: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub outcome: Option<Outcome>,
        /// Only what could change something.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub changes: Option<bool>,
    }
}

endpoints! {
    "Lists what was done, newest first."
    AuditList: GET "/api/v1/audit", AuditQuery => Page<AuditRecord>;
}
