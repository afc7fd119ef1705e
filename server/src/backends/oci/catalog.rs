//! The repositories that a registry has, by its catalog, a page at a time.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;

use super::{Ask, Registry, RegistryError, Said};
use crate::access::{Permit, is_repository_name};

/// How many repositories are asked for at once.
const PAGE: &str = "1000";
/// The largest page that is read, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// How long until a page begins to come.
const PROMPT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Listed {
    repositories: Option<Vec<String>>,
}

/// The repositories behind `last` that a permit reaches, and what the next page begins behind. Whoever asks sets the deadline of the whole.
pub async fn page(registry: &Registry, permit: &Permit, last: Option<&str>) -> Result<(Vec<String>, Option<String>), RegistryError> {
    let asked = [("n", PAGE)].into_iter().chain(last.map(|last| ("last", last)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    let ask = Ask {
        method: Method::GET,
        path: format!("/v2/_catalog?{query}"),
        headers: HeaderMap::new(),
        body: Said::Bytes(Bytes::new()),
        scopes: vec!["registry:catalog:*".to_owned()],
        deadline: PROMPT,
    };
    let answer = registry.send(permit, ask).await?;
    if answer.response.status() != StatusCode::OK {
        return Err(RegistryError::Garbled("it does not say which repositories it has"));
    }
    let (head, body) = answer.response.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|_| RegistryError::Garbled("its catalog breaks off, or is too long"))?;
    let listed: Listed = serde_json::from_slice(&body.to_bytes()).map_err(|_| RegistryError::Garbled("its catalog cannot be read"))?;
    let fits = |name: &String| is_repository_name(name) && permit.reach().includes_repository(name);
    let names = listed.repositories.unwrap_or_default().into_iter().filter(fits).collect();
    Ok((names, next(&head.headers).filter(|next| Some(next.as_str()) != last)))
}

/// What the next page begins behind, by `Link`.
fn next(headers: &HeaderMap) -> Option<String> {
    let link = headers.get("link")?.to_str().ok()?;
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    let (_, query) = target.split_once('?').filter(|_| rest.contains("next"))?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "last").map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_where_the_link_says() {
        let next = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().unwrap());
            super::next(&headers)
        };
        assert_eq!(next("</v2/_catalog?last=a%2Fb&n=1000>; rel=\"next\"").as_deref(), Some("a/b"));
        assert_eq!((next("</v2/_catalog?n=1000>; rel=\"next\""), next("</v2/_catalog?last=a>; rel=\"prev\""), next("?last=a")), (None, None, None));
    }
}
