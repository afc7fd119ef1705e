//! Recordings of sessions in containers, and the rules that say which are kept.

use super::{Empty, ListQuery, Page, endpoints, lives, wire};

wire! {
    /// A session that was recorded, or is.
    pub struct Recording {
        /// The id of the session's audit record.
        pub id: i64,
        pub engine: String,
        /// The container's name, or what it was called by.
        pub container: String,
        pub container_id: String,
        /// How it was opened: `ContainerTerminal` in the console, `ExecStart` or `ContainerAttach` by a command line.
        pub operation: String,
        /// `console`, `api` or `engine`.
        pub door: String,
        pub user: String,
        pub started_at: i64,
        /// Missing while it runs.
        #[serde(default)]
        pub ended_at: Option<i64>,
        pub running: bool,
        /// The size of its terminal when it ended, in characters.
        pub width: u16,
        pub height: u16,
        /// Whether the program had a terminal. Without one its lines end with a line feed alone.
        pub tty: bool,
        /// Whether what was typed is in it.
        pub input: bool,
        /// Whether the session would have been refused or ended rather than not be recorded.
        pub strict: bool,
        /// The scope of the rule that asked for it; missing where there was none.
        #[serde(default)]
        pub rule: Option<String>,
        /// The length of its text.
        pub bytes: u64,
        /// How many bytes passed and are not in it.
        pub lost: u64,
        /// Pilothouse ended before the session did: it holds what had passed until seconds before.
        pub cut: bool,
    }

    /// A recording, and whether it is what was recorded.
    pub struct RecordingShown {
        pub recording: Recording,
        /// Whether it is what was recorded: its digest is in the session's audit record, and so in the chain. Missing while it runs, and where
        /// Pilothouse ended before the session did.
        #[serde(default)]
        pub proved: Option<bool>,
        /// The same in a sentence.
        pub proof: String,
        /// The SHA-256 of its text, as the audit record has it; hexadecimal.
        #[serde(default)]
        pub digest: Option<String>,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct RecordingQuery {
        /// How many items at most: 1 to 500, 50 unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
        /// The `next` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub engine: Option<String>,
        /// Part of a container's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub container: Option<String>,
        /// Only those that run, or only those that have ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub running: Option<bool>,
    }

    /// Something that happened in a session.
    pub struct Moment {
        /// Seconds since the session began.
        pub at: f64,
        /// As asciicast has it: `o` for what was shown, `i` for what was typed, `r` for another size, `m` for a mark.
        pub code: String,
        /// The text; of another size `COLUMNSxROWS`.
        pub data: String,
    }

    /// Whether sessions are recorded.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum Record {
        #[default]
        Always,
        Never,
    }

    /// A rule on which sessions are recorded. The narrowest that fits counts: a project, an engine, labels, everything.
    pub struct RecordingRule {
        pub id: String,
        /// `all`, labels such as `env=prod`, `engine/NAME` or `engine/NAME/project/PROJECT`.
        pub scope: String,
        pub record: Record,
        /// No recording possible: no session.
        pub strict: bool,
        /// What is typed is kept too, passwords with it.
        pub input: bool,
        pub created_at: i64,
        pub created_by: String,
    }

    pub struct RecordingRuleInput {
        pub scope: String,
        #[serde(default)]
        pub record: Record,
        #[serde(default)]
        pub strict: bool,
        #[serde(default)]
        pub input: bool,
    }

    pub struct RecordingRuleUpdateInput {
        #[serde(default)]
        pub scope: Option<String>,
        #[serde(default)]
        pub record: Option<Record>,
        #[serde(default)]
        pub strict: Option<bool>,
        #[serde(default)]
        pub input: Option<bool>,
    }
}

endpoints! {
    "Lists the recordings of sessions in containers, newest first."
    RecordingList: GET "/api/v1/recordings", RecordingQuery => Page<Recording>;
    "Tells of a recording, and whether it is what was recorded."
    RecordingGet: GET "/api/v1/recordings/{id}", Empty => RecordingShown;
    "Ends the session that is being recorded."
    RecordingEnd: DELETE "/api/v1/recordings/{id}/session", Empty => Empty;
    "Lists the rules on which sessions are recorded. Where none fits they are, without what is typed."
    RecordingRuleList: GET "/api/v1/recording-rules", ListQuery => Page<RecordingRule>;
    "Makes a rule on which sessions are recorded. It is in force for sessions that begin after this is answered."
    RecordingRuleCreate: POST "/api/v1/recording-rules", RecordingRuleInput => RecordingRule;
    "Changes a rule on which sessions are recorded."
    RecordingRuleUpdate: PATCH "/api/v1/recording-rules/{id}", RecordingRuleUpdateInput => RecordingRule;
    "Removes a rule on which sessions are recorded."
    RecordingRuleDelete: DELETE "/api/v1/recording-rules/{id}", Empty => Empty;
}

lives! {
    "Watches a session that is being recorded, from its beginning on."
    RecordingWatch: GET "/api/v1/recordings/{id}/watch", Empty => Moment;
}

/// A recording as a file of asciicast v2.
pub const CAST: &str = "/api/v1/recordings/{id}/cast";

/// Describes what answers with neither JSON nor events.
#[cfg(feature = "ssr")]
pub fn describe_raw(to: &mut super::describe::Reference) {
    to.raw::<Empty>(CAST, "RecordingCast", "A recording as a file of asciicast v2.", "200", "The head and the events, a line each.");
}
