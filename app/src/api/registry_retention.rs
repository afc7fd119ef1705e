//! Retention of what registries hold: rules, what they would let go, and runs that let it go.

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    /// What is kept of the repositories below a prefix. What it does not keep goes, once it is run; of several over one repository the narrowest counts.
    pub struct RetentionRule {
        pub id: String,
        pub registry: String,
        /// The repository of this name and those below it; empty for all of the registry.
        pub prefix: String,
        pub keep: Keep,
        pub schedule: Schedule,
        /// When it runs by itself next.
        pub next_at: Option<i64>,
        pub created_at: i64,
        pub created_by: String,
    }

    /// Each of these keeps what it says, for itself. Whatever a container is made from is kept in any case, and what that needs.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct Keep {
        /// As many tags of each repository, the newest by when they were pushed, or the image was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub newest: Option<u32>,
        /// Tags that fit one of these: `*` is any text, `?` one character.
        pub patterns: Vec<String>,
        /// What was pushed or made within so many days.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub younger_days: Option<u32>,
        /// What was pulled through Pilothouse within so many days, as far as the trail tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pulled_days: Option<u32>,
    }

    /// When a rule runs by itself.
    #[derive(Copy, Default, Eq)]
    #[serde(default)]
    pub struct Schedule {
        pub every: Every,
        /// 0 is Monday; it counts for a week only.
        pub weekday: u8,
        /// 0 to 23, in UTC.
        pub hour: u8,
    }

    #[derive(Copy, Default, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Every {
        #[default]
        Never,
        Day,
        Week,
    }

    pub struct RetentionRuleInput {
        #[serde(default)]
        pub prefix: String,
        #[serde(default)]
        pub keep: Keep,
        #[serde(default)]
        pub schedule: Schedule,
        /// For a rule that keeps nothing of itself: the sentence `Keep nothing but what is in use.`
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sentence: Option<String>,
    }

    /// What a rule would let go, as it was when that was looked at. Looking deletes nothing.
    pub struct RetentionPlan {
        pub id: String,
        pub registry: String,
        pub prefix: String,
        pub rule: String,
        pub made_at: i64,
        pub made_by: String,
        /// Until when it may be run.
        pub good_until: i64,
        /// Why nothing of it may be run: what could not be read.
        pub problems: Vec<String>,
        pub repositories: u32,
        pub tags: u32,
        /// How many manifests go, and with how many tags.
        pub digests_going: u32,
        pub tags_going: u32,
        pub reasons: Vec<ReasonCount>,
        /// The run that it was used for. A plan is run once.
        pub run: Option<String>,
    }

    #[derive(Copy, Eq)]
    pub struct ReasonCount { pub reason: Reason, pub tags: u32 }

    /// Why a tag goes or stays.
    #[derive(Copy, Eq, Ord, PartialOrd)]
    #[serde(rename_all = "snake_case")]
    pub enum Reason {
        /// It goes: nothing keeps it.
        Unkept,
        /// It goes with what it speaks of.
        SubjectGoes,
        Runs,
        Immutable,
        Pattern,
        Newest,
        Young,
        Pulled,
        SharesDigest,
        NeededByIndex,
        SubjectStays,
        /// What it speaks of has no tag here, so nobody knows whether it is still wanted.
        SubjectUnknown,
        AgeUnknown,
        /// The trail does not reach back far enough to tell who pulled it.
        PullsUnknown,
        /// Something could not be read, so nothing goes.
        NotRead,
    }

    pub struct PlannedTag {
        pub repository: String,
        pub tag: String,
        pub digest: String,
        /// When it was pushed, as far as the trail tells, else when the image says that it was made.
        pub at: Option<i64>,
        pub goes: bool,
        pub reason: Reason,
        /// The other tag, the index or the pattern that keeps it.
        pub detail: Option<String>,
    }

    /// The counts that whoever runs a plan has seen: others are refused.
    pub struct RetentionRunInput { pub digests: u32, pub tags: u32 }

    pub struct RetentionRun {
        pub id: String,
        pub registry: String,
        pub prefix: String,
        /// Nothing where it did not come to a plan.
        pub plan: Option<String>,
        pub started_at: i64,
        pub ended_at: Option<i64>,
        /// Nobody's name where it ran by its schedule.
        pub started_by: Option<String>,
        pub state: RunState,
        pub digests_planned: u32,
        pub digests_gone: u32,
        pub tags_gone: u32,
        /// Manifests that the plan let go, and that were kept by then.
        pub spared: u32,
        pub failed: u32,
        /// Why it stopped, or what it spared last.
        pub note: String,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum RunState {
        Running,
        Done,
        /// Something could not be read, so nothing more was deleted.
        Stopped,
        /// Pilothouse ended before it did.
        BrokenOff,
    }

    /// How a registry frees what nothing refers to any more.
    pub struct StorageAdvice { pub backend: BackendKind }

    /// What a registry is, as far as its address and its way to sign in tell.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum BackendKind {
        /// The distribution project's own registry, or one that does not say.
        Distribution,
        Harbor,
        Gitlab,
        Github,
        DockerHub,
        Ecr,
    }
}

