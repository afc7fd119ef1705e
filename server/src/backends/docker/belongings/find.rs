//! Whose a thing is, by what a client calls it.

use std::time::Duration;

use super::{
    super::{Engine, EngineError, typed::call},
    follow,
    index::Found,
};
use crate::access::{Known, Owner, Thing, watch};

/// How long a first reading of everything may be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

impl Engine {
    /// Whose a thing is; `None` when there is none of this name, or several.
    ///
    /// # Errors
    /// When the engine cannot be asked: then nobody knows.
    pub async fn owner(&self, thing: Thing, called: &str) -> Result<Option<Owner>, EngineError> {
        self.known().await?;
        match self.belongings.read().find(thing, called) {
            Found::One(owner) => return Ok(Some(owner)),
            Found::Several => return Ok(None),
            Found::None => {}
        }
        if !is_plain(called) {
            return Ok(None);
        }
        // It may have been made a moment ago, and the event is still on its way.
        match follow::learn(self, thing, called).await {
            Ok(()) => {}
            Err(EngineError::NotFound(_) | EngineError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(match self.belongings.read().find(thing, called) {
            Found::One(owner) => Some(owner),
            _ => None,
        })
    }

    /// What a thing is called and its id, as far as it is known already: nothing is asked for. Of a command in a container and of a task it
    /// is the container and the service.
    pub fn identify(&self, thing: Thing, called: &str) -> Option<Known> {
        self.belongings.read().identify(thing, called)
    }

    /// Whose a thing is, as far as it is known already: nothing is asked for.
    pub fn owner_known(&self, thing: Thing, called: &str) -> Option<Owner> {
        match self.belongings.read().find(thing, called) {
            Found::One(owner) => Some(owner),
            Found::Several | Found::None => None,
        }
    }

    /// Looks at a thing again.
    ///
    /// # Errors
    /// When it is not there, or the engine cannot be asked.
    pub async fn relearn(&self, thing: Thing, called: &str) -> Result<(), EngineError> {
        follow::learn(self, thing, called).await
    }

    /// Makes an image a project's, too: somebody there pulled it or gave it a name.
    pub async fn claim(&self, image: &str, project: &str) {
        if let Err(error) = self.relearn(Thing::Image, image).await {
            tracing::debug!(engine = self.name, %error, "An image could not be looked at.");
        }
        self.belongings.claim_image(image, project);
    }

    /// Waits until what belongs to whom was read.
    ///
    /// # Errors
    /// When the engine does not say it in time.
    pub async fn known(&self) -> Result<(), EngineError> {
        let mut whole = self.belongings.watch_whole();
        let waited = tokio::time::timeout(PATIENCE, whole.wait_for(|whole| *whole)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            _ => Err(EngineError::Timeout),
        }
    }

    /// Whether a thing with these labels belongs to what a permit reaches.
    pub fn reaches(&self, permit: &crate::access::Permit, thing: Thing, id: &str) -> bool {
        permit.reach().projects().is_none() || permit.reach().includes_any(&self.belongings.projects(thing, id))
    }

    /// Waits for what a list is cut by, if it is to be cut.
    ///
    /// # Errors
    /// As of [`Engine::known`].
    pub async fn ready_for(&self, permit: &crate::access::Permit) -> Result<(), EngineError> {
        if permit.reach().projects().is_some() { self.known().await } else { Ok(()) }
    }
}

/// Whether a name can stand in a path of ours.
fn is_plain(called: &str) -> bool {
    let charset = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b':' | b'@');
    (1..=512).contains(&called.len()) && called.bytes().all(charset) && !called.split('/').any(|part| matches!(part, "." | ".."))
}

/// The house's permit to ask about what belongs to whom.
pub(super) fn own(engine: &Engine) -> crate::access::Permit {
    watch(&engine.name)
}

pub(super) async fn read<T: serde::de::DeserializeOwned>(engine: &Engine, path: &str) -> Result<T, EngineError> {
    call::read(engine, &own(engine), path).await
}

pub(super) async fn list<T: serde::de::DeserializeOwned + Send + 'static>(engine: &Engine, path: &str) -> Result<T, EngineError> {
    call::list(engine, &own(engine), path).await
}
