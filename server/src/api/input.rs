//! Reading what a request brings, with errors in our own words.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Query, Request},
};
use http::request::Parts;
use pilothouse_app::api::{Code, Problem};
use serde::de::DeserializeOwned;

use super::ApiError;

/// Larger bodies are refused, in bytes. Nothing that the contract takes comes near it.
const LARGEST: usize = 256 * 1024;

/// The JSON body of a request. No body counts as `{}`.
pub struct Input<T>(pub T);

/// The query of a request.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = request.headers().get(http::header::CONTENT_TYPE).is_none_or(|value| {
            let media = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            media.trim().eq_ignore_ascii_case("application/json")
        });
        if !json {
            return Err(ApiError::new(Code::InvalidInput, "The body must be application/json."));
        }
        let read = tokio::time::timeout(std::time::Duration::from_secs(30), axum::body::to_bytes(request.into_body(), LARGEST));
        let bytes = match read.await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return Err(ApiError::new(Code::TooLarge, "The body broke off, or is larger than 256 KiB.")),
            Err(_) => return Err(ApiError::new(Code::InvalidInput, "The body did not come in time.")),
        };
        let _ = state;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let Json(input) = Json::<T>::from_bytes(text).map_err(|rejection| {
            ApiError(Problem::new(Code::InvalidInput, "The body cannot be read.").detail(rejection.body_text()))
        })?;
        Ok(Self(input))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        let Query(asked) = read.map_err(|rejection| ApiError(Problem::new(Code::InvalidInput, "The query cannot be read.").detail(rejection.body_text())))?;
        Ok(Self(asked))
    }
}
