//! Copies from one repository to another, told step by step.
//!
//! Two rights are asked for and two records kept: to pull at the source, and to push, create or retag at the target. A copy lasts as long as both
//! rights do and somebody listens; what has arrived by then stays, and the tag is set last.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Extension, extract::State, response::Response};
use futures_util::{Stream, stream};
use pilothouse_app::api::{
    Code, Problem,
    repositories::{CopyInput, CopyProgress, ManifestCopy},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    task::JoinHandle,
};

use super::{Place, bound::Bound, check_reference, registry};
use crate::{
    access::{Known, Operation, Permission, Permit, is_digest, is_repository_name, is_tag, table::oci::PUTS},
    api::{Api, ApiError, Input, Named, Who, live},
    audit::{Ending, Entry, field},
    authn::Principal,
    backends::oci::copy::{Copy, CopyError, Moved, Progress, Side, Wanted},
    lease::{Lease, Over},
    operate::{Begun, Failure, Refused},
};

/// Copies at the same time.
const AT_ONCE: usize = 16;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
/// How often a copy tells how far it is, at most.
const STEP: Duration = Duration::from_millis(100);

pub async fn copy(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry_name, repository)): Place,
    Input(input): Input<CopyInput>,
) -> Result<Response, ApiError> {
    let mut source = Operation::on_repository("ManifestCopy", Permission::RepositoryPull, &registry_name, &repository, &input.reference).durable();
    if is_digest(&input.reference) {
        source.known = Some(Known { name: source.object.clone(), id: input.reference.clone() });
    }
    // Of somebody who may not pull it, nothing is asked at the target.
    let target = if api.operator.may(&who, &source) { Some(Target::begin(&api, &who, &input).await?) } else { None };
    live::steps::<ManifestCopy, _, _>(
        &api,
        &who,
        source,
        |step| step.error.is_some(),
        async |permit| {
            let mut target = target.ok_or_else(|| ApiError::new(Code::Conflict, "The right to this has just changed. Try again."))?;
            match prepare(&api, (&who, &permit), (&registry_name, &repository), &target, input).await {
                Ok((copy, turn)) => Ok(steps(copy, turn, target)),
                Err(error) => {
                    target.end(ending(&error), &error.0.title);
                    Err(error)
                }
            }
        },
    )
    .await
}

/// The target's half: its permit, its record, and how long the right to it lasts.
struct Target {
    permit: Permit,
    /// Gone once it is finished.
    entry: Option<Entry>,
    lease: Option<Lease>,
    tag: String,
    /// What was changed, or was about to be.
    moved: Vec<Moved>,
    /// What a guardrail would have stopped, if it did more than warn.
    warned: Arc<OnceLock<String>>,
}

impl Target {
    async fn begin(api: &Api, who: &Principal, input: &CopyInput) -> Result<Self, ApiError> {
        let operation = |permission| Operation::on_repository("ManifestCopy", permission, &input.to_registry, &input.to_repository, &input.to_tag);
        // The same as at the door, and they allow the same.
        let held = PUTS.iter().copied().find(|permission| api.operator.may(who, &operation(*permission)));
        // Of what is not held, the least is named.
        let begun = api.operator.begin(who, operation(held.unwrap_or(Permission::RepositoryCreate))).await;
        let Begun { permit, entry, lease } = begun.map_err(|refused| match refused {
            // That they may not is all that is said: it is the same whether or not there is such a registry.
            Refused::Denied(denied) => {
                ApiError(Problem::new(Code::Forbidden, denied.reason).detail("Ask an administrator for a role that holds it."))
            }
            refused => refused.into(),
        })?;
        Ok(Self { permit, entry: Some(entry), lease: Some(lease), tag: input.to_tag.clone(), moved: Vec::new(), warned: Arc::default() })
    }

    /// Writes down what came of it.
    fn end(&mut self, ending: Ending, note: &str) {
        let Some(mut entry) = self.entry.take() else { return };
        entry.note(note);
        if let Some(warned) = self.warned.get() {
            entry.also(warned);
        }
        entry.changed(self.moved.iter().map(|moved| self.change(moved)).collect());
        entry.finish(ending);
    }

    /// A list of referrers is changed under a tag of its own.
    fn change(&self, moved: &Moved) -> crate::audit::Change {
        let name = if moved.tag == self.tag { "digest" } else { &moved.tag };
        field(name, moved.before.as_deref(), Some(&moved.after))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Whoever listened has left. Once a tag is being set, it may be or not.
        if self.moved.is_empty() {
            self.end(Ending::failed(499), "It was broken off before anything was tagged.");
        } else {
            self.end(Ending::unknown(), "It was broken off.");
        }
    }
}

