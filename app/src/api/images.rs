//! Images of one engine.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, lives, wire};

wire! {
    pub struct Image {
        pub id: String,
        pub tags: Vec<String>,
        pub digests: Vec<String>,
        pub created_at: i64,
        pub size: u64,
        /// Names of the containers made from it.
        pub used_by: Vec<String>,
    }

    pub struct ImageDetail {
        pub summary: Image,
        pub os: String,
        pub architecture: String,
        pub command: Vec<String>,
        pub entrypoint: Vec<String>,
        pub env: Vec<String>,
        pub exposed_ports: Vec<String>,
        /// Where a container is given a volume of its own, unless it is told otherwise.
        pub volumes: Vec<String>,
        pub labels: BTreeMap<String, String>,
        pub history: Vec<Layer>,
    }

    pub struct Layer { pub created_at: i64, pub created_by: String, pub size: u64, pub comment: String, pub tags: Vec<String> }

    pub struct TagInput { pub repository: String, pub tag: String }

    #[derive(Default)]
    #[serde(default)]
    pub struct ImageRemoveInput {
        /// Remove it even if stopped containers use it or it has several tags.
        pub force: bool,
    }

    pub struct PullQuery { pub image: String }

    /// One step of a pull. A layer's lines share its `id`.
    #[serde(default)]
    #[derive(Default)]
    pub struct PullProgress {
        pub id: Option<String>,
        pub status: String,
        pub current: Option<u64>,
        pub total: Option<u64>,
        /// Set on the last event of a pull that failed.
        pub error: Option<String>,
        /// True on the last event of a pull that worked.
        pub done: bool,
    }
}

endpoints! {
    "Lists the images of an engine. Sorts by tag, created_at or size."
    ImageList: GET "/api/v1/engines/{engine}/images", ListQuery => Page<Image>;
    "Shows one image with its history."
    ImageGet: GET "/api/v1/engines/{engine}/images/{id}", Empty => ImageDetail;
    "Gives an image one more tag."
    ImageTag: POST "/api/v1/engines/{engine}/images/{id}/tag", TagInput => Empty;
    "Removes an image, or one tag of it when named by tag."
    ImageRemove: DELETE "/api/v1/engines/{engine}/images/{id}", ImageRemoveInput => Empty;
}

lives! {
    "Pulls an image; the events tell how far each layer is."
    ImagePull: POST "/api/v1/engines/{engine}/images/pull", PullQuery => PullProgress;
}
