//! What a manifest names: its config and layers, or the manifests of an index, and what it speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pilothouse_app::api::repositories::ManifestKind;
use serde::Deserialize;

use super::{
    RegistryError,
    judge::{DOCKER_LIST, OCI_INDEX},
    manifests::Manifest,
};

/// How much of an index that attests something is looked at.
const ATTESTATIONS: usize = 512;
/// What BuildKit says of a manifest that only attests something, and of which image.
pub const ATTESTS: &str = "vnd.docker.reference.type";
const ATTESTED: &str = "vnd.docker.reference.digest";
const IMAGE_CONFIGS: &[&str] = &["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

pub type Annotations = BTreeMap<String, String>;

/// What a manifest names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    pub artifact_type: Option<String>,
    pub annotations: Option<Annotations>,
    /// Where else it is kept.
    pub urls: Option<Vec<String>>,
    platform: Option<Platform>,
}

#[derive(Clone, Debug, Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

/// The fields of a manifest, of whichever kind it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
    artifact_type: Option<String>,
    pub config: Option<Descriptor>,
    #[serde(default)]
    pub layers: Vec<Descriptor>,
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
    /// What it speaks of.
    pub subject: Option<Descriptor>,
    annotations: Option<Annotations>,
}

/// A manifest, read.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub manifest: Manifest,
    fields: Names,
}

impl Names {
    /// Reads a manifest that was judged.
    ///
    /// # Errors
    /// When a field of it is of another kind than the spec has it be.
    pub fn read(manifest: &[u8]) -> Result<Self, RegistryError> {
        serde_json::from_slice(manifest).map_err(|_| RegistryError::BadManifest("a field of it is of another kind.".to_owned()))
    }
}

/// `os/architecture` or `os/architecture/variant`; `None` where it is not known.
pub fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Option<String> {
    if os.is_empty() || architecture.is_empty() {
        return None;
    }
    let variant = variant.filter(|variant| !variant.is_empty()).map(|variant| format!("/{variant}")).unwrap_or_default();
    Some(format!("{os}/{architecture}{variant}"))
}

impl Descriptor {
    /// Whether it is no image, but says something of one.
    fn is_attestation(&self) -> bool {
        self.annotations.as_ref().is_some_and(|notes| notes.contains_key(ATTESTS))
    }

    /// The platform that an index says an image is for.
    pub fn platform(&self) -> Option<String> {
        let named = self.platform.as_ref()?;
        platform(&named.os, &named.architecture, named.variant.as_deref()).filter(|platform| !platform.starts_with("unknown/"))
    }
}

impl Parsed {
    /// # Errors
    /// As of [`Names::read`].
    pub fn new(manifest: Manifest) -> Result<Self, RegistryError> {
        let fields = Names::read(&manifest.body)?;
        Ok(Self { manifest, fields })
    }

    pub fn is_index(&self) -> bool {
        matches!(self.manifest.media, OCI_INDEX | DOCKER_LIST)
    }

    pub fn kind(&self) -> ManifestKind {
        match &self.fields.config {
            _ if self.is_index() => ManifestKind::Index,
            Some(config) if self.fields.artifact_type.is_none() && IMAGE_CONFIGS.contains(&config.media_type.as_str()) => ManifestKind::Image,
            _ => ManifestKind::Artifact,
        }
    }

    /// What an artifact says it is.
    pub fn artifact_type(&self) -> Option<String> {
        match self.kind() {
            ManifestKind::Artifact => self.fields.artifact_type.clone().or_else(|| Some(self.fields.config.as_ref()?.media_type.clone())),
            ManifestKind::Index => self.fields.artifact_type.clone(),
            ManifestKind::Image => None,
        }
    }

    pub fn annotations(&self) -> Annotations {
        self.fields.annotations.clone().unwrap_or_default()
    }

    /// One of its annotations.
    pub fn noted(&self, name: &str) -> Option<&str> {
        self.fields.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// The image's config, if it is an image.
    pub fn config(&self) -> Option<&Descriptor> {
        self.fields.config.as_ref().filter(|_| self.kind() == ManifestKind::Image)
    }

    /// The digests by which an engine may know what was pulled by it: its own, those of what an index names, and its config's, which is the id that
    /// engines give an image, however it came to them.
    pub fn known_by(&self) -> BTreeSet<String> {
        let named = self.fields.manifests.iter().chain(&self.fields.config).map(|part| part.digest.clone());
        named.chain([self.manifest.digest.clone()]).collect()
    }

    pub fn layers(&self) -> &[Descriptor] {
        &self.fields.layers
    }

    /// The manifests of an index.
    pub fn manifests(&self) -> &[Descriptor] {
        &self.fields.manifests
    }

    /// Those of an index that are images.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.fields.manifests.iter().filter(|part| !part.is_attestation())
    }

