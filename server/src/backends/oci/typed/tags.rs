//! Tags of a repository: their names, and what each means now.

use std::{cmp::Ordering, time::Duration};

use futures_util::{StreamExt, stream};
use http::Method;
use pilothouse_app::api::repositories::ManifestSummary;
use tokio::time::Instant;

use super::{AT_ONCE, At, gone, manifest};
use crate::backends::oci::{
    RegistryError,
    judge::KINDS,
    lists::{self, Names},
    manifests::{self, ask},
    parsed::Parsed,
};

/// How many tags of one repository are read.
pub const MOST: usize = 20_000;
/// How long all of their names may take, and what those of a page mean.
const NAMES: Duration = Duration::from_secs(60);
const PAGE: Duration = Duration::from_secs(45);

/// Reads the names of all tags.
///
/// # Errors
/// When the registry has no such repository, or its list is none.
pub async fn names(at: At<'_>) -> Result<Names, RegistryError> {
    let read = lists::all_tags(at.registry, at.permit, at.repository, MOST);
    tokio::time::timeout(NAMES, read).await.unwrap_or(Err(RegistryError::Timeout))
}

/// What a tag means, or whether a digest is there; `None` where it is not.
///
/// # Errors
/// When the registry does not say.
pub async fn digest_of(at: At<'_>, reference: &str) -> Result<Option<(&'static str, String)>, RegistryError> {
    let asked = ask(Method::HEAD, at.repository, reference, KINDS, "pull");
    let Some(head) = manifests::head(at.registry, at.permit, asked, reference).await? else { return Ok(None) };
    match head.digest {
        Some(digest) => Ok(Some((head.media, digest))),
        // Some do not say which one it is; then it has to be read.
        None => {
            let read = manifest::read(at, reference).await?;
            Ok(Some((read.manifest.media, read.manifest.digest)))
        }
    }
}

/// A tag that was looked at: what it means, in full and in short.
pub struct Resolved {
    pub parsed: Parsed,
    pub summary: ManifestSummary,
}

/// What each of these tags means now, in their order; one that cannot be read does not stop the others.
pub async fn resolve(at: At<'_>, names: Vec<String>) -> Vec<(String, Result<Resolved, RegistryError>)> {
    let end = Instant::now() + PAGE;
    let each = stream::iter(names).map(|name| async move {
        let resolved = tokio::time::timeout_at(end, resolve_one(at, &name)).await.unwrap_or(Err(RegistryError::Timeout));
        (name, resolved)
    });
    each.buffered(AT_ONCE).collect().await
}

async fn resolve_one(at: At<'_>, tag: &str) -> Result<Resolved, RegistryError> {
    let (_, digest) = digest_of(at, tag).await?.ok_or_else(|| gone("such tag any more"))?;
    let parsed = manifest::known(at, &digest).await?;
    let summary = manifest::summary(at, &parsed).await?;
    Ok(Resolved { parsed, summary })
}

/// Compares names as people read them: `1.9` is before `1.10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (one, other) = (part(&mut left), part(&mut right));
        match (one, other) {
            ("", "") => return a.cmp(b),
            ("", _) => return Ordering::Less,
            (_, "") => return Ordering::Greater,
            (one, other) => match compare(one, other) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

/// Takes off the digits that a text begins with, or what is before the next ones.
fn part<'t>(text: &mut &'t str) -> &'t str {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    *text = rest;
    part
}

fn compare(a: &str, b: &str) -> Ordering {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if !is_number(a) || !is_number(b) {
        return a.cmp(b);
    }
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = [
            "v1.10.0",
            "latest",
            "v1.9.0",
            "1.2",
            "v1.9.0-alpine",
            "1.10",
            "1.02",
            "20260101",
            "v10",
            "99999999999999999999999",
            "1.9",
            "v1.9.0-rc2",
        ];
        names.sort_by(|a, b| natural(a, b));
        let sorted = [
            "1.02",
            "1.2",
            "1.9",
            "1.10",
            "20260101",
            "99999999999999999999999",
            "latest",
            "v1.9.0",
            "v1.9.0-alpine",
            "v1.9.0-rc2",
            "v1.10.0",
            "v10",
        ];
        assert_eq!(names, sorted);
    }
}
