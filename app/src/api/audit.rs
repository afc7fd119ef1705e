//! What was done, by whom, and what came of it.

use super::{Empty, Page, endpoints, wire};

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
        /// The team through which the grant is held.
        #[serde(default)]
        pub team: Option<String>,
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
        /// What the object is called, where it was named by its id.
        #[serde(default)]
        pub object_name: Option<String>,
        /// The object's id, where it was named otherwise.
        #[serde(default)]
        pub object_id: Option<String>,
        /// `allowed` or `denied`.
        pub decision: String,
        /// The grant that allowed it, or what was missing.
        pub reason: String,
        /// When a stream began to flow.
        #[serde(default)]
        pub started_at: Option<i64>,
        /// When it ended.
        #[serde(default)]
        pub ended_at: Option<i64>,
        pub outcome: Outcome,
        pub status: Option<u16>,
        pub bytes_in: Option<u64>,
        pub bytes_out: Option<u64>,
        pub duration_ms: Option<u64>,
        /// True when it could change something.
        pub change: bool,
        /// What else there is to say of it, such as what a guardrail found.
        #[serde(default)]
        pub note: Option<String>,
        /// The id of what it made.
        #[serde(default)]
        pub made: Option<String>,
        /// What it changed, field by field.
        #[serde(default)]
        pub changes: Vec<Change>,
        /// The SHA-256 of the session's recording, hexadecimal. The recording has the id of this record.
        #[serde(default)]
        pub recording: Option<String>,
    }

    /// One field of a thing that was changed.
    #[derive(Eq)]
    pub struct Change {
        pub field: String,
        /// Missing for what was made.
        #[serde(default)]
        pub before: Option<String>,
        /// Missing for what was removed.
        #[serde(default)]
        pub after: Option<String>,
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

wire! {
    /// What came of a look at the whole trail.
    pub struct Verified {
        pub at: i64,
        pub took_ms: u64,
        /// True when all of it is what was written.
        pub whole: bool,
        pub entries: u64,
        pub records: u64,
        /// Entries whose record was pruned: their place is proved, their text is gone.
        pub withheld: u64,
        pub checkpoints: u64,
        /// Records from before there was a chain: nothing proves them.
        pub older: u64,
        /// The time of the first entry.
        pub since: Option<i64>,
        /// The time of the last.
        pub until: Option<i64>,
        pub checkpoint_at: Option<i64>,
        /// How many things are wrong.
        pub wrong: u64,
        /// The first hundred of them.
        pub findings: Vec<Finding>,
    }

    /// Something that is not as it was written.
    pub struct Finding {
        /// The writer and the number of the entry that it is about.
        pub writer: Option<i64>,
        pub seq: Option<i64>,
        /// The record that it is about.
        pub record: Option<i64>,
        pub what: String,
    }

    /// How the trail is proved.
    pub struct Proof {
        /// The public key that checkpoints are signed with: Ed25519, hexadecimal.
        pub key: String,
        /// The file outside of the database to which checkpoints go.
        pub checkpoints_file: String,
        /// Where each writer's chain ends.
        pub ends: Vec<ChainEnd>,
        /// The number of the last checkpoint.
        pub checkpoint: Option<i64>,
        pub checkpoint_at: Option<i64>,
        /// The last look at the whole trail since the start.
        pub verified: Option<Verified>,
    }

    pub struct ChainEnd {
        pub writer: i64,
        /// How many entries it has.
        pub seq: i64,
        /// The SHA-256 that takes in all of them, hexadecimal.
        pub hash: String,
    }
}

endpoints! {
    "Looks whether the whole trail is what was written."
    AuditVerify: GET "/api/v1/audit/verify", Empty => Verified;
    "Tells how the trail is proved: where its chains end, the last checkpoint, the last look at the whole."
    AuditProof: GET "/api/v1/audit/proof", Empty => Proof;
    "Lists what was done, newest first."
    AuditList: GET "/api/v1/audit", AuditQuery => Page<AuditRecord>;
}
