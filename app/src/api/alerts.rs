//! Who is told at once when the audit trail has something that is looked for.

use super::{Empty, Page, endpoints, wire};

wire! {
    /// A search that somebody is told about when it finds something.
    pub struct Alert {
        pub id: String,
        pub name: String,
        /// Fields and words, as in a search of the trail.
        pub query: String,
        /// `all`, labels of engines and registries such as `env=prod`, `engine/NAME`, or `registry/NAME`.
        pub scope: String,
        /// It fires at so many records...
        pub times: u32,
        /// ...within so many minutes.
        pub minutes: u32,
        /// For so many minutes it does not fire again; what is found meanwhile is told of behind them.
        pub quiet: u32,
        /// Where its webhook is, without the path.
        #[serde(default)]
        pub webhook: Option<String>,
        /// Addresses that get mail.
        pub mail: Vec<String>,
        pub enabled: bool,
        pub created_at: i64,
        pub created_by: String,
        /// When it fired last.
        #[serde(default)]
        pub fired_at: Option<i64>,
        /// Of how many records it told then.
        pub fired_records: u64,
        /// How many messages wait until they are taken.
        pub waiting: u64,
        /// When a message was taken last.
        #[serde(default)]
        pub sent_at: Option<i64>,
        /// Why one was not last.
        #[serde(default)]
        pub error: Option<String>,
        #[serde(default)]
        pub error_at: Option<i64>,
    }

    #[derive(Default)]
    pub struct AlertInput {
        pub name: String,
        /// Fields and words, without times.
        pub query: String,
        /// `all` unless told.
        #[serde(default)]
        pub scope: Option<String>,
        /// 1 unless told.
        #[serde(default)]
        pub times: Option<u32>,
        /// 10 unless told.
        #[serde(default)]
        pub minutes: Option<u32>,
        /// 15 unless told.
        #[serde(default)]
        pub quiet: Option<u32>,
        /// A webhook's address: `https://`, or `http://` to this very machine.
        #[serde(default)]
        pub url: Option<String>,
        /// What each message to it is signed with, of 16 characters at least. It is never shown again.
        #[serde(default)]
        pub secret: Option<String>,
        /// Addresses that get mail.
        #[serde(default)]
        pub mail: Vec<String>,
    }

    /// What is left out stays as it is.
    #[derive(Default)]
    #[serde(default)]
    pub struct AlertUpdateInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub query: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub times: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub minutes: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub quiet: Option<u32>,
        /// Another address needs a secret of its own; an empty one removes the webhook.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub secret: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mail: Option<Vec<String>>,
        /// Once it is on again it looks at what comes from then on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
    }

    /// What came of a test message.
    pub struct AlertTried {
        /// True when every place took it.
        pub ok: bool,
        pub sent: Vec<AlertSent>,
    }

    pub struct AlertSent {
        /// An address, or where the webhook is.
        pub to: String,
        pub ok: bool,
        /// What the place answered.
        pub message: String,
    }
}

endpoints! {
    "Lists the alerts, when each fired last and what went wrong."
    AuditAlertList: GET "/api/v1/audit/alerts", Empty => Page<Alert>;
    "Adds an alert: a search that somebody is told about when it finds something."
    AuditAlertCreate: POST "/api/v1/audit/alerts", AlertInput => Alert;
    "Changes an alert, or switches it off or on."
    AuditAlertUpdate: PATCH "/api/v1/audit/alerts/{id}", AlertUpdateInput => Alert;
    "Removes an alert."
    AuditAlertDelete: DELETE "/api/v1/audit/alerts/{id}", Empty => Empty;
    "Sends a test message now to each place of an alert, and tells what came back."
    AuditAlertTry: POST "/api/v1/audit/alerts/{id}/try", Empty => AlertTried;
}
