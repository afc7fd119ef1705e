//! What a registry says of a digest: by which other digests engines may know the same image; and what a tag means now.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;

use crate::{
    access::{Permit, is_digest},
    authn::secret,
    backends::oci::{Answer, Ask, Registry, RegistryError, Said},
};

/// How long a registry may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest manifest that is read, in bytes: as at the door.
const LARGEST: usize = 4 * 1024 * 1024;
/// Images of one index that are looked for.
const MOST: usize = 256;
/// What an image's manifest and an index may be.
const KINDS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// As much of a manifest or an index as names others.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    manifests: Vec<Named>,
    config: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    digest: String,
}

/// The digests by which engines may know what is stored as `digest`: of an index those of its images, of an image its configuration's, which is
/// the id that engines give it, however it came to them. Nothing where the repository has no such manifest.
///
/// # Errors
/// When the registry does not say, or says something else than the digest promises.
pub async fn children_of(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<Option<BTreeSet<String>>, RegistryError> {
    let answer = registry.send(permit, ask(Method::GET, repository, digest)).await?;
    match answer.response.status() {
        StatusCode::OK if answer.elsewhere.is_none() => {}
        StatusCode::NOT_FOUND => return Ok(None),
        _ => return Err(RegistryError::Garbled("there is no manifest in its answer")),
    }
    let body = whole(answer).await?;
    if digest.starts_with("sha256:") && format!("sha256:{}", secret::hex(&secret::hash_bytes(&body))) != digest {
        return Err(RegistryError::Garbled("its manifest is not what the digest says"));
    }
    Ok(Some(read(&body).ok_or(RegistryError::Garbled("its manifest cannot be read"))?))
}

/// What a tag means now; nothing where there is none, or where the registry does not say.
///
/// # Errors
/// When the registry cannot be asked.
pub async fn meaning_of(registry: &Registry, permit: &Permit, repository: &str, tag: &str) -> Result<Option<String>, RegistryError> {
    let answer = registry.send(permit, ask(Method::HEAD, repository, tag)).await?;
    match answer.response.status() {
        StatusCode::OK => {
            let said = answer.response.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
            Ok(said.filter(|digest| is_digest(digest)).map(str::to_owned))
        }
        StatusCode::NOT_FOUND => Ok(None),
        _ => Err(RegistryError::Garbled("it does not say whether there is such a tag")),
    }
}

fn ask(method: Method, repository: &str, reference: &str) -> Ask {
    let mut headers = HeaderMap::new();
    for kind in KINDS {
        headers.append(header::ACCEPT, HeaderValue::from_static(kind));
    }
    Ask {
        method,
        path: format!("/v2/{repository}/manifests/{reference}"),
        headers,
        body: Said::Bytes(Bytes::new()),
        scopes: vec![format!("repository:{repository}:pull")],
        deadline: PATIENCE,
    }
}

async fn whole(answer: Answer) -> Result<Bytes, RegistryError> {
    let Answer { response, turn, .. } = answer;
    let read = tokio::time::timeout(PATIENCE, Limited::new(response.into_body(), LARGEST).collect()).await;
    drop(turn);
    let body = read.map_err(|_| RegistryError::Timeout)?;
    Ok(body.map_err(|_| RegistryError::Garbled("its manifest breaks off, or is larger than 4 MiB"))?.to_bytes())
}

fn read(body: &[u8]) -> Option<BTreeSet<String>> {
    let manifest: Manifest = serde_json::from_slice(body).ok()?;
    let named = manifest.manifests.into_iter().take(MOST).chain(manifest.config).map(|named| named.digest);
    Some(named.filter(|digest| is_digest(digest)).collect())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_index_names_its_images_and_an_image_its_configuration() {
        let digest = |c: char| format!("sha256:{}", c.to_string().repeat(64));
        let index = format!(r#"{{"manifests":[{{"digest":"{}"}},{{"digest":"{}"}},{{"digest":"evil"}}]}}"#, digest('a'), digest('b'));
        assert_eq!(read(index.as_bytes()).unwrap().into_iter().collect::<Vec<_>>(), [digest('a'), digest('b')]);
        let image = format!(r#"{{"config":{{"digest":"{}"}},"layers":[{{"digest":"{}"}}]}}"#, digest('c'), digest('d'));
        assert_eq!(read(image.as_bytes()).unwrap().into_iter().collect::<Vec<_>>(), [digest('c')]);
        assert!(read(b"[]").is_none());
    }
}
