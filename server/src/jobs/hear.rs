//! Puts in force what other replicas have changed.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use crate::{
    fleet::Fleet,
    guardrails::Guardrails,
    house::House,
    providers::Providers,
    recordings::Recordings,
    registries::{Registrar, hooks::Hooks, rules::Rules},
    store,
};

/// Changes come in bursts: what comes within this is read once.
const GATHER: Duration = Duration::from_millis(20);
/// How long to wait until what could not be read is read again.
const AGAIN: Duration = Duration::from_secs(1);

/// All that holds in memory what is kept in the database.
pub struct Hearer {
    pub house: Arc<House>,
    pub fleet: Arc<Fleet>,
    pub registrar: Arc<Registrar>,
    pub rules: Arc<Rules>,
    pub hooks: Arc<Hooks>,
    pub providers: Arc<Providers>,
    pub guardrails: Arc<Guardrails>,
    pub recordings: Arc<Recordings>,
}

/// Runs as long as something is told; see [`store::Store::told`].
pub async fn hear(hearer: Hearer, mut told: mpsc::Receiver<Option<String>>) {
    while let Some(first) = told.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut tables = Tables::default();
        tables.add(first);
        while let Ok(more) = told.try_recv() {
            tables.add(more);
        }
        // Does not give up: a right that was taken away elsewhere must not go on here.
        while let Err(error) = hearer.read(&tables).await {
            tracing::error!(%error, "What another replica changed is not in force here yet.");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// What was changed.
#[derive(Default)]
struct Tables {
    any: bool,
    named: BTreeSet<String>,
}

impl Tables {
    fn add(&mut self, told: Option<String>) {
        match told {
            Some(table) => drop(self.named.insert(table)),
            None => self.any = true,
        }
    }

    fn has(&self, tables: &[&str]) -> bool {
        self.any || tables.iter().any(|table| self.named.contains(*table))
    }
}

impl Hearer {
    async fn read(&self, tables: &Tables) -> store::Result<()> {
        let store = &self.house.store;
        if tables.has(&["sessions", "tokens", "certificates"]) {
            self.house.credentials_were_changed().await?;
        }
        let engines = tables.has(&["engines"]) && self.fleet.read_again(store).await?;
        let registries = tables.has(&["registries"]) && self.registrar.read_again(store).await?;
        if engines || registries || tables.has(&["users", "teams", "team_members", "roles", "grants", "identities", "factors", "factor_rules"]) {
            self.house.rights_were_changed().await;
        }
        if tables.has(&["registry_rules"]) {
            self.rules.reload().await;
        }
        if tables.has(&["registry_hooks"]) {
            self.hooks.reload().await?;
        }
        if tables.has(&["guardrails"]) {
            self.guardrails.reload().await;
        }
        if tables.has(&["recording_rules"]) {
            self.recordings.reload().await;
        }
        if tables.has(&["providers"]) {
            self.providers.read_again(store).await?;
        }
        Ok(())
    }
}
