//! The browser's own dialog for passkeys, by `passkey.js`. Only in the browser.

use js_sys::{Error, Function, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::assets;

/// Makes a passkey out of what the server sent. On failure: why, in words.
pub async fn make<T: DeserializeOwned>(options: &impl Serialize) -> Result<T, String> {
    ask("make", options).await
}

/// Uses a passkey for what the server sent. On failure: why, in words.
pub async fn use_one<T: DeserializeOwned>(challenge: &impl Serialize) -> Result<T, String> {
    ask("use", challenge).await
}

async fn ask<T: DeserializeOwned>(deed: &str, options: &impl Serialize) -> Result<T, String> {
    let lost = || "The browser's part for passkeys could not be loaded. Load the page again.".to_owned();
    let module = assets::module("passkey.js").await.ok_or_else(lost)?;
    let deed: Function = Reflect::get(&module, &deed.into()).ok().and_then(|deed| deed.dyn_into().ok()).ok_or_else(lost)?;
    let options = serde_json::to_string(options).map_err(|error| error.to_string())?;
    let promise: Promise = deed.call1(&JsValue::NULL, &options.into()).map_err(words)?.dyn_into().map_err(words)?;
    let answer = JsFuture::from(promise).await.map_err(words)?.as_string().unwrap_or_default();
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

fn words(error: JsValue) -> String {
    error.dyn_ref::<Error>().map_or_else(|| "The browser made no passkey.".to_owned(), |error| String::from(error.message()))
}
