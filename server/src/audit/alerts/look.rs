//! Looking at what is new in the trail, and firing.

use std::collections::BTreeMap;

use super::{
    super::{Ending, TrailDown, query},
    Alerts, gather, message,
};
use crate::{
    access::{Scope, TOLD, alerted},
    authn::{Door, Origin},
    clock::now_ms,
    store::{
        self, StoreError,
        audit::{AlertRow, AlertStep, Field, Find, FiringRow, FoundRow, Match, Term, WEBHOOK},
    },
};

/// How many entries of a writer are looked at in one step.
const ENTRIES: i64 = 2_000;
const MINUTE_MS: i64 = 60_000;

/// Engines and registries, and their labels.
pub type Labels = Vec<(String, BTreeMap<String, String>)>;

/// What an alert looks for.
struct Wanted {
    find: Find,
    /// Whether a record is looked at when it ends: what it came to is not known before.
    at_end: bool,
}

/// Whether an alert may look for this.
///
/// # Errors
/// One sentence with the field that it is about.
pub fn check(query: &str, scope: &str) -> Result<(), (&'static str, String)> {
    let find = query::read(query, now_ms()).map_err(|why| ("query", why))?;
    if find.from.is_some() || find.to.is_some() {
        return Err(("query", "An alert looks at what comes; leave after and before out.".to_owned()));
    }
    let open = |term: &Term| term.field == Field::Outcome && !term.not && term.values.contains(&Match::Is("open".to_owned()));
    if find.terms.iter().any(open) {
        return Err(("query", "A record is open when it begins: leave outcome:open out to be told then.".to_owned()));
    }
    match scope.parse::<Scope>() {
        Ok(Scope::Project { .. }) => Err(("scope", "The trail does not say which project something was in: name an engine, or labels.".to_owned())),
        Ok(Scope::Repository { .. }) => {
            Err(("scope", "An alert looks at a registry as a whole: put the repository into the query, as object:NAME.".to_owned()))
        }
        Ok(_) => Ok(()),
        Err(why) => Err(("scope", why)),
    }
}

/// What an alert looks for now; `None` where that cannot be read. `targets` is what its scope takes in.
fn wanted(alert: &AlertRow, targets: Option<Vec<String>>) -> Option<Wanted> {
    let mut find = query::read(&alert.query, now_ms()).ok()?;
    let at_end = find.terms.iter().any(|term| matches!(term.field, Field::Outcome | Field::Status));
    let is = |names: Vec<String>| names.into_iter().map(Match::Is).collect();
    // What alerts did themselves is never found, or one would feed itself, or two each other.
    find.terms.push(Term { field: Field::Operation, values: is(TOLD.map(str::to_owned).to_vec()), not: true });
    if let Some(targets) = targets {
        find.terms.push(Term { field: Field::Target, values: is(targets), not: false });
    }
    Some(Wanted { find, at_end })
}

/// The names of the engines and registries that a scope takes in; nothing for all there is.
fn targets(scope: &str, known: &Labels) -> Option<Option<Vec<String>>> {
    match scope.parse::<Scope>().ok()? {
        Scope::All => Some(None),
        Scope::Engine(name) | Scope::Registry(name) => Some(Some(vec![name])),
        scope => Some(Some(known.iter().filter(|(name, labels)| scope.part_of(name, labels).is_some()).map(|(name, _)| name.clone()).collect())),
    }
}

/// Why something did not fire.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the audit trail cannot be written")]
    TrailDown,
}

impl From<TrailDown> for FireError {
    fn from(_: TrailDown) -> Self {
        FireError::TrailDown
    }
}

impl Alerts {
    /// Looks at what is new, and says whether there is more of it.
    ///
    /// # Errors
    /// When the store cannot be read or written; then nothing was looked at.
    pub async fn look(&self, known: &Labels) -> store::Result<bool> {
        let _alone = self.changes.lock().await;
        let (mut steps, mut more) = (Vec::new(), false);
        let alerts: Vec<AlertRow> = self.store.alerts().await?.into_iter().filter(|alert| alert.enabled).collect();
        if alerts.is_empty() {
            return Ok(false);
        }
        let ends = self.store.chain_lengths().await?;
        for alert in &alerts {
            // What cannot be read is shown on the page, and not looked for.
            let Some(targets) = targets(&alert.scope, known) else { continue };
            let positions: BTreeMap<i64, i64> = self.store.alert_positions(&alert.id).await?.into_iter().collect();
            let (mut found, mut moved) = (Vec::new(), Vec::new());
            let nowhere = targets.as_ref().is_some_and(Vec::is_empty);
            let Some(wanted) = wanted(alert, targets) else { continue };
            for (writer, end) in &ends {
                let after = positions.get(writer).copied().unwrap_or(0);
                let until = (*end).min(after + ENTRIES);
                if until <= after {
                    continue;
                }
                if !nowhere {
                    found.extend(self.store.fitting(&wanted.find, wanted.at_end, *writer, after, until).await?);
                }
                moved.push((*writer, until));
                more |= until < *end;
            }
            if !moved.is_empty() {
                steps.push(self.step(alert, moved, found).await?);
            }
        }
        if !steps.is_empty() {
            self.store.step_alerts(&steps).await?;
        }
        Ok(more)
    }

