//! Live figures: what every container used in the last quarter of an hour, kept in memory.

mod collect;
mod series;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use pilothouse_app::api::{
    containers::{Container, Usage},
    overview::Hot,
};

pub use collect::collect;
use series::Series;

use crate::{
    access::Permit,
    backends::docker::{
        Engine, EngineError,
        typed::{names::ContainerId, stats},
    },
    clock::now_ms,
};

/// How old a figure may be and still tell how things are.
const FRESH_MS: i64 = 20_000;
/// How many points a trail of the overview has: five minutes.
const TRAIL: usize = 60;

/// The figures of all containers of all engines.
#[derive(Default)]
pub struct Figures {
    engines: RwLock<HashMap<String, HashMap<String, Arc<Series>>>>,
}

impl Figures {
    /// What a container uses, by its whole id, if that was measured just now.
    pub fn latest(&self, engine: &str, id: &str) -> Option<Usage> {
        self.find(engine, id)?.latest().filter(is_fresh)
    }

    /// What a container used in the last quarter of an hour, oldest first.
    pub fn history(&self, engine: &str, id: &str) -> Vec<Usage> {
        self.find(engine, id).map(|series| series.history(now_ms())).unwrap_or_default()
    }

    /// The `n` containers of `engines`, of those that `sees` says of, that use the most processor time, highest first.
    pub fn hottest(&self, n: usize, engines: &[String], sees: impl Fn(&str, &str) -> bool) -> Vec<Hot> {
        let mut hot: Vec<Hot> = Vec::new();
        let all = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        for engine in engines {
            for (id, series) in all.get(engine).into_iter().flatten().filter(|(id, _)| sees(engine, id)) {
                let Some(usage) = series.latest().filter(is_fresh) else { continue };
                let (name, image) = series.called();
                hot.push(Hot { engine: engine.clone(), id: id.clone(), name, image, usage, cpu_trail: Vec::new() });
            }
        }
        hot.sort_by(|a, b| b.usage.cpu_percent.total_cmp(&a.usage.cpu_percent).then_with(|| a.name.cmp(&b.name)));
        hot.truncate(n);
        for entry in &mut hot {
            if let Some(series) = all.get(&entry.engine).and_then(|engine| engine.get(&entry.id)) {
                entry.cpu_trail = series.cpu_trail(TRAIL);
            }
        }
        hot
    }

    /// What a container uses now: the last figure if it is no older than `max_age_ms`, else a new one. However many
    /// ask, the engine is asked once. `None` while it does not run, and until there are two readings.
    pub async fn sample(&self, engine: &Engine, permit: &Permit, id: &ContainerId, max_age_ms: i64) -> Result<Option<Usage>, EngineError> {
        let series = self.series(&engine.name, id.as_str());
        let _one = series.taking.lock().await;
        if let Some(usage) = series.latest().filter(|usage| now_ms() - usage.at <= max_age_ms) {
            return Ok(Some(usage));
        }
        let reading = stats::read(engine, permit, id).await?;
        Ok(series.take(reading))
    }

    /// Writes down what a container is called.
    fn call(&self, engine: &str, container: &Container) {
        self.series(engine, &container.id).call(&container.name, &container.image);
    }

    /// Forgets the containers of `engine` that are not among `there`.
    fn keep(&self, engine: &str, there: &HashSet<&str>) {
        if let Some(all) = self.engines.write().unwrap_or_else(PoisonError::into_inner).get_mut(engine) {
            all.retain(|id, _| there.contains(id.as_str()));
        }
    }

    /// Forgets the engines that are not among `there`.
    fn keep_engines(&self, there: &HashSet<&str>) {
        self.engines.write().unwrap_or_else(PoisonError::into_inner).retain(|name, _| there.contains(name.as_str()));
    }

    fn find(&self, engine: &str, id: &str) -> Option<Arc<Series>> {
        self.engines.read().unwrap_or_else(PoisonError::into_inner).get(engine)?.get(id).cloned()
    }

    fn series(&self, engine: &str, id: &str) -> Arc<Series> {
        if let Some(series) = self.find(engine, id) {
            return series;
        }
        let mut all = self.engines.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(engine.to_owned()).or_default().entry(id.to_owned()).or_default().clone()
    }
}

fn is_fresh(usage: &Usage) -> bool {
    now_ms() - usage.at <= FRESH_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(figures: &Figures, engine: &str, id: &str, cpu_percent: f64, at: i64) {
        let series = figures.series(engine, id);
        series.call(id, "image");
        series.put(Usage { at, cpu_percent, ..Usage::default() });
    }

    #[test]
    fn the_hottest_are_fresh_and_of_engines_one_may_see() {
        let figures = Figures::default();
        let now = now_ms();
        for (engine, id, cpu, at) in
            [("a", "low", 1.0, now), ("a", "high", 9.0, now), ("a", "old", 99.0, now - 60_000), ("b", "mid", 5.0, now), ("c", "hidden", 50.0, now)]
        {
            put(&figures, engine, id, cpu, at);
        }
        let names = |n: usize| figures.hottest(n, &["a".into(), "b".into()], |_, _| true).into_iter().map(|hot| hot.name).collect::<Vec<_>>();
        assert_eq!(names(10), ["high", "mid", "low"]);
        assert_eq!(names(1), ["high"]);
        assert_eq!(figures.hottest(1, &["a".into()], |_, _| true)[0].cpu_trail, [9.0]);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let figures = Figures::default();
        put(&figures, "a", "x", 1.0, now_ms());
        put(&figures, "a", "y", 1.0, now_ms());
        figures.keep("a", &HashSet::from(["y"]));
        assert!(figures.latest("a", "x").is_none() && figures.latest("a", "y").is_some());
        figures.keep_engines(&HashSet::new());
        assert!(figures.history("a", "y").is_empty());
    }
}
