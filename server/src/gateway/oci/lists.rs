//! Lists: tags, referrers, and the catalog of all that one may pull. None is longer than a page.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde::Deserialize;

use super::{
    answer::{self, LARGEST_LIST, PROMPT, one, put, whole},
    classify::{Classified, MOST},
    door::{Body, Caller, RegistryDoor, settle},
    judge::{OCI_INDEX, judge, kind},
    refusal::{Code, Refusal},
};
use crate::{
    access::{Operation, Permission, Permit, is_repository_name, is_tag},
    backends::oci::{Ask, Registry, Said, full},
    clock::now_ms,
    operate::Begun,
};

/// How many pages of a registry's catalog are read for one of ours.
const PAGES: usize = 50;

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
    Ask {
        method: Method::GET,
        path: if text.is_empty() { path } else { format!("{path}?{text}") },
        headers: HeaderMap::new(),
        body: Said::Bytes(Bytes::new()),
        scopes: vec![scope],
        deadline: PROMPT,
    }
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

/// A page, and the way to the next.
fn page(body: String, media: &str, next: Option<(&str, u32, &str)>) -> Response<Body> {
    let mut response = Response::new(full(body.into()));
    put(response.headers_mut(), "content-type", media);
    if let Some((path, n, last)) = next {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("n", &n.to_string()).append_pair("last", last).finish();
        put(response.headers_mut(), "link", &format!("<{path}?{query}>; rel=\"next\""));
    }
    response
}

impl RegistryDoor {
    pub(super) async fn tag_list(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { permit, entry, .. } = self.begin(caller, asked, None).await?;
        let result = self.tags(&permit, asked).await;
        settle(entry, result)
    }

