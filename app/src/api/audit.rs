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
        /// What to look for: fields and words, such as `user:ana outcome:denied after:2d nginx`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub q: Option<String>,
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
    /// How many records fit, and how they lie in time.
    #[derive(Default)]
    pub struct AuditCounts {
        pub users: Vec<Count>,
        pub targets: Vec<Count>,
        pub permissions: Vec<Count>,
        pub outcomes: Vec<Count>,
        /// From the oldest to the newest; those without a record are left out.
        pub bars: Vec<Bar>,
        /// How long a bar is, in ms.
        pub width_ms: i64,
        /// What the bars are between.
        pub from: i64,
        pub to: i64,
        /// How many records were counted.
        pub records: u64,
        /// True when only the newest were looked at: there may be more.
        pub newest_only: bool,
    }

    pub struct Count {
        pub value: String,
        pub records: u64,
    }

    pub struct Bar {
        pub at: i64,
        pub records: u64,
        /// Those that were denied, or failed.
        pub bad: u64,
    }

    #[derive(Copy, Default, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum ExportFormat {
        /// A line a record, for a spreadsheet.
        #[default]
        Csv,
        /// A line a record, as JSON.
        Jsonl,
        /// The whole chain with its checkpoints: what `pilothouse audit verify FILE` reads. No filter applies.
        Chain,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct ExportQuery {
        pub format: ExportFormat,
        /// What to look for, as in a list.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub q: Option<String>,
    }

    /// How long what a search finds is kept.
    #[derive(Eq)]
    pub struct KeepRule {
        pub id: String,
        pub name: String,
        pub query: String,
        /// Missing for a hold: what it finds stays, whatever other rules say.
        #[serde(default)]
        pub days: Option<u32>,
        pub created_at: i64,
        pub created_by: String,
    }

    pub struct KeepRuleInput {
        pub name: String,
        /// Fields and words, without times.
        pub query: String,
        /// Leave it out for a hold.
        #[serde(default)]
        pub days: Option<u32>,
    }

    pub struct Pruned {
        /// How many records went.
        pub records: u64,
    }

    /// A change of rights or of guardrails that is tried against what was done.
    #[derive(Default)]
    #[serde(default)]
    pub struct SimulateInput {
        /// A role as it would be: one that there is, or a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub role: Option<super::people::RoleInput>,
        /// A grant that would be made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub grant: Option<super::people::GrantInput>,
        /// The id of a grant that would be taken back.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub without_grant: Option<String>,
        /// A guardrail that would be in force.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub guardrail: Option<super::guardrails::GuardrailInput>,
    }

    pub struct Simulated {
        /// From when on what was done was looked at: 30 days back.
        pub since: i64,
        /// How many records were looked at.
        pub records: u64,
        /// How many of them cannot be told about: whose their object was is not known any more.
        pub untold: u64,
        /// True when there was more than is looked at.
        pub newest_only: bool,
        pub differences: Vec<Difference>,
    }

    /// Something that was done, and would come out otherwise.
    pub struct Difference {
        pub user: String,
        pub target: String,
        pub operation: String,
        pub permission: String,
        pub object: String,
        /// True when it would be stopped, false when it would be let through.
        pub stopped: bool,
        /// What would stop it, or let it through.
        pub why: String,
        pub records: u64,
        pub last_at: i64,
        /// The newest record of it.
        pub record: i64,
    }

    /// A search that somebody keeps.
    #[derive(Eq)]
    pub struct View {
        pub id: String,
        pub name: String,
        pub query: String,
    }

    pub struct ViewInput {
        pub name: String,
        pub query: String,
    }

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
    "Counts what was done, by user, target, permission and outcome, and over time."
    AuditCount: GET "/api/v1/audit/counts", AuditQuery => AuditCounts;
    "Lists the searches that one keeps."
    AuditViewList: GET "/api/v1/audit/views", Empty => Page<View>;
    "Keeps a search."
    AuditViewCreate: POST "/api/v1/audit/views", ViewInput => View;
    "Forgets a search."
    AuditViewDelete: DELETE "/api/v1/audit/views/{id}", Empty => Empty;
    "Tries a changed role, grant or guardrail against the last 30 days: what it would have stopped or let through."
    AuditSimulate: POST "/api/v1/audit/simulate", SimulateInput => Simulated;
    "Lists how long records are kept, and what is held."
    AuditRuleList: GET "/api/v1/audit/rules", Empty => Page<KeepRule>;
    "Keeps what a search finds for so many days and no longer, or holds it."
    AuditRuleCreate: POST "/api/v1/audit/rules", KeepRuleInput => KeepRule;
    "Removes a rule or a hold."
    AuditRuleDelete: DELETE "/api/v1/audit/rules/{id}", Empty => Empty;
    "Archives the trail, and lets go at once what the rules do not keep."
    AuditRuleApply: POST "/api/v1/audit/prune", Empty => Pruned;
    "One record."
    AuditGet: GET "/api/v1/audit/records/{id}", Empty => AuditRecord;
    "Lists the places that the trail is forwarded to, and how far each is."
    AuditForwarding: GET "/api/v1/audit/forwarding", Empty => Page<Forwarding>;
}

/// The trail as a file.
pub const AUDIT_EXPORT: &str = "/api/v1/audit/export";

/// Describes what answers with neither JSON nor events.
#[cfg(feature = "ssr")]
pub fn describe_raw(to: &mut super::describe::Reference) {
    to.raw::<ExportQuery>(AUDIT_EXPORT, "AuditExport", "The trail as a file to save.", "200", "A line a record, or the chain.");
}

wire! {
    /// A place outside that the trail is forwarded to, as the settings declare it.
    pub struct Forwarding {
        pub name: String,
        /// `syslog`, `webhook`, `otlp` or `s3`.
        pub kind: String,
        /// Where it is, without anything that could be a secret.
        pub address: String,
        /// True when it gets checkpoints alone.
        pub checkpoints_only: bool,
        /// How many entries were written that it has not taken yet.
        pub behind: u64,
        /// The same for checkpoints.
        pub checkpoints_behind: u64,
        /// The last entry of each writer that it has taken.
        pub taken: Vec<Taken>,
        /// The number of the last checkpoint that it has taken.
        pub checkpoint: i64,
        /// When it took something last, since the start.
        pub success_at: Option<i64>,
        /// Why it did not last, since the start.
        pub error: Option<String>,
        pub error_at: Option<i64>,
        /// True when it wants nothing more: it is asked again after the next start.
        pub stopped: bool,
    }

    pub struct Taken {
        pub writer: i64,
        pub seq: i64,
    }
}