fn ending(error: &ApiError) -> Ending {
    let is_denied = matches!(error.0.code, Code::Forbidden | Code::Guardrail);
    if is_denied { Ending::denied(error.status()) } else { Ending::failed(error.status()) }
}

/// Makes sure that what is asked for can be: both rights are held.
async fn prepare(
    api: &Api,
    (who, permit): (&Principal, &Permit),
    (source, repository): (&str, &str),
    target: &Target,
    input: CopyInput,
) -> Result<(Copy<Bound>, SemaphorePermit<'static>), ApiError> {
    check_reference("reference", &input.reference)?;
    if !is_repository_name(repository) {
        return Err(ApiError::new(Code::NotFound, "There is no such repository: this is no repository's name."));
    }
    if !is_repository_name(&input.to_repository) {
        return Err(ApiError::field("to_repository", "A repository's name is parts of a-z, 0-9 and . _ - between them, with / between the parts."));
    }
    if !is_tag(&input.to_tag) {
        return Err(ApiError::field("to_tag", "A tag is 1 to 128 of letters, digits, _ . and -, and does not begin with . or -."));
    }
    let from = Side { registry: registry(api, source)?, repository: repository.to_owned(), permit: permit.clone() };
    let there = registry(api, &input.to_registry).map_err(|error| ApiError(error.0.field("to_registry")))?;
    let to = Side { registry: there, repository: input.to_repository, permit: target.permit.clone() };
    let turn = TURNS.try_acquire().map_err(|_| ApiError::new(Code::Overloaded, format!("{AT_ONCE} copies are on their way; try again shortly.")))?;
    let CopyInput { reference, to_tag: tag, referrers, overwrite, .. } = input;
    let wanted = Wanted { reference, tag, referrers, overwrite };
    let gate = Bound { guardrails: api.guardrails.clone(), rules: api.rules.clone(), who: who.clone(), warned: target.warned.clone() };
    Ok((Copy::prepare(api.registrar.registries.clone(), from, to, gate, wanted).await?, turn))
}

/// A copy on its way. It ends when nobody listens any more.
struct Running {
    work: JoinHandle<CopyProgress>,
    progress: watch::Receiver<CopyProgress>,
    is_over: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Begins a copy: a task of its own, so that whoever listens slowly does not hold it up.
fn steps(copy: Copy<Bound>, turn: SemaphorePermit<'static>, target: Target) -> impl Stream<Item = Result<CopyProgress, ApiError>> + Send + 'static {
    let progress = Arc::new(Progress::default());
    let watched = progress.watch();
    let work = tokio::spawn(async move {
        let _turn = turn;
        run(&copy, &progress, target).await
    });
    stream::unfold(Running { work, progress: watched, is_over: false }, async |mut running| {
        if running.is_over {
            return None;
        }
        let Running { work, progress, is_over } = &mut running;
        let more = async {
            tokio::time::sleep(STEP).await;
            // With the copy over there is no more to come; its last word is the task's.
            if progress.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let step = tokio::select! {
            biased;
            last = work => {
                *is_over = true;
                last.map_err(|_| ApiError::internal())
            }
            () = more => Ok(progress.borrow_and_update().clone()),
        };
        Some((step, running))
    })
}

/// Copies, and says what came of it.
async fn run(copy: &Copy<Bound>, progress: &Arc<Progress>, mut target: Target) -> CopyProgress {
    let lease = target.lease.take();
    let right = async {
        match lease {
            Some(mut lease) => lease.ended().await,
            None => Over::Right,
        }
    };
    let done = tokio::select! {
        over = right => Err(over),
        done = copy.run(progress, &mut target.moved) => Ok(done),
    };
    let mut last = progress.now();
    match done {
        Ok(Ok(())) => {
            target.end(Ending::ok(200), "");
            last.digest = Some(copy.digest().to_owned());
        }
        Ok(Err(error)) => {
            let sentence = error.to_string();
            target.end(ending(&error.into()), &sentence);
            last.error = Some(sentence);
        }
        Err(over) => {
            target.end(over.ending(Ending::ok(200)), over.reason());
            last.error = Some(over.reason().to_owned());
        }
    }
    last
}

impl From<CopyError> for ApiError {
    fn from(error: CopyError) -> Self {
        let sentence = error.to_string();
        let code = match error {
            CopyError::NotThere(_) => Code::NotFound,
            CopyError::Taken(_) => Code::Conflict,
            CopyError::Denied(_) => Code::Forbidden,
            CopyError::Rule(_) => return Self::rule(sentence),
            CopyError::Guardrail(_) => Code::Guardrail,
            CopyError::TooLarge(_) => Code::TooLarge,
            CopyError::Wrong(_) => Code::BackendError,
            CopyError::Stalled(_) => Code::BackendTimeout,
            CopyError::Registry { error, .. } => ApiError::from(error).0.code,
        };
        Self::new(code, sentence)
    }
}
