//! The engines there are: those that the settings declare and those that were added, made from what is kept.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    backends::{
        Engines,
        docker::{Address, Connector, Engine, Tls},
    },
    config::EngineSection,
    seal::Seal,
    store::{Store, engines::EngineRow},
};

/// The PEM texts that are sealed with an engine.
#[derive(Deserialize, Serialize)]
pub struct Pem {
    pub ca: String,
    pub cert: String,
    pub key: String,
}

/// Rows of engines by name.
pub type Kept = BTreeMap<String, EngineRow>;

/// Makes engines from what is declared or kept.
pub struct Fleet {
    pub engines: Arc<Engines>,
    /// Held while an engine is added, changed or removed: the one in place is to be the one written last. Those that were added, as they are kept.
    pub changes: Mutex<Kept>,
    seal: Seal,
}

/// What an engine is made of.
pub struct Blueprint {
    pub name: String,
    pub url: String,
    pub labels: BTreeMap<String, String>,
    pub tls: Option<Pem>,
    pub declared: bool,
}

impl Blueprint {
    /// # Errors
    /// The field that is wrong, and one sentence about it.
    pub fn build(&self) -> Result<Engine, (&'static str, String)> {
        let address = Address::parse(&self.url).map_err(|why| ("url", why))?;
        let tls = match &self.tls {
            Some(pem) => Some(Tls::from_pem(&pem.ca, &pem.cert, &pem.key).map_err(|why| ("tls", why))?),
            None => None,
        };
        let connector = Connector::new(address, tls).map_err(|why| ("tls", why))?;
        Ok(Engine::new(self.name.clone(), connector, self.labels.clone(), self.declared))
    }
}

/// Where an engine's certificates are kept, for the seal.
fn place(name: &str) -> String {
    format!("engines/{name}/tls")
}

impl Fleet {
    pub fn new(engines: Arc<Engines>, seal: Seal) -> Self {
        Self { engines, changes: Mutex::default(), seal }
    }

    /// Puts in place what the settings declare and what was added. A declared name wins.
    ///
    /// # Errors
    /// One sentence each for what cannot be built.
    pub async fn load(&self, declared: &[EngineSection], store: &Store) -> Result<(), Vec<String>> {
        let mut mistakes = Vec::new();
        let mut kept = self.changes.lock().await;
        for row in store.engines().await.map_err(|e| vec![e.to_string()])? {
            kept.insert(row.name.clone(), row.clone());
            match self.blueprint(row).and_then(|blueprint| blueprint.build().map_err(|(_, why)| why)) {
                Ok(engine) => self.engines.put(engine),
                Err(why) => mistakes.push(why),
            }
        }
        for section in declared {
            match from_settings(section).and_then(|blueprint| blueprint.build().map_err(|(_, why)| why)) {
                Ok(engine) => self.engines.put(engine),
                Err(why) => mistakes.push(format!("engines: {}: {why}", section.name)),
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Puts in place what another replica may have changed of the engines that were added. `true` when that was anything. One that did not change
    /// stays: it has connections.
    pub async fn read_again(&self, store: &Store) -> crate::store::Result<bool> {
        let mut kept = self.changes.lock().await;
        let rows: Kept = store.engines().await?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let is_declared = |name: &str| self.engines.get(name).is_some_and(|engine| engine.declared);
        let gone = kept.keys().filter(|name| !rows.contains_key(*name) && !is_declared(name));
        gone.for_each(|name| self.engines.remove(name));
        for (name, row) in rows.iter().filter(|(name, row)| kept.get(*name) != Some(*row) && !is_declared(name)) {
            match self.blueprint(row.clone()).and_then(|blueprint| blueprint.build().map_err(|(_, why)| why)) {
                Ok(engine) => self.engines.put(engine),
                Err(why) => tracing::error!(engine = name, %why, "An engine that another replica changed cannot be reached from here."),
            }
        }
        let changed = *kept != rows;
        *kept = rows;
        Ok(changed)
    }

    /// What a kept engine is made of.
    pub fn blueprint(&self, row: EngineRow) -> Result<Blueprint, String> {
        let failed = |why: &str| format!("engine {}: {why}", row.name);
        let labels = serde_json::from_str(&row.labels).map_err(|_| failed("its labels cannot be read"))?;
        let tls = match &row.tls {
            Some(sealed) => {
                let text = self.seal.open_sealed(&place(&row.name), sealed).map_err(|e| failed(&e.to_string()))?;
                Some(serde_json::from_str(&text).map_err(|_| failed("its certificates cannot be read"))?)
            }
            None => None,
        };
        Ok(Blueprint { name: row.name, url: row.url, labels, tls, declared: false })
    }

    /// The row to keep of an engine.
    pub fn row(&self, blueprint: &Blueprint, created_at: i64) -> Result<EngineRow, String> {
        let tls = match &blueprint.tls {
            Some(pem) => Some(self.seal.seal(&place(&blueprint.name), &json(pem)?).map_err(|e| e.to_string())?),
            None => None,
        };
        let labels = json(&blueprint.labels)?;
        Ok(EngineRow { name: blueprint.name.clone(), url: blueprint.url.clone(), labels, tls, created_at })
    }
}

fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|e| e.to_string())
}

fn from_settings(section: &EngineSection) -> Result<Blueprint, String> {
    let read = |path: &std::path::Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let tls = match &section.tls {
        Some(files) => Some(Pem { ca: read(&files.ca)?, cert: read(&files.cert)?, key: read(&files.key)? }),
        None => None,
    };
    Ok(Blueprint { name: section.name.clone(), url: section.url.clone(), labels: section.labels.clone(), tls, declared: true })
}
