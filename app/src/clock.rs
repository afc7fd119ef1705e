//! The browser's clock.

/// The time now, in milliseconds since the epoch.
pub fn now() -> i64 {
    #[cfg(target_arch = "wasm32")]
    return js_sys::Date::now() as i64;
    #[cfg(not(target_arch = "wasm32"))]
    jiff::Timestamp::now().as_millisecond()
}

/// Waits.
#[cfg(target_arch = "wasm32")]
pub async fn sleep(time: std::time::Duration) {
    let promise = js_sys::Promise::new(&mut |done, _| {
        let ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        // Without a timer there is no waiting: go on at once.
        if leptos::prelude::window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms).is_err() {
            drop(done.call0(&wasm_bindgen::JsValue::NULL));
        }
    });
    drop(wasm_bindgen_futures::JsFuture::from(promise).await);
}
