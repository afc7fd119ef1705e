//! What a registry holds: repositories, tags, manifests; and where it runs.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, lives, wire};

wire! {
    pub struct Repository { pub registry: String, pub name: String }

    pub struct Tag {
        pub name: String,
        /// What it means now; nothing where the registry does not say, and then `problem` says why.
        pub manifest: Option<ManifestSummary>,
        pub problem: Option<String>,
        /// Who let it mean that, as far as the trail tells and you may read it.
        pub pushed: Option<Pushed>,
        /// How many containers are made from it, of those you may see.
        pub runs: u32,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ManifestKind {
        Image,
        /// One image for each of several platforms.
        Index,
        /// Something else than an image: a chart, a signature, a list of what is inside.
        Artifact,
    }

    pub struct ManifestSummary {
        pub digest: String,
        pub media_type: String,
        pub kind: ManifestKind,
        /// `os/architecture` or `os/architecture/variant` of each image in it.
        pub platforms: Vec<String>,
        /// Of all that it names, each once, as it is stored: compressed. Of an index it is that of all its images.
        pub size: u64,
        /// When the image says that it was made.
        pub created_at: Option<i64>,
    }

    pub struct Pushed {
        pub by: String,
        pub at: i64,
        /// The id of the trail's record.
        pub record: String,
    }

    pub struct ManifestDetail {
        pub summary: ManifestSummary,
        /// Other tags of this repository that mean the same, and this one.
        pub tags: Vec<String>,
        /// False where there were too many tags to ask for each of them.
        pub tags_are_complete: bool,
        /// What an artifact says it is.
        pub artifact_type: Option<String>,
        pub annotations: BTreeMap<String, String>,
        /// The images of an index. Those that only attest something are among the referrers.
        pub images: Vec<PlatformImage>,
        /// What is inside; nothing for an index and for what is no image.
        pub image: Option<ImageConfig>,
        pub referrers: Vec<Referrer>,
        /// How to pull it, through Pilothouse.
        pub pull: String,
        /// The manifest as it is kept.
        pub raw: String,
    }

    pub struct PlatformImage { pub digest: String, pub platform: String, pub size: u64 }

    pub struct ImageConfig {
        pub os: String,
        pub architecture: String,
        pub variant: Option<String>,
        pub author: Option<String>,
        pub user: Option<String>,
        pub working_dir: Option<String>,
        pub entrypoint: Vec<String>,
        pub command: Vec<String>,
        pub env: Vec<String>,
        pub exposed_ports: Vec<String>,
        pub volumes: Vec<String>,
        pub stop_signal: Option<String>,
        pub labels: BTreeMap<String, String>,
        /// The oldest first. Those that added nothing have no digest.
        pub layers: Vec<RegistryLayer>,
    }

    pub struct RegistryLayer {
        pub digest: Option<String>,
        /// Compressed.
        pub size: u64,
        pub created_at: Option<i64>,
        pub created_by: String,
        pub comment: String,
    }

    /// Something that names this manifest as its subject: a signature, an SBOM, an attestation.
    pub struct Referrer { pub digest: String, pub artifact_type: String, pub size: u64, pub annotations: BTreeMap<String, String> }

    #[derive(Default)]
    #[serde(default)]
    pub struct DiffQuery {
        /// A tag or a digest.
        pub from: String,
        /// A tag or a digest of the same repository.
        pub to: String,
        /// Which image of an index, as `os/architecture`; without it the first that both have.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub platform: Option<String>,
    }

    pub struct Diff {
        pub from: ManifestSummary,
        pub to: ManifestSummary,
        /// What was compared; nothing where neither is an index.
        pub platform: Option<String>,
        /// Those that both have.
        pub platforms: Vec<String>,
        pub layers: Vec<LayerDiff>,
        /// What else differs: the command, the environment, labels, ports. Field by field.
        pub fields: Vec<FieldDiff>,
    }

    /// A layer of the one, the other, or both.
    pub struct LayerDiff { pub digest: String, pub size: u64, pub created_by: String, pub in_from: bool, pub in_to: bool }

    pub struct FieldDiff { pub field: String, pub before: Option<String>, pub after: Option<String> }

    #[derive(Default)]
    #[serde(default)]
    pub struct DeletionQuery {
        /// A tag or a digest.
        pub reference: String,
    }

    /// All that goes or breaks when something is deleted.
    pub struct Deletion {
        pub digest: String,
        /// The tags that mean this digest; with the digest they all go.
        pub tags: Vec<String>,
        pub tags_are_complete: bool,
        /// Tags of indexes that need this manifest: they would be broken.
        pub needed_by: Vec<String>,
        /// How many signatures, SBOMs and attestations speak of it.
        pub referrers: u32,
        pub runs: Vec<Run>,
        /// How many more run where you may not look.
        pub unseen_runs: u32,
        /// Engines that did not answer: what runs there is not known.
        pub silent_engines: Vec<String>,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct ManifestDeleteInput {
        /// The tags that whoever deletes has seen to go with it, with commas between. It is refused when there are others.
        pub tags: String,
        /// Delete it although something runs it, needs it, or did not say.
        pub although_in_use: bool,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct TagDeleteInput {
        /// Delete it although it is the last tag of what something runs.
        pub although_in_use: bool,
    }

    /// A container made from an image.
    pub struct Run {
        pub engine: String,
        pub container: String,
        pub name: String,
        /// As the container names it.
        pub image: String,
        pub state: String,
        /// The digests by which the engine knows the image.
        pub digests: Vec<String>,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct RunQuery {
        /// A manifest's digest. An index's digest finds what was pulled by it, and by any of its images where `registry` and `repository` say where it is.
        pub digest: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub registry: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub repository: Option<String>,
    }

    pub struct Runs {
        pub items: Vec<Run>,
        /// How many more run where you may not look.
        pub unseen: u32,
        /// Engines that did not answer.
        pub silent_engines: Vec<String>,
    }

    /// Where a container's image came from.
    pub struct Origin {
        /// As the container names it.
        pub image: String,
        /// What the engine knows it by.
        pub digests: Vec<String>,
        /// The registry of Pilothouse that it came from, where that is known and you may see it.
        pub registry: Option<String>,
        pub repository: Option<String>,
        pub tag: Option<String>,
        /// What the tag means by now, where that is something else.
        pub newer: Option<String>,
        /// When the registry was asked.
        pub checked_at: Option<i64>,
    }

    pub struct CopyInput {
        /// A tag or a digest.
        pub reference: String,
        pub to_registry: String,
        pub to_repository: String,
        /// The tag that it gets there.
        pub to_tag: String,
        /// Signatures, SBOMs and attestations, too.
        #[serde(default = "yes")]
        pub referrers: bool,
        /// Let the tag mean something else, if it is there already.
        #[serde(default)]
        pub overwrite: bool,
    }

    /// How far a copy is. One that broke off goes on where it was when it is asked for again: what is there already is not sent again.
    #[serde(default)]
    #[derive(Default)]
    pub struct CopyProgress {
        pub blobs_done: u32,
        pub blobs_total: u32,
        /// Of those, how many were there already, or could be mounted.
        pub blobs_present: u32,
        /// What was sent.
        pub bytes_done: u64,
        /// What has to be: it shrinks by what turns out to be there already.
        pub bytes_total: u64,
        pub manifests_done: u32,
        pub manifests_total: u32,
        /// What is being done, in a few words.
        pub status: String,
        /// Set on the last event of a copy that failed.
        pub error: Option<String>,
        /// The digest, on the last event of a copy that worked.
        pub digest: Option<String>,
    }
}

fn yes() -> bool {
    true
}

endpoints! {
    "Lists the repositories of a registry that you may pull from."
    RepositoryList: GET "/api/v1/registries/{registry}/repositories", ListQuery => Page<Repository>;
    "Lists the tags of a repository, with what each means now."
    TagList: GET "/api/v1/registries/{registry}/repositories/{repository}/tags", ListQuery => Page<Tag>;
    "Shows one image, index or artifact, by its tag or digest."
    ManifestGet: GET "/api/v1/registries/{registry}/repositories/{repository}/manifests/{reference}", Empty => ManifestDetail;
    "Compares two images of a repository."
    ManifestDiff: GET "/api/v1/registries/{registry}/repositories/{repository}/diff", DiffQuery => Diff;
    "Tells all that would go or break if a tag or a digest were deleted. It deletes nothing."
    DeletionPreview: GET "/api/v1/registries/{registry}/repositories/{repository}/deletion", DeletionQuery => Deletion;
    "Deletes one tag. What it means stays, by its other tags and its digest."
    TagDelete: DELETE "/api/v1/registries/{registry}/repositories/{repository}/tags/{tag}", TagDeleteInput => Empty;
    "Deletes a manifest by its digest, and with it every tag that means it."
    ManifestDelete: DELETE "/api/v1/registries/{registry}/repositories/{repository}/manifests/{reference}", ManifestDeleteInput => Empty;
    "Tells which containers on all engines are made from a digest."
    RunList: GET "/api/v1/runs", RunQuery => Runs;
    "Tells where a container's image came from, and whether its tag means something newer by now."
    ContainerOrigin: GET "/api/v1/engines/{engine}/containers/{id}/origin", Empty => Origin;
}

lives! {
    "Copies an image with all its platforms to another repository or registry; the events tell how far it is."
    ManifestCopy: POST "/api/v1/registries/{registry}/repositories/{repository}/copy", CopyInput => CopyProgress;
}
