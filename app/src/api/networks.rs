//! Networks of one engine.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    pub struct Network {
        pub id: String,
        pub name: String,
        pub driver: String,
        /// `local`, `swarm` or `global`.
        pub scope: String,
        pub internal: bool,
        pub created_at: Option<i64>,
        pub subnets: Vec<String>,
        pub labels: BTreeMap<String, String>,
        pub project: Option<String>,
        /// Of the engine's own making (`bridge`, `host`, `none`): cannot be removed.
        pub builtin: bool,
        pub used_by: Vec<String>,
    }

    pub struct Member { pub container: String, pub name: String, pub address: String }

    pub struct NetworkDetail { pub summary: Network, pub members: Vec<Member> }

    pub struct NetworkInput {
        pub name: String,
        /// `bridge` unless told.
        #[serde(default)]
        pub driver: Option<String>,
        #[serde(default)]
        pub internal: bool,
        /// Such as `172.28.0.0/16`; the engine picks one unless told.
        #[serde(default)]
        pub subnet: Option<String>,
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
    }

    pub struct ConnectInput { pub container: String }
}

endpoints! {
    "Lists the networks of an engine. Sorts by name, driver or created_at."
    NetworkList: GET "/api/v1/engines/{engine}/networks", ListQuery => Page<Network>;
    "Makes a network."
    NetworkCreate: POST "/api/v1/engines/{engine}/networks", NetworkInput => Network;
    "Shows one network and what is connected to it."
    NetworkGet: GET "/api/v1/engines/{engine}/networks/{id}", Empty => NetworkDetail;
    "Connects a container to a network."
    NetworkConnect: POST "/api/v1/engines/{engine}/networks/{id}/connect", ConnectInput => Empty;
    "Takes a container off a network."
    NetworkDisconnect: POST "/api/v1/engines/{engine}/networks/{id}/disconnect", ConnectInput => Empty;
    "Removes a network."
    NetworkRemove: DELETE "/api/v1/engines/{engine}/networks/{id}", Empty => Empty;
}
