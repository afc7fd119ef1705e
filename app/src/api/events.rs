//! What an engine says has happened.

use std::collections::BTreeMap;

use super::{lives, wire};

wire! {
    #[derive(Default)]
    #[serde(default)]
    pub struct EventQuery {
        /// Events since this time come first; without it, only new ones.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub since: Option<i64>,
        /// `container`, `image`, `volume`, `network`, ...; all unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kind: Option<String>,
    }

    pub struct Event {
        pub at: i64,
        /// `container`, `image`, `volume`, `network`, `daemon`, ...
        pub kind: String,
        pub action: String,
        pub id: String,
        pub name: String,
        pub attributes: BTreeMap<String, String>,
    }
}

lives! {
    "Follows the events of an engine."
    EventsFollow: GET "/api/v1/engines/{engine}/events", EventQuery => Event;
}
