//! What an image's config says of how it is run: which ports it listens at, where it keeps what is to stay, and with which environment.

use serde::{Deserialize, Serialize};

use crate::api::images::{ImageDetail, ImageGet, ImageList};
use crate::api::repositories::{ImageConfig, ManifestDetail, ManifestGet, PlatformImage, Tag, TagList};
use crate::api::{Code, Empty, ListQuery, Problem};
use crate::client::Client;

/// As much of a config as the form is filled in with.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Config {
    /// `8080/tcp`.
    pub ports: Vec<String>,
    /// Paths in the container.
    pub volumes: Vec<String>,
    /// `NAME=value`. The path to its programs is the image's own business.
    pub env: Vec<String>,
}

impl Config {
    fn new(ports: Vec<String>, volumes: Vec<String>, env: Vec<String>) -> Self {
        let env = env.into_iter().filter(|line| !line.starts_with("PATH=")).collect();
        Self { ports, volumes, env }
    }

    /// Volumes to keep what the container writes, named after the image: `redis-data-1f3a:/data`. Another run gets others by another `mark`.
    pub fn named_volumes(&self, image: &str, mark: &str) -> Vec<String> {
        let word = |text: &str| {
            let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            plain.trim_matches('-').to_owned()
        };
        let name = image.rsplit('/').next().unwrap_or_default();
        self.volumes.iter().map(|path| format!("{}-{}-{mark}:{path}", word(name), word(path))).collect()
    }
}

impl From<ImageDetail> for Config {
    fn from(detail: ImageDetail) -> Self {
        Self::new(detail.exposed_ports, detail.volumes, detail.env)
    }
}

impl From<ImageConfig> for Config {
    fn from(config: ImageConfig) -> Self {
        Self::new(config.exposed_ports, config.volumes, config.env)
    }
}

/// The config of an image in a registry; `arch` is the machine's, as the engine calls it.
pub(super) async fn of_registry(client: Client, registry: String, repository: String, tag: String, arch: String) -> Result<Config, Problem> {
    let get = |reference: &str| client.call::<ManifestGet>(&[&registry, &repository, reference], &Empty {});
    let ManifestDetail { image, images, .. } = get(&tag).await?;
    let image = match (image, for_machine(&images, &arch)) {
        (Some(image), _) => Some(image),
        (None, Some(part)) => get(&part.digest).await?.image,
        (None, None) => None,
    };
    image.map(Config::from).ok_or_else(|| Problem::new(Code::Conflict, "This is no image, so it cannot be run."))
}

/// The image of an index for this machine; the first of them where none is for it.
fn for_machine<'i>(images: &'i [PlatformImage], arch: &str) -> Option<&'i PlatformImage> {
    let arch = match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch if arch.starts_with("armv") => "arm",
        arch => arch,
    };
    let fits = |image: &&PlatformImage| {
        let mut parts = image.platform.split('/');
        (parts.next(), parts.next()) == (Some("linux"), Some(arch))
    };
    images.iter().find(fits).or(images.first())
}

/// The config of an image that is on the engine already; nothing where it is not.
pub(super) async fn on_engine(client: Client, engine: String, image: String) -> Result<Option<Config>, Problem> {
    // Looked for in the list: that it is not there is nothing that went wrong.
    let query = ListQuery { limit: Some(500), filter: Some(image.clone()), ..ListQuery::default() };
    let found = client.call::<ImageList>(&[&engine], &query).await?.items.into_iter().find(|found| found.tags.contains(&image));
    match found {
        Some(found) => pulled(client, engine, found.id).await.map(Some),
        None => Ok(None),
    }
}

/// The config of an image that is on the engine.
pub(super) async fn pulled(client: Client, engine: String, image: String) -> Result<Config, Problem> {
    client.call::<ImageGet>(&[&engine, &image], &Empty {}).await.map(Config::from)
}

/// The tags of a repository, the one first that is most likely meant.
pub(super) async fn tags(client: Client, registry: String, repository: String) -> Result<Vec<String>, Problem> {
    let query = ListQuery { limit: Some(100), ..ListQuery::default() };
    Ok(ordered(client.call::<TagList>(&[&registry, &repository], &query).await?.items))
}

/// `latest` first, then those that were pushed last.
fn ordered(mut tags: Vec<Tag>) -> Vec<String> {
    let age = |tag: &Tag| std::cmp::Reverse(tag.pushed.as_ref().map_or(0, |pushed| pushed.at));
    tags.sort_by_key(|tag| (tag.name != "latest", age(tag)));
    tags.into_iter().map(|tag| tag.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::repositories::Pushed;

    #[test]
    fn an_index_has_an_image_for_this_machine() {
        let image = |platform: &str| PlatformImage { digest: platform.to_owned(), platform: platform.to_owned(), size: 0 };
        let images = [image("linux/arm64/v8"), image("linux/amd64"), image("windows/amd64")];
        let chosen = |arch: &str| for_machine(&images, arch).map(|image| image.digest.clone()).unwrap_or_default();
        assert_eq!(
            (chosen("x86_64").as_str(), chosen("aarch64").as_str(), chosen("s390x").as_str()),
            ("linux/amd64", "linux/arm64/v8", "linux/arm64/v8")
        );
        assert!(for_machine(&[], "x86_64").is_none());
    }

    #[test]
    fn volumes_are_named_after_the_image_and_the_path() {
        let config = Config::new(Vec::new(), vec!["/var/lib/data".into()], vec!["PATH=/bin".into(), "A=b".into()]);
        assert_eq!(config.named_volumes("h:5000/reg/team/my.db", "1f"), ["my-db-var-lib-data-1f:/var/lib/data"]);
        assert_eq!(config.env, ["A=b"]);
    }

    #[test]
    fn the_tag_that_is_likely_meant_is_first() {
        let tag = |name: &str, at: Option<i64>| {
            let pushed = at.map(|at| Pushed { by: "ana".into(), at, record: String::new() });
            Tag { name: name.into(), manifest: None, problem: None, pushed, runs: 0 }
        };
        assert_eq!(ordered(vec![tag("1", Some(1)), tag("2", Some(2)), tag("latest", None), tag("x", None)]), ["latest", "2", "1", "x"]);
    }
}
