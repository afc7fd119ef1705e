//! A few numbers over all engines.

use leptos::prelude::*;

use crate::api::engines::{Engine, EngineInfo, Health};
use crate::ui::format::{count, grouped};

/// What the engines that answer have together.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sum {
    engines: usize,
    up: usize,
    running: u64,
    paused: u64,
    stopped: u64,
    images: u64,
}

fn sum(engines: &[Engine]) -> Sum {
    let mut sum = Sum { engines: engines.len(), ..Sum::default() };
    let up = engines.iter().filter(|engine| matches!(engine.health, Health::Up { .. }));
    for engine in up {
        sum.up += 1;
        let Some(EngineInfo { running, paused, stopped, images, .. }) = &engine.info else { continue };
        sum.running += u64::from(*running);
        sum.paused += u64::from(*paused);
        sum.stopped += u64::from(*stopped);
        sum.images += u64::from(*images);
    }
    sum
}

#[component]
pub(super) fn Tiles(engines: Signal<Vec<Engine>>) -> impl IntoView {
    let sum = Memo::new(move |_| engines.with(|engines| sum(engines)));
    let down = move || sum.with(|sum| sum.engines - sum.up);
    let health = move || match down() {
        0 => "all answer".to_owned(),
        down => format!("{} not answer", if down == 1 { "1 does".to_owned() } else { format!("{down} do") }),
    };
    let paused = move || match sum.with(|sum| sum.paused) {
        0 => "none paused".to_owned(),
        paused => format!("{} paused", grouped(paused)),
    };
    let stopped = move || "kept, not running".to_owned();
    let images = move || format!("on {}", count(sum.with(|sum| sum.up), "engine"));
    view! {
        <dl class="tiles">
            <div class="tile" data-bad=move || (down() > 0).then_some("")>
                <dt>"Engines up"</dt>
                <dd>{move || sum.with(|sum| format!("{} of {}", grouped(sum.up as u64), grouped(sum.engines as u64)))}<small>{health}</small></dd>
            </div>
            <div class="tile">
                <dt>"Running containers"</dt>
                <dd>{move || grouped(sum.with(|sum| sum.running))}<small>{paused}</small></dd>
            </div>
            <div class="tile">
                <dt>"Stopped containers"</dt>
                <dd>{move || grouped(sum.with(|sum| sum.stopped))}<small>{stopped}</small></dd>
            </div>
            <div class="tile">
                <dt>"Images"</dt>
                <dd>{move || grouped(sum.with(|sum| sum.images))}<small>{images}</small></dd>
            </div>
        </dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Sum, sum};
    use crate::api::engines::{Engine, EngineInfo, Health};

    fn engine(health: Health) -> Engine {
        let info = EngineInfo { running: 3, paused: 1, stopped: 2, images: 7, ..EngineInfo::default() };
        Engine { name: "a".into(), url: "unix:///a".into(), labels: BTreeMap::new(), tls: false, declared: false, health, info: Some(info) }
    }

    #[test]
    fn old_numbers_of_an_engine_that_is_down_do_not_count() {
        let engines =
            [engine(Health::Up { since: 0, latency_ms: 1 }), engine(Health::Down { since: 0, reason: "gone".into() }), engine(Health::Unknown)];
        assert_eq!(sum(&engines), Sum { engines: 3, up: 1, running: 3, paused: 1, stopped: 2, images: 7 });
    }
}