/// What has to be said to make a rule that keeps nothing of itself.
pub const KEEPS_NOTHING: &str = "Keep nothing but what is in use.";

impl Keep {
    /// Whether it keeps nothing of itself.
    pub fn is_nothing(&self) -> bool {
        self.newest.unwrap_or(0) == 0 && self.patterns.is_empty() && self.younger_days.unwrap_or(0) == 0 && self.pulled_days.unwrap_or(0) == 0
    }
}

impl Reason {
    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Reason::Unkept => "Nothing keeps it",
            Reason::SubjectGoes => "It speaks of what goes",
            Reason::Runs => "A container is made from it",
            Reason::Immutable => "It is declared immutable",
            Reason::Pattern => "It fits a pattern",
            Reason::Newest => "It is among the newest",
            Reason::Young => "It is young enough",
            Reason::Pulled => "It was pulled lately",
            Reason::SharesDigest => "A tag that stays means the same",
            Reason::NeededByIndex => "An index that stays needs it",
            Reason::SubjectStays => "It speaks of what stays",
            Reason::SubjectUnknown => "It speaks of what has no tag",
            Reason::AgeUnknown => "Nobody says how old it is",
            Reason::PullsUnknown => "The trail does not reach back so far",
            Reason::NotRead => "Something could not be read",
        }
    }
}

endpoints! {
    "Lists the retention rules of a registry that you may see."
    RetentionRuleList: GET "/api/v1/registries/{registry}/retention/rules", ListQuery => Page<RetentionRule>;
    "Makes a retention rule. Nothing goes by that: a rule is run, or has a schedule."
    RetentionRuleCreate: POST "/api/v1/registries/{registry}/retention/rules", RetentionRuleInput => RetentionRule;
    "Puts another retention rule in the place of one."
    RetentionRuleUpdate: PUT "/api/v1/registries/{registry}/retention/rules/{rule}", RetentionRuleInput => RetentionRule;
    "Forgets a retention rule."
    RetentionRuleDelete: DELETE "/api/v1/registries/{registry}/retention/rules/{rule}", Empty => Empty;
    "Tells what a retention rule would let go now, and keeps that as a plan. It deletes nothing."
    RetentionPreview: POST "/api/v1/registries/{registry}/retention/rules/{rule}/plans", Empty => RetentionPlan;
    "Shows a plan."
    RetentionPlanGet: GET "/api/v1/registries/{registry}/retention/plans/{plan}", Empty => RetentionPlan;
    "Lists the tags of a plan: `state:goes` and `state:stays` narrow it."
    RetentionPlanTags: GET "/api/v1/registries/{registry}/retention/plans/{plan}/tags", ListQuery => Page<PlannedTag>;
    "Deletes what a plan shows, as far as it may still go. It goes on when you leave; its run says how far it is."
    RetentionRunStart: POST "/api/v1/registries/{registry}/retention/plans/{plan}/run", RetentionRunInput => RetentionRun;
    "Lists the last runs, the newest first."
    RetentionRunList: GET "/api/v1/registries/{registry}/retention/runs", ListQuery => Page<RetentionRun>;
    "Tells what a registry is, and so how it frees what nothing refers to any more."
    RetentionStorage: GET "/api/v1/registries/{registry}/retention/storage", Empty => StorageAdvice;
}
