//! What a handler that changes something answers with: the answer, and what it changed, for the trail.

use axum::Json;
use pilothouse_app::api::Empty;
use serde::Serialize;

use crate::audit::{Changed, between};

/// Something was made, which is the answer. Not for what holds a secret.
pub fn made<T: Serialize>(thing: T) -> Changed<Json<T>> {
    Changed::new(between(None, Some(&thing)), Json(thing))
}

/// Something was changed; what it is now is the answer.
pub fn altered<T: Serialize>(before: &T, after: T) -> Changed<Json<T>> {
    Changed::new(between(Some(before), Some(&after)), Json(after))
}

/// Something was removed.
pub fn removed<T: Serialize>(before: &T) -> Changed<Json<Empty>> {
    Changed::new(between(Some(before), None), Json(Empty {}))
}
