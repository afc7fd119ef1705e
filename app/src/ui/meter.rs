//! How much of something is used, as a bar with its number.

use leptos::prelude::*;

/// A number and a bar under it. `share` is from 0 to 1; the bar warns from 0.75 and alarms from 0.9.
#[component]
pub fn Meter(
    #[prop(into)] share: Signal<f64>,
    /// The number, as it is read.
    #[prop(into)]
    text: Signal<String>,
    /// What is measured: `CPU of web-1`.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let value = move || {
        let share = share.get();
        if share.is_finite() { (share.clamp(0.0, 1.0) * 100.0).round() } else { 0.0 }
    };
    let level = move || match value() {
        v if v >= 90.0 => "high",
        v if v >= 75.0 => "raised",
        _ => "normal",
    };
    view! {
        <span class="meter" data-level=level>
            <span class="reading">{move || text.get()}</span>
            <svg
                viewBox="0 0 100 4"
                preserveAspectRatio="none"
                role="meter"
                aria-label=move || label.get()
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || value().to_string()
                aria-valuetext=move || text.get()
            >
                <rect class="track" width="100" height="4"></rect>
                <rect class="fill" width=move || value().to_string() height="4"></rect>
            </svg>
        </span>
    }
    .into_any()
}
