//! Alerts: searches of the trail that somebody is told about when they find something, by a webhook or by mail.
//!
//! An alert has a durable position in each writer's chain. Each record is looked at exactly once: when it begins, or when it ends where the
//! search asks for what is known only then. What was found, and how far it was looked, are one commit: nothing is lost over a crash and
//! nothing fires twice. What fires gathers while the alert is quiet; then it goes out to each place by itself, again and again until it is
//! taken. docs/alerts.md says what a place gets.

mod deliver;
mod gather;
mod look;
mod mail;
mod message;

use std::sync::Arc;

use rustls::ClientConfig;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify};

pub use look::{Labels, check};
pub use mail::{Mailer, Security, Settings, address};

use super::{Ending, Trail};
use crate::{
    access::alerted,
    authn::{Door, Origin},
    outgoing::tls,
    seal::{Seal, SealError},
    store::{Store, audit::AlertRow},
};

/// Looks after alerts.
pub struct Alerts {
    store: Store,
    trail: Trail,
    seal: Seal,
    tls: Arc<ClientConfig>,
    mailer: Option<Mailer>,
    /// Where Pilothouse is, for links.
    external_url: String,
    /// Held by whoever changes alerts, and by each look: a look must not write over what was changed meanwhile.
    pub changes: Mutex<()>,
    /// Told when something fires.
    fired: Notify,
}

/// What is sealed of a webhook: its path may be as secret as its secret.
#[derive(Deserialize, Serialize)]
pub struct Hook {
    pub url: String,
    pub secret: String,
}

/// Why what is sealed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("what is sealed is no webhook")]
    Malformed,
}

impl Alerts {
    /// Whether this process is the one, of all replicas, that looks and sends.
    pub fn leads(&self) -> bool {
        self.store.is_leader()
    }

    /// Without a `mailer` no mail is sent.
    ///
    /// # Errors
    /// When this machine's authorities cannot be used.
    pub fn new(store: Store, trail: Trail, seal: Seal, mailer: Option<Mailer>, external_url: &str) -> Result<Self, String> {
        let (tls, changes, fired) = (tls::client("")?, Mutex::default(), Notify::new());
        Ok(Self { store, trail, seal, tls, mailer, external_url: external_url.to_owned(), changes, fired })
    }

    /// Whether the settings say how mail is sent.
    pub fn sends_mail(&self) -> bool {
        self.mailer.is_some()
    }

    /// Seals a webhook for its alert.
    pub fn seal_hook(&self, alert: &str, hook: &Hook) -> Result<Vec<u8>, HookError> {
        let text = serde_json::to_string(hook).map_err(|_| HookError::Malformed)?;
        Ok(self.seal.seal(&place_of(alert), &text)?)
    }

    /// The webhook of an alert; `None` without one.
    pub fn hook(&self, alert: &AlertRow) -> Result<Option<Hook>, HookError> {
        let Some(sealed) = &alert.secret else { return Ok(None) };
        let text = self.seal.open_sealed(&place_of(&alert.id), sealed)?;
        serde_json::from_str(&text).map(Some).map_err(|_| HookError::Malformed)
    }

    /// Writes into the trail what an alert did.
    async fn note(&self, operation: &'static str, about: String, alert: &AlertRow, note: &str, ending: Ending) {
        let origin = Origin { door: Door::Start, address: "-".into(), client: "".into() };
        match self.trail.begin_as(None, &origin, &alerted(operation, about, &alert.name)).await {
            Ok(mut entry) => {
                entry.note(note);
                entry.finish(ending);
            }
            Err(_) => tracing::error!(alert = alert.name, operation, note, "What an alert did could not be written down."),
        }
    }
}

/// Where the sealed text of an alert's webhook is kept.
fn place_of(alert: &str) -> String {
    format!("alerts/{alert}/webhook")
}