    async fn tags(&self, permit: &Permit, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let (limit, last) = (asked.limit()?, asked.asked("last"));
        if last.is_some_and(|last| !is_tag(last)) {
            return Err(Refusal::bad(Code::TagInvalid, "last is the last tag of the page before."));
        }
        let registry = self.registry(asked)?;
        let mut query = Vec::new();
        query.extend(limit.filter(|n| *n > 0).map(|n| ("n", n.to_string())));
        query.extend(last.map(|last| ("last", last.to_owned())));
        let repository = &asked.repository;
        let answer = registry.send(permit, ask(format!("/v2/{repository}/tags/list"), &query, format!("repository:{repository}:pull"))).await?;
        if answer.response.status() != StatusCode::OK {
            return Err(answer::refused(answer, Code::NameUnknown).await);
        }
        let (parts, body) = whole(answer, LARGEST_LIST).await?;
        let listed: Tags = serde_json::from_slice(&body).map_err(|_| Refusal::garbled("its list of tags cannot be read"))?;
        let mut tags = listed.tags.unwrap_or_default();
        if !tags.iter().all(|tag| is_tag(tag)) {
            return Err(Refusal::garbled("its list of tags holds what is no tag"));
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
        let name = format!("{}/{repository}", asked.registry);
        let body = serde_json::json!({ "name": name, "tags": tags }).to_string();
        let path = format!("/v2/{name}/tags/list");
        Ok(page(body, "application/json", next.as_deref().map(|last| (path.as_str(), limit.unwrap_or(MOST), last))))
    }

    pub(super) async fn referrers(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { permit, entry, .. } = self.begin(caller, asked, Some(&asked.reference)).await?;
        let result = self.referrers_of(&permit, asked).await;
        settle(entry, result)
    }

    async fn referrers_of(&self, permit: &Permit, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let registry = self.registry(asked)?;
        let (limit, repository) = (asked.limit()?, &asked.repository);
        let mut query = Vec::new();
        query.extend(asked.asked("artifactType").map(|media| ("artifactType", media.chars().take(255).collect::<String>())));
        query.extend(limit.map(|n| ("n", n.to_string())));
        query.extend(asked.asked("last").map(|last| ("last", last.chars().take(255).collect::<String>())));
        let mut ask = ask(format!("/v2/{repository}/referrers/{}", asked.reference), &query, format!("repository:{repository}:pull"));
        ask.headers.insert(header::ACCEPT, HeaderValue::from_static(OCI_INDEX));
        let answer = registry.send(permit, ask).await?;
        if answer.response.status() != StatusCode::OK {
            return Err(answer::refused(answer, Code::Unsupported).await);
        }
        let (parts, body) = whole(answer, LARGEST_LIST).await?;
        if one(&parts.headers, "content-type").and_then(kind) != Some(OCI_INDEX) {
            return Err(Refusal::garbled("its list of referrers is no index"));
        }
        judge(OCI_INDEX, &body).map_err(|_| Refusal::garbled("its list of referrers is no index"))?;
        let text = String::from_utf8(body.to_vec()).map_err(|_| Refusal::garbled("its list of referrers is no text"))?;
        let next = next_of(&parts.headers);
        let path = format!("/v2/{}/{repository}/referrers/{}", asked.registry, asked.reference);
        let mut response = page(text, OCI_INDEX, next.as_deref().map(|last| (path.as_str(), limit.unwrap_or(MOST), last)));
        if one(&parts.headers, "oci-filters-applied") == Some("artifactType") {
            put(response.headers_mut(), "oci-filters-applied", "artifactType");
        }
        Ok(response)
    }

    /// The repositories of every registry that may be pulled from, each by the name that it has here.
    pub(super) async fn catalog(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let Begun { entry, .. } = self.begin(caller, asked, None).await?;
        let result = self.all_repositories(caller, asked).await;
        settle(entry, result)
    }

    async fn all_repositories(&self, caller: &Caller, asked: &Classified) -> Result<Response<Body>, Refusal> {
        let n = asked.limit()?.unwrap_or(MOST);
        let most = n as usize;
        let (from, behind) = match asked.asked("last").map(|last| last.split_once('/').unwrap_or((last, ""))) {
            Some((registry, repository)) => (registry.to_owned(), Some(repository.to_owned()).filter(|name| is_repository_name(name))),
            None => (String::new(), None),
        };
        let mut found: Vec<String> = Vec::new();
        let mut silent: Vec<String> = Vec::new();
        let policy = self.operator.policy();
        for registry in self.registries.list().into_iter().filter(|registry| registry.name.as_str() >= from.as_str()) {
            if found.len() > most {
                break;
            }
            let mut operation = Operation::on_registry("Catalog", Permission::RepositoryPull, &registry.name, "");
            operation.place = crate::access::Place::Catalog;
            if !self.operator.may(&caller.who, &operation) {
                continue;
            }
            let Ok(permit) = policy.decide(&caller.who.subject, operation, now_ms()) else { continue };
            let last = behind.clone().filter(|_| registry.name == from);
            match repositories(&registry, &permit, last, most + 1 - found.len()).await {
                Ok(names) => found.extend(names.into_iter().map(|name| format!("{}/{name}", registry.name))),
                Err(_) => silent.push(registry.name.clone()),
            }
        }
        let next = (found.len() > most && most > 0).then(|| {
            found.truncate(most);
            found.last().cloned().unwrap_or_default()
        });
        found.truncate(most);
        let body = serde_json::json!({ "repositories": found }).to_string();
        let mut response = page(body, "application/json", next.as_deref().map(|last| ("/v2/_catalog", n, last)));
        if !silent.is_empty() {
            // What is missing is missing aloud.
            put(response.headers_mut(), "warning", &format!("199 pilothouse \"not listed, since they did not answer: {}\"", silent.join(" ")));
        }
        Ok(response)
    }
}

/// Up to `most` repositories of a registry that a permit reaches, behind `last`.
async fn repositories(registry: &Registry, permit: &Permit, mut last: Option<String>, most: usize) -> Result<Vec<String>, Refusal> {
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let mut query = vec![("n", MOST.to_string())];
        query.extend(last.clone().map(|last| ("last", last)));
        let answer = registry.send(permit, ask("/v2/_catalog".to_owned(), &query, "registry:catalog:*".to_owned())).await?;
        if answer.response.status() != StatusCode::OK {
            return Err(answer::refused(answer, Code::Unsupported).await);
        }
        let (parts, body) = whole(answer, LARGEST_LIST).await?;
        let listed: Catalog = serde_json::from_slice(&body).map_err(|_| Refusal::garbled("its catalog cannot be read"))?;
        let names = listed.repositories.unwrap_or_default();
        let next = next_of(&parts.headers);
        let seen = names.into_iter().filter(|name| is_repository_name(name) && last.as_ref().is_none_or(|last| name > last));
        found.extend(seen.filter(|name| permit.reach().includes_repository(name)));
        match next {
            Some(next) if found.len() < most && last.as_ref() != Some(&next) => last = Some(next),
            _ => break,
        }
    }
    found.truncate(most);
    Ok(found)
}
