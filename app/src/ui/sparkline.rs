//! A small line of recent values, without axes.

use leptos::prelude::*;

/// Draws `values`, oldest first, from zero to `most` or to their own greatest.
#[component]
pub fn Sparkline(
    #[prop(into)] values: Signal<Vec<f64>>,
    /// What the line shows, in words: `CPU over the last quarter of an hour`.
    #[prop(into)]
    label: Signal<String>,
    #[prop(optional)] most: Option<f64>,
) -> impl IntoView {
    let line = move || values.with(|values| points(values, most));
    let area = move || {
        let line = line();
        if line.is_empty() { line } else { format!("0,24 {line} 100,24") }
    };
    view! {
        <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=move || label.get()>
            <polygon points=area></polygon>
            <polyline points=line></polyline>
        </svg>
    }
    .into_any()
}

/// The points of the line in a box of 100 by 24.
fn points(values: &[f64], most: Option<f64>) -> String {
    // One value alone is a level, not a slope.
    let values = if let [only] = values { &[*only, *only] } else { values };
    let clean = |value: &f64| if value.is_finite() { value.max(0.0) } else { 0.0 };
    let top = most.unwrap_or_else(|| values.iter().map(clean).fold(0.0, f64::max)).max(f64::EPSILON);
    let step = 100.0 / values.len().saturating_sub(1).max(1) as f64;
    let point = |(index, value): (usize, &f64)| format!("{:.1},{:.1}", index as f64 * step, 23.0 - 22.0 * (clean(value) / top).min(1.0));
    values.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn the_line_fills_its_box() {
        assert_eq!(points(&[0.0, 5.0, 10.0], None), "0.0,23.0 50.0,12.0 100.0,1.0");
        assert_eq!(points(&[0.0, 0.0], None), "0.0,23.0 100.0,23.0");
        assert_eq!(points(&[50.0, 200.0], Some(100.0)), "0.0,12.0 100.0,1.0");
    }

    #[test]
    fn odd_values_draw_nothing_odd() {
        assert_eq!(points(&[], None), "");
        assert_eq!(points(&[3.0], None), "0.0,1.0 100.0,1.0");
        assert_eq!(points(&[f64::NAN, -3.0, f64::INFINITY], None), "0.0,23.0 50.0,23.0 100.0,23.0");
    }
}