    /// What comes of what was found.
    async fn step(&self, alert: &AlertRow, positions: Vec<(i64, i64)>, mut fresh: Vec<FoundRow>) -> store::Result<AlertStep> {
        let mut step = AlertStep { alert: alert.id.clone(), positions, found: None, firing: None };
        if fresh.is_empty() {
            return Ok(step);
        }
        if let Some(mut firing) = self.store.gathering(&alert.id).await? {
            gather::add(&mut firing, &fresh);
            step.firing = Some(firing);
            return Ok(step);
        }
        let mut all = self.store.alert_found(&alert.id).await?;
        all.append(&mut fresh);
        all.sort_by_key(|row| (row.known, row.record));
        let (times, window) = (usize::try_from(alert.times).unwrap_or(1), alert.minutes * MINUTE_MS);
        let Some(first) = gather::reached(&all, times, window) else {
            step.found = Some(gather::left(&all, times, window));
            return Ok(step);
        };
        let now = now_ms();
        // A clock that was set back must not keep it quiet for longer than it is told to be.
        let quiet = alert.quiet * MINUTE_MS;
        let due_at = alert.fired_at.map_or(now, |fired| (fired + quiet).clamp(now, now + quiet));
        // A record is looked at once, so this is no other firing's.
        let id = format!("{}-{:x}", alert.id, all[first].record);
        let mut firing =
            FiringRow { id, alert: alert.id.clone(), records: 0, first_at: 0, last_at: 0, ids: String::new(), due_at, body: String::new() };
        gather::add(&mut firing, &all[first..]);
        step.found = Some(Vec::new());
        step.firing = Some(firing);
        Ok(step)
    }

    /// Sends out what is due: writes it down, and leaves it to [`Alerts::deliver`].
    ///
    /// # Errors
    /// When it cannot be written down; then it fires later.
    pub async fn fire(&self, known: &Labels) -> Result<(), FireError> {
        let _alone = self.changes.lock().await;
        for firing in self.store.due_firings(now_ms()).await? {
            let Some(alert) = self.store.alert(&firing.alert).await? else { continue };
            let mut records = Vec::new();
            for id in gather::ids(&firing) {
                // Of one that was pruned meanwhile the count tells.
                records.extend(self.store.audit_record(id).await?);
            }
            let targets = targets(&alert.scope, known).flatten();
            let told = message::of(&alert, &firing, records, targets.as_deref(), &self.external_url);
            let origin = Origin { door: Door::Start, address: "-".into(), client: "".into() };
            let mut entry = self.trail.begin_as(None, &origin, &alerted(TOLD[0], alert.name.clone(), &alert.name)).await?;
            entry.note(&told.sentence());
            entry.made(&firing.id);
            let body = serde_json::to_string(&told).unwrap_or_default();
            let fired = self.store.fire(&firing, &body, &places(&alert), now_ms()).await;
            entry.finish(if fired.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
            fired?;
            tracing::info!(alert = alert.name, records = firing.records, "An alert fired.");
        }
        self.fired.notify_one();
        Ok(())
    }
}

/// Where the messages of an alert go.
pub(super) fn places(alert: &AlertRow) -> Vec<String> {
    let hook = alert.secret.as_ref().map(|_| WEBHOOK.to_owned());
    hook.into_iter().chain(alert.mail.lines().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_alert_cannot_look_for_is_said() {
        assert_eq!(check("outcome:denied -outcome:ok", "env=prod"), Ok(()));
        for (query, scope, field) in [
            ("after:2d", "all", "query"),
            ("colour:red", "all", "query"),
            ("outcome:open", "all", "query"),
            ("", "nowhere", "scope"),
            ("", "engine/a/project/b", "scope"),
        ] {
            assert_eq!(check(query, scope).unwrap_err().0, field, "{query} {scope}");
        }
    }

    #[test]
    fn a_scope_is_the_engines_that_it_takes_in() {
        let label = |value: &str| BTreeMap::from([("env".to_owned(), value.to_owned())]);
        let engines = vec![("a".to_owned(), label("prod")), ("b".to_owned(), label("test")), ("c".to_owned(), label("prod"))];
        let names = |names: &[&str]| Some(Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        assert_eq!(targets("all", &engines), Some(None));
        assert_eq!(targets("env=prod", &engines), names(&["a", "c"]));
        assert_eq!(targets("env=none", &engines), names(&[]));
        assert_eq!(targets("engine/gone", &engines), names(&["gone"]));
    }
}
