//! What a registry is bound by, whoever asks: tags that stay, how much fits, how fast; and who is told of what changes there.

use super::{Empty, Page, endpoints, wire};

wire! {
    #[derive(Default)]
    #[serde(default)]
    pub struct RegistryRules {
        /// Tags that nobody moves or deletes once they are there.
        pub immutable: Vec<ImmutableTags>,
        /// How much a prefix may hold.
        pub quotas: Vec<Quota>,
        pub limits: RegistryLimits,
    }

    #[derive(Eq)]
    pub struct ImmutableTags {
        /// The repository and those below it; empty for all of the registry.
        #[serde(default)]
        pub prefix: String,
        /// A tag, in which `*` is any text: `v*`, `release-*`, `*`.
        pub tags: String,
    }

    #[derive(Eq)]
    pub struct Quota {
        /// The repository and those below it; empty for all of the registry.
        #[serde(default)]
        pub prefix: String,
        /// What its manifests, configs and layers may take up, each counted once.
        #[serde(default)]
        pub bytes: Option<u64>,
        /// How many tags it may have.
        #[serde(default)]
        pub tags: Option<u64>,
    }

    /// Of each person or robot; nothing where there is no limit.
    #[derive(Copy, Default, Eq)]
    #[serde(default)]
    pub struct RegistryLimits {
        /// Requests a second.
        pub requests_per_second: Option<u32>,
        /// Uploads at the same time.
        pub uploads: Option<u32>,
        /// The largest blob, in bytes.
        pub blob_bytes: Option<u64>,
        /// The layers of one image.
        pub layers: Option<u32>,
    }

    /// How much of a quota is used.
    #[derive(Eq)]
    pub struct QuotaUse {
        pub prefix: String,
        pub bytes: u64,
        pub tags: u64,
        /// When what is there was counted last. Without it only what was pushed since the quota is there counts.
        pub counted_at: Option<i64>,
    }

    pub struct RegistryRulesShown {
        pub rules: RegistryRules,
        /// One for each quota, in the same order.
        pub uses: Vec<QuotaUse>,
    }

    #[derive(Default)]
    pub struct QuotaCountInput {
        /// The prefix of one of the quotas.
        #[serde(default)]
        pub prefix: String,
    }

    pub struct QuotaCounted {
        pub used: QuotaUse,
        /// False where it broke off. What was counted stays, and the next count goes on behind it.
        pub complete: bool,
        /// Why it broke off, in a sentence.
        pub problem: Option<String>,
    }

    /// What a webhook is told of.
    #[derive(Copy, Eq, Hash, Ord, PartialOrd)]
    #[serde(rename_all = "snake_case")]
    pub enum RegistryEvent {
        /// A manifest was pushed, or a tag was made.
        Push,
        /// A tag that was there means something else now.
        Tag,
        /// A tag or a manifest was deleted.
        Delete,
    }

    pub struct RegistryHook {
        pub id: String,
        pub name: String,
        /// The repository and those below it; empty for all of the registry.
        pub prefix: String,
        pub events: Vec<RegistryEvent>,
        /// Where it is, without the path.
        pub webhook: String,
        pub enabled: bool,
        pub created_at: i64,
        pub created_by: String,
        /// When it took something last, since Pilothouse started.
        #[serde(default)]
        pub sent_at: Option<i64>,
        /// Why it did not last.
        #[serde(default)]
        pub error: Option<String>,
        #[serde(default)]
        pub error_at: Option<i64>,
        /// It answered that it wants nothing more: it gets nothing until it is changed, or Pilothouse starts again.
        #[serde(default)]
        pub stopped: bool,
    }

    pub struct RegistryHookInput {
        pub name: String,
        #[serde(default)]
        pub prefix: String,
        /// All of them unless told.
        #[serde(default)]
        pub events: Vec<RegistryEvent>,
        /// `https://`, or `http://` to this very machine.
        pub url: String,
        /// What each message to it is signed with, of 16 characters at least. It is never shown again.
        pub secret: String,
    }

    /// What is left out stays as it is.
    #[derive(Default)]
    #[serde(default)]
    pub struct RegistryHookUpdateInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub prefix: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub events: Option<Vec<RegistryEvent>>,
        /// Another address needs a secret of its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub secret: Option<String>,
        /// One that is switched off is told nothing of what happens meanwhile.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
    }
}

endpoints! {
    "Shows what a registry is bound by, and how much of its quotas is used."
    RegistryRulesGet: GET "/api/v1/registries/{registry}/rules", Empty => RegistryRulesShown;
    "Puts other rules in the place of a registry's own."
    RegistryRulesUpdate: PUT "/api/v1/registries/{registry}/rules", RegistryRules => RegistryRulesShown;
    "Counts what is there of the prefix of a quota, by asking the registry."
    RegistryQuotaCount: POST "/api/v1/registries/{registry}/rules/count", QuotaCountInput => QuotaCounted;
    "Lists who is told of what changes in a registry."
    RegistryHookList: GET "/api/v1/registries/{registry}/hooks", Empty => Page<RegistryHook>;
    "Tells somebody of each push, moved tag and deletion from now on."
    RegistryHookCreate: POST "/api/v1/registries/{registry}/hooks", RegistryHookInput => RegistryHook;
    "Changes a webhook of a registry."
    RegistryHookUpdate: PATCH "/api/v1/registries/{registry}/hooks/{hook}", RegistryHookUpdateInput => RegistryHook;
    "Removes a webhook of a registry. What it has not taken is not sent."
    RegistryHookDelete: DELETE "/api/v1/registries/{registry}/hooks/{hook}", Empty => Empty;
}
