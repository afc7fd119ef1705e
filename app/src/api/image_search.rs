//! Images that are found by words: on Docker Hub, and in the registries that Pilothouse stands in front of.

use super::{endpoints, wire};

wire! {
    #[derive(Default)]
    #[serde(default)]
    pub struct ImageSearchQuery {
        /// What the name has to hold, each word of it; 1 to 100 characters.
        pub words: String,
        /// The engine that asks Docker Hub; without it the first that answers and that you may search with.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub engine: Option<String>,
    }

    pub struct ImageSearchOutput {
        /// Those of the registries first, by name; then those of Docker Hub, in its own order.
        pub items: Vec<FoundImage>,
        /// Where nothing was found out, or not all of it.
        pub silent: Vec<SilentSource>,
    }

    pub struct FoundImage {
        /// As an engine pulls it, without a tag: `nginx`, or `HOST/REGISTRY/REPOSITORY` through Pilothouse.
        pub image: String,
        /// The registry of Pilothouse that has it; nothing for Docker Hub.
        pub registry: Option<String>,
        pub repository: String,
        /// What Docker Hub has its owner say of it; empty for what is in a registry.
        pub description: String,
        pub stars: u32,
        /// Docker itself looks after it.
        pub official: bool,
    }

    pub struct SilentSource {
        /// The registry's name; nothing for Docker Hub.
        pub registry: Option<String>,
        /// One sentence.
        pub why: String,
    }
}

endpoints! {
    "Looks for images by words, on Docker Hub and among the repositories that you may pull from."
    ImageSearch: GET "/api/v1/search/images", ImageSearchQuery => ImageSearchOutput;
}
