//! Deleting tags and manifests: what would go is told first, and what nobody has seen does not go.

use std::{collections::BTreeSet, time::Duration};

use axum::{Extension, Json, extract::State};
use pilothouse_app::api::{
    Code, Empty, Problem,
    repositories::{Deletion, DeletionPreview, DeletionQuery, ManifestDelete, ManifestDeleteInput, Runs, TagDelete, TagDeleteInput},
};

use super::{
    One, Place, at,
    bound::{alone, check_unpushed},
    check_reference, registry,
};
use crate::{
    access::{Operation, Permission, is_digest, is_tag},
    api::{Answer, Api, ApiError, Asked, Named, Who, runs::runs_of},
    audit::{Changed, field},
    authn::Principal,
    backends::oci::typed::{
        At,
        delete::{self, Deleted},
        manifest, referrers,
        sharing::{self, Effort, Sharing},
        tags::digest_of,
    },
    clock::now_ms,
};

/// How far it is looked for what would go along.
const EFFORT: Effort = Effort { tags: 5_000, time: Duration::from_secs(50) };
/// So many names are told in a sentence.
const NAMES: usize = 10;

pub async fn preview(
    State(api): State<Api>,
    Extension(who): Who,
    Named((name, repository)): Place,
    Asked(query): Asked<DeletionQuery>,
) -> Answer<DeletionPreview> {
    let operation = Operation::on_repository("DeletionPreview", Permission::RepositoryPull, &name, &repository, &query.reference);
    api.operator
        .operate(&who, operation, async |permit| {
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            check_reference("reference", &query.reference)?;
            Ok(Json(deletion(&api, &who, at, &query.reference).await?))
        })
        .await
}

/// All that goes or breaks with what `reference` means.
async fn deletion(api: &Api, who: &Principal, at: At<'_>, reference: &str) -> Result<Deletion, ApiError> {
    let parsed = manifest::read(at, reference).await?;
    let digest = parsed.manifest.digest.clone();
    let Sharing { tags, needed_by, attestations, is_complete } = sharing::read(at, &digest, EFFORT).await?;
    let referring = referrers::read(at, &digest).await?;
    let referring: BTreeSet<&String> = referring.iter().chain(&attestations).map(|referrer| &referrer.digest).collect();
    let Runs { items, unseen, silent_engines } = runs_of(api, who, &parsed.known_by());
    Ok(Deletion {
        digest,
        tags,
        tags_are_complete: is_complete,
        needed_by,
        referrers: u32::try_from(referring.len()).unwrap_or(u32::MAX),
        runs: items,
        unseen_runs: unseen,
        silent_engines,
    })
}

/// Names for a sentence: the first of them, and how many more.
fn some_of(names: &[String]) -> String {
    let first = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES { format!("{first} and {} more", names.len() - NAMES) } else { first }
}

/// How many containers, in words.
fn containers(runs: usize) -> String {
    if runs == 1 { "1 container is made from it".to_owned() } else { format!("{runs} containers are made from it") }
}

fn conflict(title: &str, detail: String) -> ApiError {
    ApiError(Problem::new(Code::Conflict, title).detail(detail))
}

/// Why something may still be in use, in a sentence; `None` where it is not.
fn in_use(deletion: &Deletion) -> Option<String> {
    let mut why = Vec::new();
    let runs = deletion.runs.len() + deletion.unseen_runs as usize;
    if runs > 0 {
        let of: Vec<String> = deletion.runs.iter().map(|run| format!("{} on {}", run.name, run.engine)).collect();
        let named = if of.is_empty() { String::new() } else { format!(": {}", some_of(&of)) };
        why.push(format!("{}{named}.", containers(runs)));
    }
    if !deletion.silent_engines.is_empty() {
        why.push(format!("What runs on {} is not known, since nothing answers there.", some_of(&deletion.silent_engines)));
    }
    if !deletion.needed_by.is_empty() {
        why.push(format!("It is part of what these tags mean: {}.", some_of(&deletion.needed_by)));
    }
    (!why.is_empty()).then(|| why.join(" "))
}

