//! One image, index or artifact, with all that is known of it.

use std::time::Duration;

use axum::{Extension, Json, extract::State};
use pilothouse_app::api::repositories::{ManifestDetail, ManifestGet, ManifestKind};

use super::{One, at, check_reference, registry};
use crate::{
    access::{Operation, Permission, is_digest},
    api::{Answer, Api, Named, Who},
    backends::oci::typed::{
        config::Config,
        manifest,
        referrers::{self, attestation},
        sharing::{self, Effort},
    },
    reach::Reach,
};

/// How far it is looked for other tags while somebody waits for a page.
const EFFORT: Effort = Effort { tags: 500, time: Duration::from_secs(15) };

pub async fn get(State(api): State<Api>, Extension(who): Who, Named((name, repository, reference)): One) -> Answer<ManifestGet> {
    let operation = Operation::on_repository("ManifestGet", Permission::RepositoryPull, &name, &repository, &reference);
    api.operator
        .operate(&who, operation, async |permit| {
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            check_reference("reference", &reference)?;
            let parsed = manifest::read(at, &reference).await?;
            let summary = manifest::summary(at, &parsed).await?;
            let image = match parsed.config() {
                Some(config) => Some(Config::read(at, config).await?.shown(parsed.layers())),
                None => None,
            };
            let images = if parsed.is_index() { manifest::platforms(at, &parsed).await? } else { Vec::new() };
            let mut referrers = referrers::read(at, &summary.digest).await?;
            // A registry that does not list its tags shows a manifest all the same.
            let mut sharing = sharing::read(at, &summary.digest, EFFORT).await.unwrap_or_default();
            if !is_digest(&reference) && !sharing.tags.contains(&reference) {
                sharing.tags.push(reference.clone());
            }
            let within = parsed.attestations(None).map(attestation).chain(sharing.attestations);
            for one in within {
                if !referrers.iter().any(|known| known.digest == one.digest) {
                    referrers.push(one);
                }
            }
            Ok(Json(ManifestDetail {
                tags: sharing.tags,
                tags_are_complete: sharing.is_complete,
                artifact_type: parsed.artifact_type(),
                annotations: parsed.annotations(),
                images,
                image,
                referrers,
                pull: pull(&api.reach, summary.kind, &permit.operation().object),
                raw: String::from_utf8_lossy(&parsed.manifest.body).into_owned(),
                summary,
            }))
        })
        .await
}

/// The command that pulls it; `name` is `registry/repository` with a tag or a digest.
fn pull(reach: &Reach, kind: ManifestKind, name: &str) -> String {
    let plain = reach.url.split("://").nth(1).unwrap_or(&reach.host);
    // Without a dot or a port Docker takes a host for somebody's name on Docker Hub.
    let host = if plain.contains(['.', ':']) { plain } else { &reach.host };
    let command = if kind == ManifestKind::Artifact { "oras pull" } else { "docker pull" };
    format!("{command} {host}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_a_host_that_docker_takes_for_one() {
        let of = |url: &str| pull(&Reach::new(url, None, None).unwrap(), ManifestKind::Image, "hub/team/x:1");
        assert_eq!(of("https://h.example"), "docker pull h.example/hub/team/x:1");
        assert_eq!(of("https://h"), "docker pull h:443/hub/team/x:1");
        assert_eq!(of("http://127.0.0.1:8080"), "docker pull 127.0.0.1:8080/hub/team/x:1");
    }
}
