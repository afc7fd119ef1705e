//! Volumes of one engine.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    pub struct Volume {
        pub name: String,
        pub driver: String,
        pub mountpoint: String,
        pub created_at: Option<i64>,
        pub labels: BTreeMap<String, String>,
        pub project: Option<String>,
        /// Names of the containers that mount it.
        pub used_by: Vec<String>,
    }

    pub struct VolumeInput {
        pub name: String,
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
    }
}

endpoints! {
    "Lists the volumes of an engine. Sorts by name or created_at."
    VolumeList: GET "/api/v1/engines/{engine}/volumes", ListQuery => Page<Volume>;
    "Makes a volume."
    VolumeCreate: POST "/api/v1/engines/{engine}/volumes", VolumeInput => Volume;
    "Shows one volume."
    VolumeGet: GET "/api/v1/engines/{engine}/volumes/{name}", Empty => Volume;
    "Removes a volume and what is in it."
    VolumeRemove: DELETE "/api/v1/engines/{engine}/volumes/{name}", Empty => Empty;
}
