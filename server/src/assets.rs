//! The built browser half: files with a hash in their name, listed in a manifest. Only what was there at the start is served.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{Path as PathPart, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// The files of one build.
#[derive(Clone, Default)]
pub struct AssetFiles {
    pub manifest: Arc<Manifest>,
    files: Arc<BTreeMap<String, File>>,
}

/// What the build says of its files.
#[derive(Default, serde::Deserialize)]
pub struct Manifest {
    /// From the plain name, such as `app.css`, to the hashed one.
    pub files: BTreeMap<String, String>,
    /// From the name of a part of the console to the plain names of its modules.
    pub parts: BTreeMap<String, Vec<String>>,
}

struct File {
    path: PathBuf,
    media: &'static str,
    brotli: Option<PathBuf>,
}

impl AssetFiles {
    /// Reads the manifest and the list of files in `dir`.
    ///
    /// # Errors
    /// One sentence that says what is missing.
    pub fn open(dir: &Path) -> Result<Self, String> {
        let manifest = dir.join("manifest.json");
        let text = std::fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}. Build the browser half with `make web`.", manifest.display()))?;
        let manifest = serde_json::from_str(&text).map_err(|e| format!("{}: {e}.", manifest.display()))?;
        let assets = dir.join("assets");
        let mut files = BTreeMap::new();
        let listed = std::fs::read_dir(&assets).map_err(|e| format!("{}: {e}.", assets.display()))?;
        for path in listed.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(".br") {
                continue;
            }
            let brotli = path.with_file_name(format!("{name}.br"));
            files.insert(name.to_owned(), File { media: media(name), brotli: brotli.exists().then_some(brotli), path: path.clone() });
        }
        Ok(Self { manifest: Arc::new(manifest), files: Arc::new(files) })
    }

    /// The address of a file by its plain name; empty when this build has none.
    pub fn url(&self, name: &str) -> String {
        self.manifest.files.get(name).map(|hashed| format!("/assets/{hashed}")).unwrap_or_default()
    }

    pub fn routes(self) -> Router {
        Router::new().route("/assets/{name}", get(file)).with_state(self)
    }
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

async fn file(State(assets): State<AssetFiles>, PathPart(name): PathPart<String>, headers: HeaderMap) -> Response {
    let Some(file) = assets.files.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let takes_brotli =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.split(',').any(|c| c.trim() == "br"));
    let (path, encoded) = match &file.brotli {
        Some(path) if takes_brotli => (path, true),
        _ => (&file.path, false),
    };
    let Ok(bytes) = tokio::fs::read(path).await else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = Response::new(Body::from(bytes));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if encoded {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}
