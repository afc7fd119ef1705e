//! What is inside an image: its config, and the layers with what made each.

use std::collections::BTreeMap;

use http::Method;
use pilothouse_app::api::repositories::{ImageConfig, RegistryLayer};
use serde::{Deserialize, de::IgnoredAny};

use super::At;
use crate::backends::{
    docker::typed::millis,
    oci::{
        Ask, RegistryError,
        answer::{granted, is},
        parsed::{Descriptor, platform},
    },
};

/// The largest config that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// An image's config, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
pub struct Config {
    created: Option<String>,
    author: Option<String>,
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
    config: Option<Run>,
    history: Option<Vec<Step>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    user: Option<String>,
    working_dir: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    exposed_ports: Option<BTreeMap<String, IgnoredAny>>,
    volumes: Option<BTreeMap<String, IgnoredAny>>,
    stop_signal: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

/// One step of what made an image.
#[derive(Debug, Deserialize)]
struct Step {
    created: Option<String>,
    created_by: Option<String>,
    comment: Option<String>,
    #[serde(default)]
    empty_layer: bool,
}

fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn names(map: Option<BTreeMap<String, IgnoredAny>>) -> Vec<String> {
    map.unwrap_or_default().into_keys().collect()
}

impl Config {
    /// Reads the config that a manifest names.
    ///
    /// # Errors
    /// When it is not there, is not what its digest says, or is none.
    pub async fn read(at: At<'_>, named: &Descriptor) -> Result<Self, RegistryError> {
        let body = match at.cached(&named.digest)? {
            Some((_, body)) => body,
            None => {
                if named.size > LARGEST as u64 {
                    return Err(RegistryError::BadManifest("its config is larger than 4 MiB.".to_owned()));
                }
                let ask = Ask::within(Method::GET, at.repository, &format!("blobs/{}", named.digest), "pull");
                let answer = at.registry.fetch(at.permit, ask).await?;
                let (_, body) = granted(answer, LARGEST).await?;
                if !is(&body, &named.digest) {
                    return Err(RegistryError::WrongDigest);
                }
                at.registry.known.put(at.repository, &named.digest, "", &body);
                body
            }
        };
        serde_json::from_slice(&body).map_err(|_| RegistryError::BadManifest("its config cannot be read.".to_owned()))
    }

    pub fn platform(&self) -> Option<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        platform(&text(&self.os), &text(&self.architecture), self.variant.as_deref())
    }

    /// When the image says that it was made.
    pub fn created_at(&self) -> Option<i64> {
        self.created.as_deref().and_then(millis)
    }

    /// The config as the contract shows it, with the layers that the manifest names.
    pub fn shown(self, layers: &[Descriptor]) -> ImageConfig {
        let run = self.config.unwrap_or_default();
        ImageConfig {
            os: self.os.unwrap_or_default(),
            architecture: self.architecture.unwrap_or_default(),
            variant: some(self.variant),
            author: some(self.author),
            user: some(run.user),
            working_dir: some(run.working_dir),
            entrypoint: run.entrypoint.unwrap_or_default(),
            command: run.cmd.unwrap_or_default(),
            env: run.env.unwrap_or_default(),
            exposed_ports: names(run.exposed_ports),
            volumes: names(run.volumes),
            stop_signal: some(run.stop_signal),
            labels: run.labels.unwrap_or_default(),
            layers: made(self.history.unwrap_or_default(), layers),
        }
    }
}

/// Layers with what made each. A history that tells of more layers, or of fewer, is not made up for.
fn made(history: Vec<Step>, layers: &[Descriptor]) -> Vec<RegistryLayer> {
    let mut left = layers.iter();
    let mut made = Vec::new();
    for step in history {
        let layer = if step.empty_layer { None } else { left.next() };
        made.push(RegistryLayer {
            digest: layer.map(|layer| layer.digest.clone()),
            size: layer.map_or(0, |layer| layer.size),
            created_at: step.created.as_deref().and_then(millis),
            created_by: step.created_by.unwrap_or_default(),
            comment: step.comment.unwrap_or_default(),
        });
    }
    made.extend(left.map(|layer| RegistryLayer {
        digest: Some(layer.digest.clone()),
        size: layer.size,
        created_at: None,
        created_by: String::new(),
        comment: String::new(),
    }));
    made
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn layers_are_told_with_what_made_them() {
        let layer = |digest: &str| serde_json::from_value::<Descriptor>(json!({ "mediaType": "l", "digest": digest, "size": 5 })).unwrap();
        let config: Config = serde_json::from_value(json!({
            "created": "1970-01-01T00:00:02Z", "os": "linux", "architecture": "arm", "variant": "v7",
            "config": { "Env": ["A=b"], "ExposedPorts": { "80/tcp": {} }, "Cmd": null, "User": "" },
            "history": [{ "created_by": "ADD" }, { "created_by": "ENV", "empty_layer": true }],
        }))
        .unwrap();
        assert_eq!((config.platform().as_deref(), config.created_at()), (Some("linux/arm/v7"), Some(2_000)));
        let shown = config.shown(&[layer("one"), layer("two")]);
        let layers: Vec<_> = shown.layers.iter().map(|layer| (layer.digest.as_deref(), layer.size, layer.created_by.as_str())).collect();
        assert_eq!(layers, [(Some("one"), 5, "ADD"), (None, 0, "ENV"), (Some("two"), 5, "")]);
        assert_eq!((shown.env, shown.exposed_ports, shown.command, shown.user), (vec!["A=b".to_owned()], vec!["80/tcp".to_owned()], vec![], None));
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap().platform(), None);
    }
}
