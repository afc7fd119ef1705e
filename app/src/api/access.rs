//! Who may do what, and why.

use super::{Empty, ListQuery, Page, endpoints, people::Grant, session::MeOutput, wire};

wire! {
    pub struct ExplainInput {
        /// A user or a robot.
        pub user: String,
        /// Such as `engine.container.start`.
        pub permission: String,
        /// Such as `engine/prod/project/shop`.
        pub scope: String,
    }

    pub struct ExplainOutput {
        pub allowed: bool,
        /// The answer as one sentence.
        pub sentence: String,
        /// Each grant by which they may; with the team through which they have it.
        pub grants: Vec<Grant>,
        /// What would let them: roles that hold the permission. Empty when they may.
        pub roles: Vec<String>,
    }

    pub struct MatrixQuery {
        /// Where: such as `engine/prod` or `engine/prod/project/shop`.
        #[serde(default)]
        pub scope: String,
        /// Words that must occur in the name.
        #[serde(default)]
        pub filter: Option<String>,
        /// How many at most: 1 to 500, 50 unless told.
        #[serde(default)]
        pub limit: Option<u32>,
        #[serde(default)]
        pub after: Option<String>,
    }

    /// What one user or robot may do at a place.
    pub struct MatrixRow {
        pub user: String,
        pub robot: bool,
        /// Because of these grants.
        pub grants: Vec<Grant>,
        /// The permissions they hold there.
        pub permissions: Vec<String>,
    }

    /// A grant, and when it was last used.
    pub struct ReviewRow {
        pub grant: Grant,
        /// By the audit trail; absent when it never was.
        pub last_used_at: Option<i64>,
        /// Not used for 90 days, though it is older than that.
        pub unused: bool,
        /// The holder is disabled, or a team that nobody is in.
        pub idle: bool,
    }

    pub struct ViewAsInput { pub user: String }
}

endpoints! {
    "Tells whether somebody may do something somewhere, and because of which grant, or what is missing."
    AccessExplain: POST "/api/v1/access/explain", ExplainInput => ExplainOutput;
    "Lists who may do what at a place."
    AccessMatrix: GET "/api/v1/access/matrix", MatrixQuery => Page<MatrixRow>;
    "Lists the grants with when each was last used."
    AccessReview: GET "/api/v1/access/review", ListQuery => Page<ReviewRow>;
    "Lets one's session look with the rights of another user; nothing can be changed so."
    ViewAs: POST "/api/v1/session/view-as", ViewAsInput => MeOutput;
    "Lets one's session look with one's own rights again."
    ViewAsEnd: DELETE "/api/v1/session/view-as", Empty => Empty;
}

/// The review as a table for a spreadsheet.
pub const REVIEW_CSV: &str = "/api/v1/access/review.csv";

/// Describes what is no JSON, for the reference.
#[cfg(feature = "ssr")]
pub fn describe_raw(to: &mut super::describe::Reference) {
    to.raw::<Empty>(REVIEW_CSV, "AccessReviewCsv", "The review of all grants, as CSV.", "200", "The table, one grant a line.");
}
