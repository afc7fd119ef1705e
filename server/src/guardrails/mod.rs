//! The guardrails in force: kept in the store, held in memory, asked at every door. What is changed is in force when the call returns.

mod check;
mod hits;
mod images;
mod project;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, mpsc};

use crate::{
    access::{
        Part, Permit, Scope, Share, Target,
        guard::{Guardrail, Mode, Rule, check_rule},
        is_under,
    },
    authn::secret,
    clock::now_ms,
    config::GuardrailSection,
    image_policy::{ImagePolicy, Signers},
    store::{Store, StoreError, guardrails::GuardrailRow},
};

pub use check::{Checked, Stopped};
pub use hits::{KEPT_MS, Writer};
pub use images::Pulled;

/// How many guardrails there may be: each is looked at for each request.
const MOST: usize = 500;

/// The guardrails in force.
pub struct Guardrails {
    store: Store,
    in_force: ArcSwap<Vec<Guardrail>>,
    /// What is known of images.
    images: ImagePolicy,
    hits: mpsc::Sender<crate::store::guardrails::HitRow>,
    /// Held while something is changed: what is in force is to be what was written last.
    changes: Mutex<()>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum GuardrailError {
    #[error("there are as many guardrails as there may be")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a guardrail is made of, in the contract's and the settings' own words.
pub struct Draft<'a> {
    pub name: &'a str,
    pub mode: Mode,
    pub scope: &'a str,
    pub roles: &'a [String],
    pub rule: &'a Rule,
}

impl Draft<'_> {
    /// Checks what it says.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !crate::access::is_target_name(self.name) {
            return Err(("name", "A name is 1 to 63 of a-z, 0-9 and -, not starting with -.".to_owned()));
        }
        if self.scope.parse::<Scope>().map_err(|why| ("scope", why))?.is_of_registry() && !self.rule.is_of_images() {
            return Err(("scope", "A guardrail of this kind judges what engines are asked for: name an engine, labels, or all.".to_owned()));
        }
        if let Rule::Signed { keys, identities } = self.rule {
            Signers::read(keys, identities)?;
        }
        let is_role = |name: &String| (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if self.roles.len() > 64 || !self.roles.iter().all(is_role) {
            return Err(("roles", "Roles are at most 64 names of roles; none at all means everybody.".to_owned()));
        }
        check_rule(self.rule)
    }

    /// The row to keep of it.
    pub fn row(&self, id: String, created_by: &str, declared: bool) -> GuardrailRow {
        GuardrailRow {
            id,
            name: self.name.to_owned(),
            mode: self.mode.name().to_owned(),
            scope: self.scope.to_owned(),
            roles: json(&self.roles),
            rule: json(self.rule),
            created_at: now_ms(),
            created_by: created_by.to_owned(),
            declared,
        }
    }
}

/// These are plain data, which always can be written.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What a row says.
///
/// # Errors
/// When it cannot be read: then nothing may pass for it.
pub fn read(row: &GuardrailRow) -> Result<Guardrail, String> {
    let failed = |what: &str| format!("The guardrail {}: its {what} cannot be read.", row.name);
    Ok(Guardrail {
        id: row.id.clone(),
        name: row.name.clone(),
        mode: Mode::named(&row.mode).ok_or_else(|| failed("mode"))?,
        scope: row.scope.parse().map_err(|_| failed("scope"))?,
        roles: serde_json::from_str(&row.roles).map_err(|_| failed("roles"))?,
        rule: serde_json::from_str(&row.rule).map_err(|_| failed("rule"))?,
    })
}

async fn load(store: &Store) -> Result<Vec<Guardrail>, String> {
    store.guardrails().await.map_err(|e| e.to_string())?.iter().map(read).collect()
}

/// Whether a guardrail is about what `permit` allows, on an engine with these labels. `project` is where something new says that it belongs;
/// `None` for what is not new.
pub fn applies(guardrail: &Guardrail, permit: &Permit, labels: &BTreeMap<String, String>, project: Option<Option<&str>>) -> bool {
    is_for(guardrail, permit) && is_here(&guardrail.scope, permit, labels, project)
}

fn is_for(guardrail: &Guardrail, permit: &Permit) -> bool {
    let by = permit.grant().map(|grant| grant.role.as_str());
    guardrail.roles.is_empty() || by.is_some_and(|by| guardrail.roles.iter().any(|role| role == by))
}

/// Whether a guardrail is about a pull from this repository of a registry with these labels.
fn applies_to_pull(guardrail: &Guardrail, permit: &Permit, registry: &str, labels: &BTreeMap<String, String>, repository: &str) -> bool {
    let is_here = match guardrail.scope.share_of(registry, labels) {
        None => false,
        Some(Share::Whole) => true,
        Some(Share::Prefix(prefix)) => is_under(repository, prefix),
    };
    is_here && is_for(guardrail, permit)
}