pub async fn delete_manifest(
    State(api): State<Api>,
    Extension(who): Who,
    Named((name, repository, digest)): One,
    Asked(input): Asked<ManifestDeleteInput>,
) -> Answer<ManifestDelete> {
    let operation = Operation::on_repository("ManifestDelete", Permission::RepositoryDelete, &name, &repository, &digest);
    api.operator
        .change(&who, operation, async |permit| {
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            if !is_digest(&digest) {
                return Err(ApiError::field("digest", "This is no digest by sha256 or sha512. A tag is deleted as a tag."));
            }
            let begun = now_ms();
            let deletion = deletion(&api, &who, at, &digest).await?;
            check_seen(&input.tags, &deletion)?;
            if let Some(why) = in_use(&deletion).filter(|_| !input.although_in_use) {
                return Err(conflict("It is in use, or may be.", why));
            }
            // From here on nobody lets one of its tags mean something else.
            let _alone = alone(&api, &name, &repository, &deletion.tags).await?;
            check_still(at, &deletion).await?;
            check_unpushed(&api, &name, &repository, begun).await?;
            api.rules.may_delete_manifest(&registry, &permit, &repository, &digest).await?;
            delete::manifest(at, &digest).await?;
            api.rules.gone(&name, &repository, &digest).await;
            let mut changed = Changed::new(vec![field("digest", Some(&digest), None)], Json(Empty {}));
            let tags = deletion.tags.join(", ");
            changed.also((!tags.is_empty()).then(|| field("tags", Some(&tags), None)));
            Ok(changed)
        })
        .await
}

/// Makes sure that the tags that would go are those that were seen.
fn check_seen(seen: &str, deletion: &Deletion) -> Result<(), ApiError> {
    if !deletion.tags_are_complete {
        let title = "Not every tag of this repository says what it means, so it is not known what would go along.";
        return Err(conflict(title, "Nothing was deleted. Try again, or delete tags first.".to_owned()));
    }
    let seen: BTreeSet<&str> = seen.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let now: BTreeSet<&str> = deletion.tags.iter().map(String::as_str).collect();
    if seen == now {
        return Ok(());
    }
    let own = |tags: Vec<&&str>| tags.into_iter().map(|tag| (*tag).to_owned()).collect::<Vec<String>>();
    let (more, fewer) = (own(now.difference(&seen).collect()), own(seen.difference(&now).collect()));
    let mut why = Vec::new();
    if !more.is_empty() {
        why.push(format!("These would go along, too: {}.", some_of(&more)));
    }
    if !fewer.is_empty() {
        why.push(format!("These do not mean it, or not any more: {}.", some_of(&fewer)));
    }
    Err(conflict("The tags that mean it are not those that you have seen.", format!("{} Look again at what would be deleted.", why.join(" "))))
}

/// Makes sure that the tags still mean it: some may have been moved while all were looked at.
async fn check_still(at: At<'_>, deletion: &Deletion) -> Result<(), ApiError> {
    for tag in &deletion.tags {
        if digest_of(at, tag).await?.is_none_or(|(_, now)| now != deletion.digest) {
            let title = format!("The tag {tag} has just come to mean something else, so nothing was deleted.");
            return Err(conflict(&title, "Look again at what would be deleted.".to_owned()));
        }
    }
    Ok(())
}

