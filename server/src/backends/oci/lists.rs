//! Lists as registries hand them out: tags, referrers, and the catalog. What is in none of the shapes of the spec is an error.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;

use super::{
    Ask, Registry, RegistryError,
    answer::{LARGEST_LIST, granted, one},
    judge::{OCI_INDEX, judge, kind},
};
use crate::access::{Permit, is_repository_name, is_tag};

/// How many items are asked for at once.
pub const MOST: u32 = 1_000;
/// How many pages of a registry's catalog are read for one of ours.
const PAGES: usize = 50;
/// How many pages of a list are read where all of it is wanted.
const MOST_PAGES: usize = 500;

/// A page, and what the next one begins behind.
pub struct Listed {
    pub names: Vec<String>,
    pub next: Option<String>,
    /// Whether the registry says that there is more, behind whatever.
    pub goes_on: bool,
}

impl Listed {
    /// What to ask for next where all of a list is wanted. Some say in words of their own where a list goes on: then it is behind the last name.
    fn behind(&self) -> Option<String> {
        self.next.clone().or_else(|| self.names.last().filter(|_| self.goes_on).cloned())
    }
}

/// All names of a list.
pub struct Names {
    /// In the order of their letters.
    pub names: Vec<String>,
    /// False where there are more than were read.
    pub is_complete: bool,
}

/// A page of referrers.
pub struct Referring {
    /// An index, judged.
    pub body: Bytes,
    pub next: Option<String>,
    /// Whether the registry left out what was not asked for.
    pub is_filtered: bool,
}

#[derive(Deserialize)]
struct Tags {
    /// Nothing, where a repository has none.
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

fn ask(path: String, query: &[(&str, String)], scope: String) -> Ask {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    Ask::new(Method::GET, if text.is_empty() { path } else { format!("{path}?{text}") }, vec![scope])
}

/// What the next page begins behind, by a registry's `Link`.
fn next_of(headers: &HeaderMap) -> Option<String> {
    let link = one(headers, "link")?;
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    if !rest.contains("next") {
        return None;
    }
    let (_, query) = target.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "last").map(|(_, value)| value.into_owned())
}

/// Whether a registry says that there is more.
fn goes_on(headers: &HeaderMap) -> bool {
    headers.get_all(header::LINK).iter().any(|link| link.to_str().is_ok_and(|text| text.contains("next")))
}

/// A page of a repository's tags: up to `limit`, if that is given, behind `last`.
///
/// # Errors
/// When the registry has no such repository, or its list is none.
pub async fn tags(registry: &Registry, permit: &Permit, repository: &str, limit: Option<u32>, last: Option<&str>) -> Result<Listed, RegistryError> {
    let mut query = Vec::new();
    query.extend(limit.filter(|n| *n > 0).map(|n| ("n", n.to_string())));
    query.extend(last.map(|last| ("last", last.to_owned())));
    let answer = registry.send(permit, ask(format!("/v2/{repository}/tags/list"), &query, format!("repository:{repository}:pull"))).await?;
    let (parts, body) = granted(answer, LARGEST_LIST).await?;
    let listed: Tags = serde_json::from_slice(&body).map_err(|_| RegistryError::Garbled("its list of tags cannot be read"))?;
    let mut tags = listed.tags.unwrap_or_default();
    if !tags.iter().all(|tag| is_tag(tag)) {
        return Err(RegistryError::Garbled("its list of tags holds what is no tag"));
    }
    let mut next = next_of(&parts.headers).filter(|last| is_tag(last));
    // Some list all of them whatever they are asked for: then the pages are made here.
    let is_whole = limit.is_some_and(|n| tags.len() > n as usize) || last.is_some_and(|last| tags.iter().any(|tag| tag.as_str() <= last));
    if next.is_none() {
        // Some list them in no order.
        tags.sort_unstable();
    }
    if is_whole && next.is_none() {
        tags.retain(|tag| last.is_none_or(|last| tag.as_str() > last));
        if let Some(n) = limit.map(|n| n as usize).filter(|n| tags.len() > *n) {
            tags.truncate(n);
            next = tags.last().cloned();
        }
    }
    Ok(Listed { names: tags, next, goes_on: goes_on(&parts.headers) })
}

/// The tags of a repository, up to `most`. Whoever asks sets the deadline of the whole.
///
/// # Errors
/// As of [`tags`].
pub async fn all_tags(registry: &Registry, permit: &Permit, repository: &str, most: usize) -> Result<Names, RegistryError> {
    let mut found = BTreeSet::new();
    let mut last: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let listed = tags(registry, permit, repository, None, last.as_deref()).await?;
        let (before, next, goes_on) = (found.len(), listed.behind(), listed.goes_on);
        found.extend(listed.names);
        match next {
            None => return Ok(cut(found, most, !goes_on)),
            Some(next) if found.len() > before && found.len() <= most => last = Some(next),
            // A page that brings nothing new is no way to the end of them.
            Some(_) => break,
        }
    }
    Ok(cut(found, most, false))
}