    /// Those of an index that attest something: of `image`, or of any where none is given.
    pub fn attestations(&self, image: Option<&str>) -> impl Iterator<Item = &Descriptor> {
        let is_of = move |part: &&Descriptor| {
            let named = part.annotations.as_ref().and_then(|notes| notes.get(ATTESTED));
            image.is_none_or(|image| named.is_some_and(|named| named == image))
        };
        self.fields.manifests.iter().filter(|part| part.is_attestation()).filter(is_of).take(ATTESTATIONS)
    }
}

/// What these name, each once, in bytes.
pub fn size<'a>(images: impl IntoIterator<Item = &'a Parsed>) -> u64 {
    let parts = images.into_iter().flat_map(|image| image.fields.config.iter().chain(&image.fields.layers));
    let each: HashMap<&str, u64> = parts.map(|part| (part.digest.as_str(), part.size)).collect();
    each.values().fold(0, |sum, size| sum.saturating_add(*size))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::backends::oci::judge::OCI_MANIFEST;

    fn parsed(media: &'static str, body: Value) -> Parsed {
        Parsed::new(Manifest { media, digest: String::new(), body: Bytes::from(body.to_string()) }).unwrap()
    }

    fn part(media: &str, digest: &str, size: u64) -> Value {
        json!({ "mediaType": media, "digest": digest, "size": size })
    }

    #[test]
    fn an_image_is_told_from_what_is_kept_like_one() {
        let of = |config: &str, more: Value| {
            let mut body = json!({ "config": part(config, "c", 2), "layers": [part("l", "a", 3), part("l", "a", 3), part("l", "b", 4)] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            parsed(OCI_MANIFEST, body)
        };
        let image = of(IMAGE_CONFIGS[0], json!({}));
        assert_eq!((image.kind(), image.artifact_type(), size([&image])), (ManifestKind::Image, None, 9));
        let chart = of("application/vnd.cncf.helm.config.v1+json", json!({ "annotations": null }));
        assert_eq!((chart.kind(), chart.artifact_type().as_deref()), (ManifestKind::Artifact, Some("application/vnd.cncf.helm.config.v1+json")));
        let bill = of(IMAGE_CONFIGS[0], json!({ "artifactType": "a/sbom" }));
        assert_eq!((bill.kind(), bill.artifact_type().as_deref(), bill.config().is_none()), (ManifestKind::Artifact, Some("a/sbom"), true));
        let odd = json!({ "config": part("c", "c", 1), "layers": [], "annotations": { "a": 1 } });
        assert!(Parsed::new(Manifest { media: OCI_MANIFEST, digest: String::new(), body: Bytes::from(odd.to_string()) }).is_err());
    }

    #[test]
    fn engines_may_know_an_index_by_its_images_and_an_image_by_its_configuration() {
        let known_by = |media, body| parsed(media, body).known_by().into_iter().collect::<Vec<_>>();
        let index = json!({ "manifests": [part(OCI_MANIFEST, "a", 1), part(OCI_MANIFEST, "b", 1)] });
        assert_eq!(known_by(OCI_INDEX, index), ["", "a", "b"]);
        let image = json!({ "config": part(IMAGE_CONFIGS[0], "c", 1), "layers": [part("l", "d", 1)] });
        assert_eq!(known_by(OCI_MANIFEST, image), ["", "c"]);
    }

    #[test]
    fn what_attests_something_is_no_image_of_an_index() {
        let with = |digest: &str, os: &str, notes: Value| {
            let mut part = part(OCI_MANIFEST, digest, 1);
            part["platform"] = json!({ "os": os, "architecture": if os == "unknown" { "unknown" } else { "arm" }, "variant": "v7" });
            part["annotations"] = notes;
            part
        };
        let notes = json!({ ATTESTS: "attestation-manifest", ATTESTED: "one" });
        let index = parsed(OCI_INDEX, json!({ "manifests": [with("one", "linux", json!(null)), with("two", "unknown", notes)] }));
        assert_eq!(
            index.images().map(|part| (part.digest.as_str(), part.platform())).collect::<Vec<_>>(),
            [("one", Some("linux/arm/v7".to_owned()))]
        );
        let of = |image| index.attestations(image).map(|part| part.digest.as_str()).collect::<Vec<_>>();
        assert_eq!((of(None), of(Some("one")), of(Some("two"))), (vec!["two"], vec!["two"], vec![]));
    }
}
