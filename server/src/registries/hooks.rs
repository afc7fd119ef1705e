//! Webhooks of registries: each is a place that the trail is forwarded to, which is sent what [`super::events`] makes of it. So it has a durable
//! place in the trail, is signed, and is asked again until it takes what it gets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pilothouse_app::api::registry_rules::{RegistryEvent, RegistryHook};
use rustls::ClientConfig;
use tokio::{sync::watch, task::JoinHandle};

use super::events::{Envelope, Event, MEDIA, Wanted};
use crate::{
    audit::{
        alerts::{Hook, HookError},
        forward::{Batch, Item, Secret, Sink, SinkError, Standing, What, start_one, webhook::Webhook},
    },
    outgoing::{self, tls},
    seal::Seal,
    store::{
        self, Store,
        registry_hooks::{HookRow, sink_of},
    },
};

/// One that runs.
struct Running {
    row: HookRow,
    standing: Arc<Standing>,
    task: JoinHandle<()>,
}

/// All webhooks of all registries.
pub struct Hooks {
    store: Store,
    seal: Seal,
    tls: Arc<ClientConfig>,
    external_url: String,
    written: watch::Receiver<u64>,
    running: Mutex<HashMap<String, Running>>,
    /// Held while something is changed: there are not to be more than there may be.
    pub changes: tokio::sync::Mutex<()>,
    /// Held while it is read what is to run: that is to be what was written last.
    reading: tokio::sync::Mutex<()>,
}

/// A webhook as a place that the trail is forwarded to.
struct Place {
    webhook: Webhook,
    wanted: Wanted,
}

impl Place {
    fn events(&self, batch: &Batch) -> Vec<Event> {
        batch.items.iter().filter_map(|item| item.record.as_ref()).flat_map(|record| self.wanted.events(record)).collect()
    }
}

impl Sink for Place {
    const LINES: u32 = 200;

    fn wants(&self, batch: &Batch) -> bool {
        !self.events(batch).is_empty()
    }

    async fn send(&mut self, batch: &Batch) -> Result<Option<String>, SinkError> {
        let envelope = Envelope { events: self.events(batch) };
        let line = serde_json::to_string(&envelope).map_err(|_| SinkError::Away("What is to be told has no text.".to_owned()))?;
        let items = vec![Item { kind: "events", line, ..Item::default() }];
        self.webhook.send(&Batch { id: batch.id.clone(), items }).await
    }
}

/// Where the sealed text of a webhook is kept.
fn place_of(hook: &str) -> String {
    format!("registry-hooks/{hook}")
}

/// The events that a row says.
pub fn events_of(row: &HookRow) -> Vec<RegistryEvent> {
    serde_json::from_str(&row.events).unwrap_or_default()
}

impl Hooks {
    /// # Errors
    /// When this machine's authorities cannot be used.
    pub fn new(store: Store, seal: Seal, external_url: &str, written: watch::Receiver<u64>) -> Result<Self, String> {
        let (tls, external_url) = (tls::client("")?, external_url.to_owned());
        Ok(Self { store, seal, tls, external_url, written, running: Mutex::default(), changes: <_>::default(), reading: <_>::default() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals an address and a secret for a webhook.
    pub fn seal(&self, hook: &str, opened: &Hook) -> Result<Vec<u8>, HookError> {
        let text = serde_json::to_string(opened).map_err(|_| HookError::Malformed)?;
        Ok(self.seal.seal(&place_of(hook), &text)?)
    }

    /// The address and the secret of a webhook.
    pub fn opened(&self, row: &HookRow) -> Result<Hook, HookError> {
        let text = self.seal.open_sealed(&place_of(&row.id), &row.secret)?;
        serde_json::from_str(&text).map_err(|_| HookError::Malformed)
    }

    /// Lets those run that are kept and switched on, as they are kept, and no others.
    pub async fn reload(&self) -> store::Result<()> {
        let _alone = self.reading.lock().await;
        let rows = self.store.registry_hooks().await?;
        let mut running = self.lock();
        let stays = |one: &Running| rows.iter().any(|row| *row == one.row && row.enabled);
        running.retain(|_, one| {
            let stays = stays(one);
            if !stays {
                one.task.abort();
            }
            stays
        });
        for row in rows.into_iter().filter(|row| row.enabled) {
            if running.contains_key(&row.id) {
                continue;
            }
            match self.start(&row) {
                Ok(one) => drop(running.insert(row.id.clone(), one)),
                Err(why) => tracing::error!(registry = row.registry, hook = row.name, %why, "A registry's webhook cannot be used."),
            }
        }
        Ok(())
    }

    /// Lets none run any more: Pilothouse stops. What they have not sent goes after the next start.
    pub fn stop(&self) {
        self.lock().drain().for_each(|(_, one)| one.task.abort());
    }

    fn start(&self, row: &HookRow) -> Result<Running, String> {
        let opened = self.opened(row).map_err(|why| why.to_string())?;
        let url = outgoing::address(&opened.url)?;
        let webhook = Webhook { url, secret: Secret(opened.secret), tls: self.tls.clone(), media: MEDIA };
        let wanted =
            Wanted { registry: row.registry.clone(), prefix: row.prefix.clone(), events: events_of(row), external_url: self.external_url.clone() };
        let standing = Arc::new(Standing::new(sink_of(&row.id), "webhook", row.webhook.clone(), What::Entries));
        let task = start_one(standing.clone(), Place { webhook, wanted }, &self.store, &self.written);
        Ok(Running { row: row.clone(), standing, task })
    }

    /// A webhook as the contract shows it.
    pub fn shown(&self, row: HookRow) -> RegistryHook {
        let state = self.lock().get(&row.id).map(|one| one.standing.state()).unwrap_or_default();
        let (error_at, error) = state.error.unzip();
        let events = events_of(&row);
        RegistryHook {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            events,
            webhook: row.webhook,
            enabled: row.enabled,
            created_at: row.created_at,
            created_by: row.created_by,
            sent_at: state.success_at,
            error,
            error_at,
            stopped: state.stopped,
        }
    }
}
