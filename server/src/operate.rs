//! The one way of a request: decide, write down the intent, act, write down the outcome.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;

use crate::{
    access::{Denied, Operation, Permit, Place, Policy, Target},
    audit::{Ending, Entry, Trail, TrailDown},
    authn::{Credentials, Principal},
    backends::{Engines, docker::EngineError},
    clock::now_ms,
    lease::Lease,
};

/// Why an operation was not begun.
#[derive(Debug)]
pub enum Refused {
    Denied(Denied),
    /// The engine does not say whose the object is.
    NotKnown(EngineError),
    /// The intent could not be written down.
    TrailDown,
}

impl From<TrailDown> for Refused {
    fn from(_: TrailDown) -> Self {
        Refused::TrailDown
    }
}

/// An operation that was allowed and written down, and may now happen.
pub struct Begun {
    pub permit: Permit,
    pub entry: Entry,
    pub lease: Lease,
}

/// What every door asks before it acts.
pub struct Operator {
    policy: ArcSwap<Policy>,
    trail: Trail,
    credentials: Arc<Credentials>,
    engines: Arc<Engines>,
    /// Told whenever a right may have ended.
    changed: tokio::sync::watch::Sender<()>,
    stopping: AtomicBool,
}

impl Operator {
    pub fn new(policy: Policy, trail: Trail, credentials: Arc<Credentials>, engines: Arc<Engines>) -> Self {
        Self {
            policy: ArcSwap::from_pointee(policy),
            trail,
            credentials,
            engines,
            changed: tokio::sync::watch::Sender::new(()),
            stopping: AtomicBool::new(false),
        }
    }

    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Puts new rights in force; live streams that lost theirs end.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
        self.rights_changed();
    }

    /// Makes every live stream look again whether it may go on.
    pub fn rights_changed(&self) {
        self.changed.send_replace(());
    }

    /// Ends every live stream: Pilothouse stops.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.rights_changed();
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Whether `who` still stands and may still do `operation`: what a lease asks.
    pub fn still_allowed(&self, who: &Principal, operation: &Operation) -> bool {
        self.credentials.stands(&who.credential) && self.policy.load().decide(&who.subject, operation.clone(), now_ms()).is_ok()
    }

    /// Decides, and writes down the intent. On a strict permission the intent is on disk when this returns.
    pub async fn begin(self: &Arc<Self>, who: &Principal, operation: Operation) -> Result<Begun, Refused> {
        let changed = self.changed.subscribe();
        let operation = self.with_owner(who, operation).await?;
        let decision = self.policy.load().decide(&who.subject, operation.clone(), now_ms());
        match decision {
            Ok(permit) => {
                let entry = self.trail.begin(who, &permit).await?;
                let lease = Lease::new(self.clone(), who.clone(), operation, changed);
                Ok(Begun { permit, entry, lease })
            }
            Err(denied) => {
                self.trail.denied(who, &operation, &denied).await?;
                Err(Refused::Denied(denied))
            }
        }
    }

    /// The operation, with whose its object is where the decision depends on that.
    async fn with_owner(&self, who: &Principal, mut operation: Operation) -> Result<Operation, Refused> {
        if !self.policy.load().depends_on_owner(&who.subject, &operation, now_ms()) {
            return Ok(operation);
        }
        let (Place::One(thing), Target::Engine(name)) = (operation.place, &operation.target) else { return Ok(operation) };
        let Some(engine) = self.engines.get(name) else { return Ok(operation) };
        operation.owner = engine.owner(thing, &operation.object).await.map_err(Refused::NotKnown)?;
        Ok(operation)
    }

    /// Does `action` if it is allowed, between an intent and an outcome.
    pub async fn operate<T, E>(
        self: &Arc<Self>,
        who: &Principal,
        operation: Operation,
        action: impl AsyncFnOnce(Permit) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Refused> + Failure,
    {
        let Begun { permit, entry, .. } = self.begin(who, operation).await?;
        let result = action(permit).await;
        entry.finish(match &result {
            Ok(_) => Ending::ok(200),
            Err(error) => Ending::failed(error.status()),
        });
        result
    }
}

/// An error that has an HTTP status, for the outcome.
pub trait Failure {
    fn status(&self) -> u16;
}
