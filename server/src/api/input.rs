//! Reading what a request brings, with errors in our own words. What nobody asked for is a mistake, not a comment: a field
//! that is misspelt must not be lost in silence.

use std::time::Duration;

use axum::{
    RequestPartsExt,
    extract::{FromRequest, FromRequestParts, Path, Request},
};
use http::{header, request::Parts};
use pilothouse_app::api::{Code, Problem};
use serde::{Deserializer, de::DeserializeOwned};

use super::ApiError;

/// Larger bodies are refused, in bytes. Nothing that the contract takes comes near it.
const LARGEST: usize = 256 * 1024;
/// The same for what holds a whole file, escaped.
const LARGEST_FILE: usize = 16 * 1024 * 1024;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The JSON body of a request. No body counts as `{}`.
pub struct Input<T>(pub T);

/// The query of a request.
pub struct Asked<T>(pub T);

/// The names that stand in a request's path.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        json(request, LARGEST, "256 KiB").await.map(Self)
    }
}

/// The JSON body of a request that holds a whole file. Call it inside the action: of somebody who may not, nothing is read.
pub async fn with_file<T: DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    json(request, LARGEST_FILE, "16 MiB").await
}

/// Reads a body of at most `most` bytes, which are `named` so.
async fn json<T: DeserializeOwned>(request: Request, most: usize, named: &str) -> Result<T, ApiError> {
    let json = request.headers().get(header::CONTENT_TYPE).is_none_or(|value| {
        let media = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        media.trim().eq_ignore_ascii_case("application/json")
    });
    if !json {
        return Err(ApiError::new(Code::InvalidInput, "The body must be application/json."));
    }
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    if encodings.iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::new(Code::InvalidInput, "The body must not be compressed."));
    }
    let bytes = match tokio::time::timeout(PATIENCE, axum::body::to_bytes(request.into_body(), most)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(ApiError::new(Code::TooLarge, format!("The body broke off, or is larger than {named}."))),
        Err(_) => return Err(ApiError::new(Code::InvalidInput, "The body did not come in time.")),
    };
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    let mut json = serde_json::Deserializer::from_slice(text);
    let input = read("body", &mut json)?;
    json.end().map_err(|error| unreadable("body", "", &error))?;
    Ok(input)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        read("query", serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()))).map(Self)
    }
}

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extract::<Path<T>>().await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(why) => Err(ApiError(Problem::new(Code::InvalidInput, "The path cannot be read.").detail(why.body_text()))),
        }
    }
}

/// Reads the whole of it, and no field more than `T` has.
fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(place: &str, from: D) -> Result<T, ApiError> {
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let from = serde_path_to_error::Deserializer::new(from, &mut track);
    let read = serde_ignored::deserialize(from, |path| {
        // An optional thing on the way is shown as `?`: no name of anything.
        unknown.get_or_insert_with(|| path.to_string().replace(".?", ""));
    });
    let value = read.map_err(|error| unreadable(place, &track.path().to_string(), &error))?;
    match unknown {
        None => Ok(value),
        Some(field) => Err(ApiError::field(&field, format!("The {place} has a field that is not known here: {}.", field.escape_debug()))),
    }
}

fn unreadable(place: &str, field: &str, why: &impl std::fmt::Display) -> ApiError {
    let problem = Problem::new(Code::InvalidInput, format!("The {place} cannot be read.")).detail(why.to_string());
    // A path of `.` is the whole.
    ApiError(if matches!(field, "" | "." | "?") { problem } else { problem.field(field) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pilothouse_app::api::{
        Empty, ListQuery,
        containers::{RemoveInput, StopInput},
        engines::EngineInput,
    };

    fn body<T: DeserializeOwned>(text: &str) -> Result<T, Option<String>> {
        read("body", &mut serde_json::Deserializer::from_str(text)).map_err(|error| error.0.field)
    }

    fn query<T: DeserializeOwned>(text: &str) -> Result<T, Option<String>> {
        read("query", serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()))).map_err(|error| error.0.field)
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(body::<StopInput>(r#"{"timeout_s":5}"#).map(|input| input.timeout_s), Ok(Some(5)));
        assert_eq!(body::<StopInput>(r#"{"timeout_s":"5"}"#).unwrap_err().as_deref(), Some("timeout_s"));
        assert_eq!(body::<StopInput>(r#"{"timeout":5}"#).unwrap_err().as_deref(), Some("timeout"));
        assert_eq!(body::<StopInput>("[").unwrap_err(), None);
        let nested = r#"{"name":"a","url":"b","tls":{"ca":"","cert":"","key":"","password":""}}"#;
        assert_eq!(body::<EngineInput>(nested).unwrap_err().as_deref(), Some("tls.password"));
        assert_eq!(body::<Empty>(r#"{"force":true}"#).unwrap_err().as_deref(), Some("force"));
    }

    #[test]
    fn a_query_is_read_alike() {
        assert_eq!(query::<RemoveInput>("force=true").map(|input| (input.force, input.volumes)), Ok((true, false)));
        assert_eq!(query::<ListQuery>("limit=x").unwrap_err().as_deref(), Some("limit"));
        assert_eq!(query::<ListQuery>("limit=5&page=2").unwrap_err().as_deref(), Some("page"));
        assert_eq!(query::<ListQuery>("filter=a%20b").map(|asked| asked.filter), Ok(Some("a b".to_owned())));
        assert_eq!(query::<Empty>(""), Ok(Empty {}));
    }
}
