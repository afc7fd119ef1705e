//! Lists: tags, referrers, and the catalog of all that one may pull. None is longer than a page.

use std::time::{Duration, Instant};

use http::Response;

use super::{
    answer::{self, put},
    classify::{Classified, MOST},
    door::{Body, Caller, RegistryDoor, settle},
    refusal::{Code, Refusal},
};
use crate::{
    access::{Operation, Permission, Permit, is_repository_name, is_tag},
    backends::oci::{
        full,
        judge::OCI_INDEX,
        lists::{self, Listed},
    },
    clock::now_ms,
    operate::Begun,
};

/// How long one registry has to say what repositories it has, and how long all of them have.
const PATIENCE: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(30);

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
        // A list without a bound is one page, too.
        let (limit, last) = (asked.limit()?.unwrap_or(MOST), asked.asked("last"));
        if last.is_some_and(|last| !is_tag(last)) {
            return Err(Refusal::bad(Code::TagInvalid, "last is the last tag of the page before."));
        }
        let registry = self.registry(asked)?;
        let repository = &asked.repository;
        let listed = lists::tags(&registry, permit, repository, Some(limit), last).await;
        let Listed { names, next, .. } = listed.map_err(|error| answer::failed(error, Code::NameUnknown))?;
        let name = format!("{}/{repository}", asked.registry);
        let body = serde_json::json!({ "name": name, "tags": names }).to_string();
        let path = format!("/v2/{name}/tags/list");
        Ok(page(body, "application/json", next.as_deref().map(|last| (path.as_str(), limit, last))))
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
        let found = lists::referrers(&registry, permit, repository, &asked.reference, &query).await;
        let found = found.map_err(|error| answer::failed(error, Code::Unsupported))?;
        let text = String::from_utf8(found.body.to_vec()).map_err(|_| Refusal::garbled("its list of referrers is no text"))?;
        let path = format!("/v2/{}/{repository}/referrers/{}", asked.registry, asked.reference);
        let mut response = page(text, OCI_INDEX, found.next.as_deref().map(|last| (path.as_str(), limit.unwrap_or(MOST), last)));
        if found.is_filtered {
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
        let begun = Instant::now();
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
            let patience = ALL.saturating_sub(begun.elapsed()).min(PATIENCE);
            match tokio::time::timeout(patience, lists::repositories(&registry, &permit, last, most + 1 - found.len())).await {
                Ok(Ok(names)) => found.extend(names.into_iter().map(|name| format!("{}/{name}", registry.name))),
                Ok(Err(_)) | Err(_) => silent.push(registry.name.clone()),
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
