//! The console's door: pages drawn on the server out of the same API that browsers call, then taken over by the browser.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body_util::{BodyExt, Limited};
use leptos::prelude::provide_context;
use pilothouse_app::{
    App, Assets,
    api::{Code, Problem},
    client::{Client, Reply, Transport},
    shell,
};
use tower::ServiceExt;

use crate::{
    assets::{AssetFiles, Manifest},
    authn::{Origin, Principal},
};

/// How long a page waits for one answer of the API before it is drawn without. The browser asks again by itself.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest answer of the API that a page is drawn from.
const LARGEST: usize = 8 * 1024 * 1024;
/// What is shown to who has not signed in.
const PUBLIC: [&str; 2] = ["/sign-in", "/setup"];

#[derive(Clone)]
struct Console {
    api: Router,
    assets: Assets,
}

/// The pages that the console has, each under its own path; everything else is the console's own "not found".
pub fn routes(api: Router, files: AssetFiles) -> Router {
    if files.manifest.files.is_empty() {
        return Router::new().fallback(async || {
            (StatusCode::NOT_FOUND, "The console is not part of this build: `make web` builds it, and PILOTHOUSE_CONSOLE_DIR names its folder.\n")
        });
    }
    let console = Console { api, assets: assets(&files) };
    let mut router = Router::new();
    for listed in leptos_axum::generate_route_list(App) {
        router = router.route(listed.path(), get(page));
    }
    router.fallback(not_found).with_state(console).merge(files.routes())
}

fn assets(files: &AssetFiles) -> Assets {
    const OWN: [&str; 3] = ["app.css", "app.js", "app_bg.wasm"];
    let [css, js, wasm] = OWN.map(|name| files.url(name));
    let Manifest { files: names, parts } = &*files.manifest;
    // Modules are loaded by the glue, which knows their names.
    let extra = names.keys().filter(|name| !OWN.contains(&name.as_str()) && !name.ends_with(".wasm"));
    let extra = extra.map(|name| (name.clone(), files.url(name))).collect();
    let parts = parts.iter().map(|(part, modules)| (part.clone(), modules.iter().map(|name| files.url(name)).collect())).collect();
    Assets { css, js, wasm, extra, parts }
}

async fn page(State(console): State<Console>, request: Request) -> Response {
    if request.extensions().get::<Principal>().is_none() && !PUBLIC.contains(&request.uri().path()) {
        return sign_in_first(request.uri());
    }
    console.draw(request).await
}

async fn not_found(State(console): State<Console>, request: Request) -> Response {
    if request.method() != http::Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = console.draw(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Shows the way to the sign-in, and back to where they wanted to go.
fn sign_in_first(wanted: &Uri) -> Response {
    let wanted = wanted.path_and_query().map_or("/", |wanted| wanted.as_str());
    let to = match wanted {
        "/" => "/sign-in".to_owned(),
        wanted => format!("/sign-in?next={}", percent_encoding::utf8_percent_encode(wanted, percent_encoding::NON_ALPHANUMERIC)),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(&to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

impl Console {
    async fn draw(self, request: Request) -> Response {
        let client = Client::new(Arc::new(InProcess {
            api: self.api,
            principal: request.extensions().get::<Principal>().cloned(),
            origin: request.extensions().get::<Origin>().cloned(),
        }));
        let nonce: Arc<OnceLock<String>> = Arc::default();
        let context = {
            let nonce = nonce.clone();
            move || {
                provide_context(client.clone());
                let of_page = leptos::nonce::use_nonce().map(|nonce| nonce.to_string());
                nonce.get_or_init(|| of_page.unwrap_or_default());
            }
        };
        let assets = self.assets;
        let draw = leptos_axum::render_app_async_with_context(context, move || shell(assets.clone()));
        let mut response = draw(request).await;
        let nonce = nonce.get().map_or("", String::as_str);
        if let Ok(policy) = HeaderValue::from_str(&content_policy(nonce)) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// What a page may load and run: our own files, and the two scripts that the server wrote into it.
fn content_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Calls the API without a socket, as the one whose page is drawn.
struct InProcess {
    api: Router,
    principal: Option<Principal>,
    origin: Option<Origin>,
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Vec<u8>>) -> Reply {
        let mut request = request.map(Body::from);
        if let Some(principal) = &self.principal {
            request.extensions_mut().insert(principal.clone());
        }
        if let Some(origin) = &self.origin {
            request.extensions_mut().insert(origin.clone());
        }
        let answer = self.api.clone().oneshot(request);
        Box::pin(async move {
            let whole = async {
                let (parts, body) = answer.await.unwrap_or_else(|never| match never {}).into_parts();
                let body = Limited::new(body, LARGEST).collect().await.map_err(|_| Problem::new(Code::Internal, "The answer could not be read."))?;
                Ok(http::Response::from_parts(parts, body.to_bytes().to_vec()))
            };
            let late = || {
                Problem::new(Code::BackendTimeout, "The answer takes longer than a page can wait.").detail("Load the page again to ask once more.")
            };
            tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(|_| Err(late()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_stands_at_another_door() {
        // Those doors are asked first: a page there could be reached by a link, and would be gone when it is loaded anew.
        const DOORS: [&str; 4] = ["/engines/", "/clusters/", "/api/", "/v2/"];
        let pages: Vec<String> = leptos_axum::generate_route_list(App).iter().map(|page| page.path().to_owned()).collect();
        assert!(pages.iter().any(|page| page == "/engines"), "{pages:?}");
        let wrong: Vec<_> =
            pages.iter().filter(|page| DOORS.iter().any(|door| format!("{page}/").starts_with(door) && page.len() >= door.len())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn whoever_must_sign_in_comes_back() {
        let to = |wanted: &str| sign_in_first(&wanted.parse().unwrap()).headers()[header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(to("/"), "/sign-in");
        assert_eq!(to("/engines/a/containers?filter=b%20c"), "/sign-in?next=%2Fengines%2Fa%2Fcontainers%3Ffilter%3Db%2520c");
    }
}