fn cut(found: BTreeSet<String>, most: usize, is_complete: bool) -> Names {
    let is_complete = is_complete && found.len() <= most;
    Names { names: found.into_iter().take(most).collect(), is_complete }
}

/// A page of what names `digest` as its subject; `query` narrows and turns the page.
///
/// # Errors
/// When the registry does not know them, or its list is none.
pub async fn referrers(
    registry: &Registry,
    permit: &Permit,
    repository: &str,
    digest: &str,
    query: &[(&str, String)],
) -> Result<Referring, RegistryError> {
    let mut ask = ask(format!("/v2/{repository}/referrers/{digest}"), query, format!("repository:{repository}:pull"));
    ask.headers.insert(header::ACCEPT, HeaderValue::from_static(OCI_INDEX));
    let answer = registry.send(permit, ask).await?;
    let (parts, body) = granted(answer, LARGEST_LIST).await?;
    if one(&parts.headers, header::CONTENT_TYPE.as_str()).and_then(kind) != Some(OCI_INDEX) {
        return Err(RegistryError::Garbled("its list of referrers is no index"));
    }
    judge(OCI_INDEX, &body).map_err(|_| RegistryError::Garbled("its list of referrers is no index"))?;
    let is_filtered = one(&parts.headers, "oci-filters-applied") == Some("artifactType");
    Ok(Referring { body, next: next_of(&parts.headers), is_filtered })
}

/// A page of the repositories that a registry has, behind `last`. What is no repository's name is left out.
///
/// # Errors
/// When the registry has no catalog, or what it has is none.
pub async fn catalog(registry: &Registry, permit: &Permit, last: Option<&str>) -> Result<Listed, RegistryError> {
    let mut query = vec![("n", MOST.to_string())];
    query.extend(last.map(|last| ("last", last.to_owned())));
    let answer = registry.send(permit, ask("/v2/_catalog".to_owned(), &query, "registry:catalog:*".to_owned())).await?;
    let (parts, body) = granted(answer, LARGEST_LIST).await?;
    let listed: Catalog = serde_json::from_slice(&body).map_err(|_| RegistryError::Garbled("its catalog cannot be read"))?;
    let names = listed.repositories.unwrap_or_default().into_iter().filter(|name| is_repository_name(name)).collect();
    let next = next_of(&parts.headers).filter(|next| Some(next.as_str()) != last);
    Ok(Listed { names, next, goes_on: goes_on(&parts.headers) })
}

/// The repositories of a registry that are picked, up to `most`. Whoever asks sets the deadline of the whole.
///
/// # Errors
/// As of [`catalog`].
pub async fn all_repositories(registry: &Registry, permit: &Permit, most: usize, picks: impl Fn(&str) -> bool) -> Result<Names, RegistryError> {
    let mut found = BTreeSet::new();
    let mut last: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let listed = catalog(registry, permit, last.as_deref()).await?;
        let (next, goes_on) = (listed.behind(), listed.goes_on);
        found.extend(listed.names.into_iter().filter(|name| picks(name)));
        match next {
            None => return Ok(cut(found, most, !goes_on)),
            Some(next) if found.len() <= most && last.as_ref() != Some(&next) => last = Some(next),
            Some(_) => break,
        }
    }
    Ok(cut(found, most, false))
}

/// Up to `most` repositories of a registry that a permit reaches, behind `last`.
///
/// # Errors
/// As of [`catalog`].
pub async fn repositories(registry: &Registry, permit: &Permit, mut last: Option<String>, most: usize) -> Result<Vec<String>, RegistryError> {
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let Listed { names, next, .. } = catalog(registry, permit, last.as_deref()).await?;
        let behind = names.into_iter().filter(|name| last.as_ref().is_none_or(|last| name > last));
        found.extend(behind.filter(|name| permit.reach().includes_repository(name)));
        match next {
            Some(next) if found.len() < most => last = Some(next),
            _ => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_list_is_behind_the_last_name_where_the_link_says_it_otherwise() {
        let behind =
            |next: Option<&str>, goes_on| Listed { names: vec!["a".to_owned(), "b".to_owned()], next: next.map(str::to_owned), goes_on }.behind();
        assert_eq!((behind(Some("x"), true).as_deref(), behind(None, true).as_deref(), behind(None, false)), (Some("x"), Some("b"), None));
        let mut headers = HeaderMap::new();
        assert!(!goes_on(&headers));
        headers.insert("link", "</v2/x/tags/list?next_page=t>; rel=\"next\"".parse().unwrap());
        assert!(goes_on(&headers) && next_of(&headers).is_none());
    }

    #[test]
    fn the_next_page_is_where_the_link_says() {
        let next = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().unwrap());
            next_of(&headers)
        };
        assert_eq!(next("</v2/_catalog?last=a%2Fb&n=1000>; rel=\"next\"").as_deref(), Some("a/b"));
        assert_eq!((next("</v2/_catalog?n=1000>; rel=\"next\""), next("</v2/_catalog?last=a>; rel=\"prev\""), next("?last=a")), (None, None, None));
    }
}
