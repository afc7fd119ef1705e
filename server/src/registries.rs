//! The registries there are: those that the settings declare and those that were added, made from what is kept.

mod bind;
mod count;
mod events;
pub mod hooks;
mod quota;
mod rate;
pub mod rules;
pub mod walk;

use std::{collections::BTreeMap, sync::Arc};

use pilothouse_app::api::registries::{Registry as Shown, RegistrySettings};
use tokio::sync::Mutex;

use crate::{
    backends::{
        Engines, Registries,
        oci::{Credential, Registry},
    },
    config::RegistrySection,
    seal::Seal,
    store::{Store, registries::RegistryRow},
};

pub use crate::store::registry_rules::{Bound, Holding};
pub use bind::{Admitted, Incoming, RuleError};
pub use count::count;
use quota::Given;
pub use quota::size;
pub use rate::Turn;
use rules::Rules;

/// Rows of registries by name.
pub type Kept = BTreeMap<String, RegistryRow>;

/// Makes registries from what is declared or kept.
pub struct Registrar {
    pub registries: Arc<Registries>,
    /// No two targets have one name.
    engines: Arc<Engines>,
    /// Held while a registry is added, changed or removed: the one in place is to be the one written last. Those that were added, as they are kept.
    pub changes: Mutex<Kept>,
    seal: Seal,
}

/// Where a registry's secret is kept, for the seal.
fn place(name: &str) -> String {
    format!("registries/{name}/secret")
}

/// What is sealed: a username and a secret belong together.
#[derive(serde::Deserialize, serde::Serialize)]
struct Sealed {
    username: String,
    secret: String,
}

impl Registrar {
    pub fn new(registries: Arc<Registries>, engines: Arc<Engines>, seal: Seal) -> Self {
        Self { registries, engines, changes: Mutex::default(), seal }
    }

    /// Puts in place what the settings declare and what was added. A declared name wins.
    ///
    /// # Errors
    /// One sentence each for what cannot be built.
    pub async fn load(&self, declared: &[RegistrySection], store: &Store) -> Result<(), Vec<String>> {
        let mut mistakes = Vec::new();
        let mut kept = self.changes.lock().await;
        for row in store.registries().await.map_err(|e| vec![e.to_string()])? {
            kept.insert(row.name.clone(), row.clone());
            match self.built(&row) {
                Ok(registry) => self.registries.put(registry),
                Err(why) => mistakes.push(format!("registry {}: {why}", row.name)),
            }
        }
        for section in declared {
            match section.build() {
                Ok(registry) => self.registries.put(registry),
                Err(why) => mistakes.push(format!("registries: {}: {why}", section.name)),
            }
        }
        for registry in self.registries.list().iter().filter(|registry| self.engines.get(&registry.name).is_some()) {
            mistakes.push(format!("registries: {} is the name of an engine, too; no two targets have one name.", registry.name));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Puts in place what another replica may have changed of the registries that were added. `true` when that was anything.
    pub async fn read_again(&self, store: &Store) -> crate::store::Result<bool> {
        let mut kept = self.changes.lock().await;
        let rows: Kept = store.registries().await?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let is_declared = |name: &str| self.registries.get(name).is_some_and(|registry| registry.declared);
        let gone = kept.keys().filter(|name| !rows.contains_key(*name) && !is_declared(name));
        gone.for_each(|name| self.registries.remove(name));
        for (name, row) in rows.iter().filter(|(name, row)| kept.get(*name) != Some(*row) && !is_declared(name)) {
            match self.built(row) {
                Ok(registry) => self.registries.put(registry),
                Err(why) => tracing::error!(registry = name, %why, "A registry that another replica changed cannot be used here."),
            }
        }
        let changed = *kept != rows;
        *kept = rows;
        Ok(changed)
    }

    /// Whether an engine or a registry has this name already.
    pub fn is_taken(&self, name: &str) -> bool {
        self.engines.get(name).is_some() || self.registries.get(name).is_some()
    }

    fn built(&self, row: &RegistryRow) -> Result<Registry, String> {
        let settings: RegistrySettings = serde_json::from_str(&row.settings).map_err(|_| "its settings cannot be read")?;
        let labels = serde_json::from_str(&row.labels).map_err(|_| "its labels cannot be read")?;
        let credential = match &row.secret {
            Some(sealed) => {
                let text = self.seal.open_sealed(&place(&row.name), sealed).map_err(|e| e.to_string())?;
                let Sealed { username, secret } = serde_json::from_str(&text).map_err(|_| "its credential cannot be read")?;
                Some(Credential { username, secret })
            }
            None => None,
        };
        Registry::new(row.name.clone(), labels, settings, credential, false).map_err(|(_, why)| why)
    }

    /// The row to keep of a registry.
    pub fn row(&self, registry: &Registry, created_at: i64) -> Result<RegistryRow, String> {
        let secret = match registry.credential() {
            Some(Credential { username, secret }) => {
                let text = json(&Sealed { username: username.clone(), secret: secret.clone() })?;
                Some(self.seal.seal(&place(&registry.name), &text).map_err(|e| e.to_string())?)
            }
            None => None,
        };
        let (settings, labels) = (json(&registry.settings)?, json(&registry.labels)?);
        Ok(RegistryRow { name: registry.name.clone(), settings, labels, secret, created_at })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|e| e.to_string())
}

/// A registry as the contract shows it.
pub fn shown(registry: &Registry) -> Shown {
    Shown {
        name: registry.name.clone(),
        labels: registry.labels.clone(),
        settings: registry.settings.clone(),
        username: registry.username().map(str::to_owned),
        declared: registry.declared,
    }
}

/// Whether a credential that was given for `old` goes to the same places by `new`, over the same kind of connection.
pub fn goes_where_it_went(old: &RegistrySettings, new: &RegistrySettings) -> bool {
    (&old.url, old.plain_http, &old.ca, &old.realm_hosts) == (&new.url, new.plain_http, &new.ca, &new.realm_hosts)
}
