//! Values over time: a chart with a crosshair, and the same numbers as a table behind it.

use js_sys::{Array, Function, Object, Reflect};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};

use super::time::exact;
use crate::assets;

/// Nothing was measured between two points further apart than this: the line has a gap there.
const GAP_MS: i64 = 30_000;
/// So many rows are read; more of them only make the table long.
const MOST_ROWS: usize = 60;

/// What was measured at one time, a value a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Milliseconds since the epoch.
    pub at: i64,
    pub values: Vec<f64>,
}

/// How the numbers of a chart are read.
#[derive(Clone, Copy)]
pub struct Scale {
    /// As `chart.js` knows it: `bytes`, `bytes/s`, `percent`.
    pub unit: &'static str,
    pub text: fn(f64) -> String,
}

/// A chart of `points`, oldest first. All charts of a page share their crosshair.
#[component]
pub fn Chart(
    /// What is measured: `CPU`.
    title: &'static str,
    series: &'static [&'static str],
    scale: Scale,
    #[prop(into)] points: Signal<Vec<Point>>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let plot = RwSignal::new(None::<Plot>);
    Effect::new(move || {
        let Some(node) = node.get() else { return };
        assets::style("chart.css");
        spawn_local(async move {
            let made = Plot::create(&node, series, scale.unit).await;
            // A page that was left meanwhile drops it again.
            let _ = plot.try_set(made);
        });
    });
    Effect::new(move || {
        plot.with(|plot| {
            if let Some(plot) = plot {
                points.with(|points| plot.show(points, series.len()));
            }
        });
    });
    let now = move || {
        let last = points.with(|points| points.last().map(|point| point.values.clone()))?;
        let one = |(index, (name, value)): (usize, (&&str, f64))| {
            // With several, this is the legend too.
            let name = (series.len() > 1)
                .then(|| view! { <i class="series" data-series=(index + 1).to_string() aria-hidden="true"></i>{format!("{name} ")} });
            view! { <span>{name}<strong>{(scale.text)(value)}</strong></span> }
        };
        Some(series.iter().zip(last).enumerate().map(one).collect_view())
    };
    let open = RwSignal::new(false);
    view! {
        <section class="chart-card card">
            <header>
                <h2>{title}</h2>
                <p class="now">{now}</p>
            </header>
            <div class="chart" node_ref=node role="img" aria-label=format!("{title} over time. The numbers are in the table below.")></div>
            <details on:toggle:target=move |event| open.set(event.target().has_attribute("open"))>
                <summary>"As a table"</summary>
                <Show when=move || open.get()>
                    <Numbers title=title series=series scale=scale points=points/>
                </Show>
            </details>
        </section>
    }
    .into_any()
}

/// The last points, newest first.
#[component]
fn Numbers(title: &'static str, series: &'static [&'static str], scale: Scale, points: Signal<Vec<Point>>) -> impl IntoView {
    let heads = series.iter().map(|name| view! { <th scope="col" class="number">{*name}</th> }).collect_view();
    let row = move |point: &Point| {
        let cells = point.values.iter().map(|value| view! { <td class="number">{(scale.text)(*value)}</td> }).collect_view();
        view! { <tr><td>{exact(point.at)}</td>{cells}</tr> }
    };
    view! {
        <div class="table-box numbers" tabindex="0" role="region" aria-label=format!("{title} as a table")>
            <table class="table dense">
                <thead><tr><th scope="col">"Time"</th>{heads}</tr></thead>
                <tbody>{move || points.with(|points| points.iter().rev().take(MOST_ROWS).map(row).collect_view())}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A chart of `chart.js`; it goes when this is dropped.
struct Plot(SendWrapper<Object>);

impl Plot {
    async fn create(node: &JsValue, series: &[&str], unit: &str) -> Option<Self> {
        let module = assets::module("chart.js").await?;
        let series: Vec<_> = series.iter().map(|label| json!({ "label": label, "fill": series.len() == 1 })).collect();
        let options = json!({ "series": series, "unit": unit, "height": 160, "sync": "page" }).to_string();
        let create: Function = Reflect::get(&module, &"create".into()).ok()?.dyn_into().ok()?;
        let plot = create.call2(&JsValue::NULL, node, &js_sys::JSON::parse(&options).ok()?).ok()?;
        Some(Self(SendWrapper::new(plot.dyn_into().ok()?)))
    }

    fn show(&self, points: &[Point], series: usize) {
        let data: Array = columns(points, series).into_iter().map(|column| column.into_iter().map(number).collect::<Array>()).collect();
        self.call("setData", &data);
    }

    fn call(&self, method: &str, argument: &JsValue) {
        if let Some(method) = Reflect::get(&self.0, &method.into()).ok().and_then(|m| m.dyn_into::<Function>().ok()) {
            // A chart that fails leaves the table.
            let _ = method.call1(&self.0, argument);
        }
    }
}

impl Drop for Plot {
    fn drop(&mut self) {
        self.call("destroy", &JsValue::UNDEFINED);
    }
}

fn number(value: f64) -> JsValue {
    if value.is_finite() { value.into() } else { JsValue::NULL }
}

/// The times in seconds, then the values of each series; not-a-number where there is a gap.
fn columns(points: &[Point], series: usize) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(points.len()); series + 1];
    let mut before: Option<i64> = None;
    for point in points {
        if before.is_some_and(|before| point.at - before > GAP_MS) {
            push(&mut columns, (point.at - 1) as f64 / 1000.0, &[]);
        }
        push(&mut columns, point.at as f64 / 1000.0, &point.values);
        before = Some(point.at);
    }
    columns
}

fn push(columns: &mut [Vec<f64>], at: f64, values: &[f64]) {
    let mut row = std::iter::once(at).chain(values.iter().copied());
    for column in columns {
        column.push(row.next().unwrap_or(f64::NAN));
    }
}

#[cfg(test)]
mod tests {
    use super::{Point, columns};

    fn point(at: i64, values: &[f64]) -> Point {
        Point { at, values: values.to_vec() }
    }

    #[test]
    fn values_stand_under_their_times() {
        let data = columns(&[point(1000, &[1.0, 2.0]), point(2000, &[3.0, 4.0])], 2);
        assert_eq!(data, [[1.0, 2.0], [1.0, 3.0], [2.0, 4.0]]);
        assert_eq!(columns(&[], 1), [[0.0; 0], [0.0; 0]]);
    }

    #[test]
    fn where_nothing_was_measured_there_is_a_gap() {
        let data = columns(&[point(1000, &[1.0]), point(61_000, &[2.0])], 1);
        let shown: Vec<bool> = data.last().map(|values| values.iter().map(|v| v.is_nan()).collect()).unwrap_or_default();
        assert_eq!(shown, [false, true, false]);
    }

    #[test]
    fn a_missing_value_is_a_gap_too() {
        let data = columns(&[point(1000, &[])], 1);
        assert!(data.last().is_some_and(|values| values.iter().all(|v| v.is_nan())));
    }
}
