//! The one way of a request: decide, write down the intent, act, write down the outcome.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;

use crate::{
    access::{Denied, Operation, Permit, Place, Policy, Target},
    audit::{Changed, Ending, Entry, Trail, TrailDown},
    authn::{Credentials, Principal, factors::Rules},
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
    /// Which roles ask for a second factor.
    factor_rules: ArcSwap<Rules>,
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
            factor_rules: ArcSwap::default(),
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

    pub fn factor_rules(&self) -> Arc<Rules> {
        self.factor_rules.load_full()
    }

    /// Puts new rules about second factors in force.
    pub fn set_factor_rules(&self, rules: Rules) {
        self.factor_rules.store(Arc::new(rules));
        self.rights_changed();
    }

    /// Whether `who` has to prove a second factor before anything but their account is theirs.
    pub fn is_held_back(&self, who: &Principal) -> bool {
        let proved = || self.credentials.by_id(&who.credential).is_some_and(|known| known.proved_at() > 0);
        self.factor_rules.load().hold_back(&self.policy.load(), who, now_ms(), proved)
    }

    /// Whether it would be allowed as things stand. Nothing is written down, so nothing may be done by it alone.
    pub fn may(&self, who: &Principal, operation: &Operation) -> bool {
        self.decide(who, operation.clone()).is_ok()
    }

    fn decide(&self, who: &Principal, operation: Operation) -> Result<Permit, Denied> {
        let permit = self.policy.load().decide(&who.subject, operation, now_ms())?;
        match Rules::refusal(permit.operation().permission) {
            Some(denied) if self.is_held_back(who) => Err(denied),
            _ => Ok(permit),
        }
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

    /// Whether `who` still stands and may still do what was permitted, as far as it was: what a lease asks. What a stream shows was settled
    /// when it began, so one that shows more than it now might ends.
    pub fn still_allowed(&self, who: &Principal, permit: &Permit) -> bool {
        let reaches = |now: Permit| now.reach().contains(permit.reach()) && (now.shows_environment() || !permit.shows_environment());
        self.credentials.stands(&who.credential) && self.decide(who, permit.operation().clone()).is_ok_and(reaches)
    }

    /// Decides, and writes down the intent. On a strict permission the intent is on disk when this returns.
    pub async fn begin(self: &Arc<Self>, who: &Principal, operation: Operation) -> Result<Begun, Refused> {
        let changed = self.changed.subscribe();
        let operation = self.with_owner(who, self.named(operation)).await?;
        match self.decide(who, operation.clone()) {
            Ok(permit) => {
                let entry = self.trail.begin(who, &permit).await?;
                let lease = Lease::new(self.clone(), who.clone(), permit.clone(), changed);
                Ok(Begun { permit, entry, lease })
            }
            Err(denied) => {
                self.trail.denied(who, &operation, &denied).await?;
                Err(Refused::Denied(denied))
            }
        }
    }

    /// The operation, with its object's name and id where both are known already.
    fn named(&self, mut operation: Operation) -> Operation {
        if let (Place::One(thing), Target::Engine(name)) = (operation.place, &operation.target) {
            operation.known = self.engines.get(name).and_then(|engine| engine.identify(thing, &operation.object));
        }
        operation
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
        match &result {
            Ok(_) => entry.finish(Ending::ok(200)),
            Err(error) => fail(entry, error),
        }
        result
    }
}

impl Operator {
    /// The same for what changes something: `action` says what.
    pub async fn change<T, E>(
        self: &Arc<Self>,
        who: &Principal,
        operation: Operation,
        action: impl AsyncFnOnce(Permit) -> Result<Changed<T>, E>,
    ) -> Result<T, E>
    where
        E: From<Refused> + Failure,
    {
        let Begun { permit, mut entry, .. } = self.begin(who, operation).await?;
        match action(permit).await {
            Ok(changed) => {
                let answer = entry.take(changed);
                entry.finish(Ending::ok(200));
                Ok(answer)
            }
            Err(error) => {
                fail(entry, &error);
                Err(error)
            }
        }
    }
}

/// Writes down that something that was begun came to this.
pub fn fail(mut entry: Entry, error: &impl Failure) {
    match error.denied() {
        Some(why) => {
            entry.note(why);
            entry.finish(Ending::denied(error.status()));
        }
        None => entry.finish(Ending::failed(error.status())),
    }
}

/// An error that has an HTTP status, for the outcome.
pub trait Failure {
    fn status(&self) -> u16;

    /// Why it was not allowed, if it was not, once it was read.
    fn denied(&self) -> Option<&str> {
        None
    }
}