pub async fn delete_tag(
    State(api): State<Api>,
    Extension(who): Who,
    Named((name, repository, tag)): One,
    Asked(input): Asked<TagDeleteInput>,
) -> Answer<TagDelete> {
    let operation = Operation::on_repository("TagDelete", Permission::RepositoryDelete, &name, &repository, &tag);
    api.operator
        .change(&who, operation, async |permit| {
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            if !is_tag(&tag) {
                return Err(ApiError::field("tag", "This is no tag. A manifest is deleted by its digest."));
            }
            let _alone = alone(&api, &name, &repository, std::slice::from_ref(&tag)).await?;
            let parsed = manifest::read(at, &tag).await?;
            let digest = parsed.manifest.digest.clone();
            api.rules.may_delete_tag(&registry, &permit, &repository, &tag, &digest).await?;
            if !input.although_in_use {
                let runs = runs_of(&api, &who, &parsed.known_by());
                check_last(at, &digest, &tag, &runs).await?;
            }
            let mut changed = Changed::new(vec![field("tag", Some(&digest), None)], Json(Empty {}));
            match delete::tag(at, &tag, &digest).await? {
                Deleted::Done => {
                    api.rules.gone(&name, &repository, &tag).await;
                    Ok(changed)
                }
                Deleted::WithManifest => {
                    api.rules.gone(&name, &repository, &digest).await;
                    changed.also(Some(field("digest", Some(&digest), None)));
                    Ok(changed)
                }
                Deleted::ByDigestOnly => Err(by_digest_only(at, &digest).await),
            }
        })
        .await
}

/// Makes sure that what runs keeps a tag.
async fn check_last(at: At<'_>, digest: &str, tag: &str, runs: &Runs) -> Result<(), ApiError> {
    if runs.items.is_empty() && runs.unseen == 0 && runs.silent_engines.is_empty() {
        return Ok(());
    }
    let sharing = sharing::read(at, digest, EFFORT).await?;
    if sharing.tags.iter().any(|other| other != tag) {
        return Ok(());
    }
    let count = runs.items.len() + runs.unseen as usize;
    let mut why = Vec::new();
    if count > 0 {
        why.push(format!("{}.", containers(count)));
    }
    if !runs.silent_engines.is_empty() {
        why.push(format!("What runs on {} is not known, since nothing answers there.", some_of(&runs.silent_engines)));
    }
    Err(conflict("This is the last tag of something that runs, or may run.", why.join(" ")))
}

/// Why a tag was not deleted by a registry that deletes by digest only, and what that would take along.
async fn by_digest_only(at: At<'_>, digest: &str) -> ApiError {
    let title = "This registry deletes by digest only, so the tag was not deleted.";
    let along = match sharing::read(at, digest, EFFORT).await {
        Ok(sharing) if sharing.is_complete => format!("To delete {digest} takes every tag along that means it: {}.", some_of(&sharing.tags)),
        Ok(_) | Err(_) => format!("To delete {digest} takes every tag along that means it, and not all of them are known."),
    };
    conflict(title, along)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletion(tags: &[&str]) -> Deletion {
        Deletion {
            digest: String::new(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            tags_are_complete: true,
            needed_by: Vec::new(),
            referrers: 0,
            runs: Vec::new(),
            unseen_runs: 0,
            silent_engines: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_seen_goes() {
        let found = deletion(&["a", "b"]);
        assert!(check_seen("b, a", &found).is_ok() && check_seen("", &deletion(&[])).is_ok());
        for seen in ["", "a", "a,b,c", "A,b"] {
            assert_eq!(check_seen(seen, &found).unwrap_err().0.code, Code::Conflict, "{seen}");
        }
        assert!(check_seen("a,b", &Deletion { tags_are_complete: false, ..found }).is_err());
    }

    #[test]
    fn what_is_not_known_counts_as_in_use() {
        assert_eq!(in_use(&deletion(&["a"])), None);
        assert!(in_use(&Deletion { unseen_runs: 1, ..deletion(&[]) }).is_some_and(|why| why.starts_with("1 container is")));
        assert!(in_use(&Deletion { silent_engines: vec!["far".to_owned()], ..deletion(&[]) }).is_some_and(|why| why.contains("far")));
        assert!(in_use(&Deletion { needed_by: vec!["all".to_owned()], ..deletion(&[]) }).is_some_and(|why| why.contains("all")));
    }
}
