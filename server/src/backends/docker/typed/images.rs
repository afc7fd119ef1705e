//! Images: looked at, tagged, removed.

use std::collections::BTreeMap;

use http::Method;
use pilothouse_app::api::{
    Problem,
    images::{Image, ImageDetail, Layer, TagInput},
};
use serde_json::Value;

use super::{
    super::{Engine, EngineError, belongings::settle},
    bad,
    call::{self, CHANGE, REMOVE, with_query},
    containers, millis,
    names::{ImageRef, is_repository, is_tag},
    size, wire,
};
use crate::access::{Permit, Thing};

/// An image, and the labels that filters look at.
pub struct Labelled {
    pub image: Image,
    pub labels: BTreeMap<String, String>,
}

pub async fn list(engine: &Engine, permit: &Permit) -> Result<Vec<Labelled>, EngineError> {
    engine.ready_for(permit).await?;
    let mut images = call::list::<wire::Many<wire::ListedImage>>(engine, permit, "/images/json").await?.0;
    images.retain(|image| engine.reaches(permit, Thing::Image, &image.id));
    let users = users(containers::listed(engine, permit).await?);
    Ok(images.into_iter().map(|image| labelled(image, &users)).collect())
}

pub async fn get(engine: &Engine, permit: &Permit, image: &ImageRef) -> Result<ImageDetail, EngineError> {
    let inspected: wire::InspectedImage = call::read(engine, permit, &path(image, "/json")).await?;
    let history: Vec<wire::HistoryItem> = call::read(engine, permit, &path(image, "/history")).await?;
    let users = users(containers::listed(engine, permit).await?);
    Ok(detail(inspected, history, &users))
}

/// # Errors
/// A problem that names the field when the repository or tag is none.
pub fn check_tag(input: &TagInput) -> Result<(), Problem> {
    if !is_repository(&input.repository) {
        return Err(bad("repository", "A repository is written like `name` or `host/team/name`, in lower case."));
    }
    if !is_tag(&input.tag) {
        return Err(bad("tag", "A tag is 1 to 128 of a-z, A-Z, 0-9, _, . and -, and starts with none of the last two."));
    }
    Ok(())
}

/// `input` was checked.
pub async fn tag(engine: &Engine, permit: &Permit, image: &ImageRef, input: &TagInput) -> Result<(), EngineError> {
    let mut query = [("repo".to_owned(), input.repository.clone()), ("tag".to_owned(), input.tag.clone())];
    let project = settle(engine, permit, &mut query, None).await?;
    let path = with_query(&path(image, "/tag"), &[("repo", &input.repository), ("tag", &input.tag)]);
    call::act(engine, permit, Method::POST, &path, None, CHANGE).await?;
    if let Some(project) = project {
        engine.claim(&format!("{}:{}", input.repository, input.tag), &project).await;
    }
    Ok(())
}

pub async fn remove(engine: &Engine, permit: &Permit, image: &ImageRef, force: bool) -> Result<(), EngineError> {
    settle(engine, permit, &mut [], None).await?;
    let path = with_query(&path(image, ""), &[("force", if force { "1" } else { "0" })]);
    call::act(engine, permit, Method::DELETE, &path, None::<&Value>, REMOVE).await
}

fn path(image: &ImageRef, rest: &str) -> String {
    format!("/images/{}{rest}", image.as_str())
}

/// By image id, the names of the containers made from it.
type Users = BTreeMap<String, Vec<String>>;

fn users(containers: Vec<wire::Listed>) -> Users {
    let mut users = Users::new();
    for container in containers {
        let name = containers::name(&container.names, &container.id);
        users.entry(container.image_id).or_default().push(name);
    }
    users.values_mut().for_each(|names| names.sort());
    users
}

/// Docker lists an image without a tag as `<none>:<none>`.
fn real(names: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().filter(|name| !name.starts_with("<none>")).collect();
    names.sort();
    names
}

fn labelled(listed: wire::ListedImage, users: &Users) -> Labelled {
    let image = Image {
        tags: real(listed.tags),
        digests: real(listed.digests),
        created_at: listed.created.saturating_mul(1000),
        size: size(listed.size),
        used_by: users.get(&listed.id).cloned().unwrap_or_default(),
        id: listed.id,
    };
    Labelled { image, labels: listed.labels.0 }
}

fn detail(inspected: wire::InspectedImage, history: Vec<wire::HistoryItem>, users: &Users) -> ImageDetail {
    let config = inspected.config;
    ImageDetail {
        summary: Image {
            tags: real(inspected.tags),
            digests: real(inspected.digests),
            created_at: millis(&inspected.created).unwrap_or(0),
            size: size(inspected.size),
            used_by: users.get(&inspected.id).cloned().unwrap_or_default(),
            id: inspected.id,
        },
        os: inspected.os,
        architecture: inspected.architecture,
        command: config.command,
        entrypoint: config.entrypoint,
        env: config.env,
        exposed_ports: config.exposed.into_keys().collect(),
        volumes: config.volumes.into_keys().collect(),
        labels: config.labels.0,
        history: history.into_iter().map(layer).collect(),
    }
}

fn layer(item: wire::HistoryItem) -> Layer {
    Layer {
        created_at: item.created.saturating_mul(1000),
        created_by: item.created_by,
        size: size(item.size),
        comment: item.comment,
        tags: real(item.tags),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn containers() -> Vec<wire::Listed> {
        serde_json::from_value(json!([
            {"Id": "c2", "Names": ["/b"], "ImageID": "sha256:1"}, {"Id": "c1", "Names": ["/a"], "ImageID": "sha256:1"}, {"Id": "c3", "Names": ["/c"], "ImageID": "sha256:9"}
        ]))
        .unwrap()
    }

    #[test]
    fn an_image_knows_who_uses_it_and_has_no_tag_called_none() {
        let listed =
            serde_json::from_value(json!({"Id": "sha256:1", "RepoTags": ["<none>:<none>"], "RepoDigests": null, "Created": 2, "Size": -1})).unwrap();
        let image = labelled(listed, &users(containers())).image;
        assert!(image.tags.is_empty());
        assert_eq!(image.used_by, ["a", "b"]);
        assert_eq!((image.created_at, image.size), (2000, 0));
    }

    #[test]
    fn an_image_from_scratch_has_a_detail() {
        let inspected = serde_json::from_value(json!({"Id": "sha256:9", "RepoTags": ["x:1"], "Created": "2026-01-01T00:00:00Z",
            "Config": {"Cmd": null, "Entrypoint": ["/x"], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}, "Labels": null}}))
        .unwrap();
        let history = serde_json::from_value(json!([{"Created": 1, "CreatedBy": "COPY", "Size": 5, "Tags": null}])).unwrap();
        let detail = detail(inspected, history, &users(containers()));
        assert_eq!((detail.exposed_ports, detail.volumes), (vec!["80/tcp".to_owned()], vec!["/data".to_owned()]));
        assert_eq!(detail.summary.used_by, ["c"]);
        assert_eq!(detail.history[0].size, 5);
    }

    #[test]
    fn a_tag_is_checked_by_field() {
        let check = |repository: &str, tag: &str| check_tag(&TagInput { repository: repository.into(), tag: tag.into() }).err().and_then(|p| p.field);
        assert_eq!(check("h:5000/app", "v1"), None);
        assert_eq!(check("App", "v1").as_deref(), Some("repository"));
        assert_eq!(check("app", "").as_deref(), Some("tag"));
    }
}