impl Guardrails {
    /// Puts in force what is kept and what the settings declare. What these declared before and do not any more is gone.
    ///
    /// # Errors
    /// One sentence each for what cannot be read: without all of its guardrails nothing starts.
    pub async fn open(store: Store, images: ImagePolicy, declared: &[GuardrailSection]) -> Result<(Arc<Self>, Writer), Vec<String>> {
        declare(&store, declared).await?;
        let in_force = load(&store).await.map_err(|why| vec![why])?;
        let (hits, inbox) = mpsc::channel(hits::QUEUE);
        let writer = Writer::new(store.clone(), inbox);
        Ok((Arc::new(Self { store, in_force: ArcSwap::from_pointee(in_force), images, hits, changes: Mutex::new(()) }), writer))
    }

    /// Those in force that [`applies`] says are about it.
    pub fn applying(&self, permit: &Permit, labels: &BTreeMap<String, String>, project: Option<Option<&str>>) -> Vec<Guardrail> {
        self.in_force.load().iter().filter(|guardrail| applies(guardrail, permit, labels, project)).cloned().collect()
    }

    pub async fn add(&self, draft: &Draft<'_>, id: String, created_by: &str) -> Result<GuardrailRow, GuardrailError> {
        let _alone = self.changes.lock().await;
        if self.in_force.load().len() >= MOST {
            return Err(GuardrailError::TooMany);
        }
        let row = draft.row(id, created_by, false);
        self.store.add_guardrail(&row).await?;
        self.reload().await;
        Ok(row)
    }

    pub async fn update(&self, row: &GuardrailRow) -> Result<(), GuardrailError> {
        let _alone = self.changes.lock().await;
        self.store.update_guardrail(row).await?;
        self.reload().await;
        Ok(())
    }

    /// `false` when there is no such guardrail.
    pub async fn delete(&self, id: &str) -> Result<bool, GuardrailError> {
        let _alone = self.changes.lock().await;
        let found = self.store.delete_guardrail(id).await?;
        self.reload().await;
        Ok(found)
    }

    /// Does not give up: a rule that is written must be in force.
    pub async fn reload(&self) {
        loop {
            match load(&self.store).await {
                Ok(guardrails) => return self.in_force.store(Arc::new(guardrails)),
                Err(error) => {
                    tracing::error!(%error, "A change of guardrails is written and not in force yet.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// Whether a scope takes in what `permit` is for. A rule of a project is for what is made in it, and for whoever reaches into it: whose a thing is
/// that is changed is not looked up for those who reach everything, so it may be the project's.
fn is_here(scope: &Scope, permit: &Permit, labels: &BTreeMap<String, String>, project: Option<Option<&str>>) -> bool {
    let Target::Engine(engine) = &permit.operation().target else { return false };
    match scope.part_of(engine, labels) {
        None => false,
        Some(Part::Whole) => true,
        Some(Part::Project(of)) => match project {
            Some(Some(says)) => says == of,
            // It is put into a project of those that the permit reaches.
            Some(None) => permit.reach().projects().is_some() && permit.reach().includes(Some(of)),
            None => permit.reach().includes(Some(of)),
        },
    }
}

/// Writes what the settings declare.
async fn declare(store: &Store, declared: &[GuardrailSection]) -> Result<(), Vec<String>> {
    let one = |error: StoreError| vec![error.to_string()];
    let mut mistakes = Vec::new();
    let mut names = HashSet::new();
    for section in declared {
        if let Err((field, why)) = section.draft().check() {
            mistakes.push(format!("guardrails: {}: {field}: {why}", section.name));
        }
        if !names.insert(section.name.as_str()) {
            mistakes.push(format!("guardrails: {} is declared twice.", section.name));
        }
    }
    let kept = store.guardrails().await.map_err(one)?;
    for row in kept.iter().filter(|row| !row.declared && names.contains(row.name.as_str())) {
        mistakes
            .push(format!("guardrails: {} was put up by {} already; take it down first, or give this one another name.", row.name, row.created_by));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    for row in kept.iter().filter(|row| row.declared && !names.contains(row.name.as_str())) {
        store.delete_guardrail(&row.id).await.map_err(one)?;
    }
    for section in declared {
        match kept.iter().find(|row| row.name == section.name) {
            // The same one: what it found before stays its own.
            Some(row) => {
                let row = section.draft().row(row.id.clone(), "", true);
                store.update_guardrail(&row).await.map_err(one)?;
            }
            None => {
                let id = secret::id().map_err(|e| vec![e.to_string()])?;
                let row = section.draft().row(id, "pilothouse.toml", true);
                store.add_guardrail(&row).await.map_err(one)?;
            }
        }
    }
    Ok(())
}
