//! Answers that send elsewhere: a blob may lie in a store of its own.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri, header};
use hyper::body::Incoming;
use pilothouse_app::api::registries::Redirects;

use super::{Address, Registry, RegistryError, full};

/// How often a registry may send a request elsewhere.
const HOPS: usize = 3;

impl Registry {
    /// What becomes of an answer that sends elsewhere: a blob may lie in a store of its own. Nothing of ours is shown there.
    pub(super) async fn redirected(
        &self,
        method: &Method,
        mut response: Response<Incoming>,
        headers: &HeaderMap,
        redirects: Redirects,
    ) -> Result<(Response<Incoming>, Option<Uri>), RegistryError> {
        if !method.is_safe() {
            return Err(RegistryError::Redirect("only what is read may lie elsewhere"));
        }
        let mut secure = self.own.https;
        let mut from: Uri = self.own.to_string().parse().map_err(|_| RegistryError::Redirect("it has no address"))?;
        for _ in 0..HOPS {
            let to = location(response.headers(), &from).ok_or(RegistryError::Redirect("it does not say where to"))?;
            let at = Address::of(&to).ok_or(RegistryError::Redirect("it sends to no address"))?;
            if secure && !at.https {
                return Err(RegistryError::Redirect("it sends from https:// to http://"));
            }
            if redirects == Redirects::HandOn {
                return Ok((response, Some(to)));
            }
            secure = at.https;
            let mut plain = HeaderMap::new();
            for name in [header::RANGE, header::ACCEPT] {
                if let Some(value) = headers.get(&name) {
                    plain.insert(name, value.clone());
                }
            }
            response = self.ask(method.clone(), to.clone(), plain, full(Bytes::new())).await?;
            if !response.status().is_redirection() {
                return Ok((response, None));
            }
            from = to;
        }
        Err(RegistryError::Redirect("it sends on and on"))
    }
}

/// Where an answer sends, as an address of its own.
fn location(headers: &HeaderMap, from: &Uri) -> Option<Uri> {
    let text = headers.get(header::LOCATION)?.to_str().ok()?;
    if let Some(rest) = text.strip_prefix("//") {
        return format!("{}://{rest}", from.scheme_str()?).parse().ok();
    }
    if text.starts_with('/') {
        return format!("{}://{}{text}", from.scheme_str()?, from.authority()?).parse().ok();
    }
    text.parse().ok()
}
