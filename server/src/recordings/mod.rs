//! Recordings of sessions: what passed through a terminal, in which order, at which times.
//!
//! A session's door feeds a [`Recorder`] with what goes both ways; a task of its own makes lines of asciicast of it and keeps them in chunks,
//! compressed and sealed. The digest of all of it goes into the session's audit record, and so into the chain. docs/recordings.md says what
//! that proves.

mod cast;
mod demux;
mod keep;
mod recorder;
mod replay;
mod rules;
mod running;
mod utf8;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

pub use cast::read as read_line;
pub use keep::LONGEST;
pub use recorder::{Feed, Recorder, close, stopped};
pub use replay::{Proof, ReplayError};
pub use rules::{Plan, Rule, Where};
pub use running::{Look, Running, Stop};

use crate::{
    clock::now_ms,
    seal::Seal,
    store::{
        Store, StoreError,
        recordings::{RecordingRow, RecordingRuleRow},
    },
};

/// How many events of one session may wait to be recorded.
const QUEUE: usize = 16_384;
/// How many rules there may be: each is looked at for each session.
const MOST: usize = 500;
/// How long the beginning of a recording may take to be written.
const BEGIN: Duration = Duration::from_secs(4);
/// The size of a terminal until it says its own.
const SIZE: (u16, u16) = (80, 24);

/// What a session's recording says of it.
pub struct About<'a> {
    /// The id of its audit record.
    pub record: i64,
    pub engine: &'a str,
    /// The container's name and id.
    pub container: &'a str,
    pub container_id: &'a str,
    /// The engine's own id of what the terminal belongs to.
    pub process: &'a str,
    pub operation: &'a str,
    pub door: &'a str,
    pub user: &'a str,
    /// The program, where it is known.
    pub command: Option<&'a str>,
    pub tty: bool,
    /// Columns and rows, where they are known.
    pub size: Option<(u16, u16)>,
}

/// A session that has to be recorded, and cannot be: there shall be none.
#[derive(Debug, thiserror::Error)]
#[error("This session must be recorded, and the recording cannot be written now, so nothing was started.")]
pub struct NotRecordable;

/// Why a change of the rules was not made.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("there are as many recording rules as there may be")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All recordings, and the rules in force.
pub struct Recordings {
    store: Store,
    seal: Seal,
    rules: ArcSwap<Vec<Rule>>,
    running: Mutex<HashMap<i64, Arc<Running>>>,
    /// Held while something is changed: what is in force is to be what was written last.
    changes: tokio::sync::Mutex<()>,
}

/// Where a chunk is kept: what it is sealed for.
fn place(recording: i64, n: i64) -> String {
    format!("recordings/{recording}/{n}")
}

async fn load(store: &Store) -> Result<Vec<Rule>, String> {
    store.recording_rules().await.map_err(|error| error.to_string())?.iter().map(rules::read).collect()
}

impl Recordings {
    /// Closes what a crash left open, and puts the rules in force.
    ///
    /// # Errors
    /// When the rules cannot be read: nobody could say what is to be recorded.
    pub async fn open(store: Store, seal: Seal, writer: i64) -> Result<Arc<Self>, String> {
        let cut = store.close_recordings(writer).await.map_err(|error| error.to_string())?;
        if cut > 0 {
            tracing::warn!(recordings = cut, "Recordings were open when Pilothouse ended; they hold what passed until then.");
        }
        let rules = ArcSwap::from_pointee(load(&store).await?);
        Ok(Arc::new(Self { store, seal, rules, running: Mutex::default(), changes: tokio::sync::Mutex::default() }))
    }

    /// Whether it depends on the project of a container on this engine how it is recorded.
    pub fn asks_for_projects(&self, engine: &str) -> bool {
        rules::ask_for_projects(&self.rules.load(), engine)
    }

    /// How a session is recorded; `None` for not at all.
    pub fn plan(&self, place: &Where<'_>) -> Option<Plan> {
        rules::choose(&self.rules.load(), place)
    }

    /// Begins to record a session, before anything is started for it. `None` when that is not possible and need not be.
    ///
    /// # Errors
    /// When it must be recorded, and cannot be.
    pub async fn begin(self: &Arc<Self>, plan: &Plan, about: &About<'_>) -> Result<Option<Recorder>, NotRecordable> {
        let (width, height) = about.size.unwrap_or(SIZE);
        let now = now_ms();
        let row = RecordingRow {
            id: about.record,
            engine: about.engine.to_owned(),
            object: about.container.to_owned(),
            object_id: about.container_id.to_owned(),
            operation: about.operation.to_owned(),
            door: about.door.to_owned(),
            username: about.user.to_owned(),
            started_at: now,
            width: width.into(),
            height: height.into(),
            tty: about.tty,
            input: plan.input,
            strict: plan.strict,
            rule: plan.rule.clone(),
            ..RecordingRow::default()
        };
        let why = match tokio::time::timeout(BEGIN, self.store.add_recording(&row)).await {
            Ok(Ok(())) => return Ok(Some(self.start(plan, about, (width, height), now))),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::error!(session = about.record, why, strict = plan.strict, "A session cannot be recorded.");
        if plan.strict { Err(NotRecordable) } else { Ok(None) }
    }

    /// Looks whether a session could be recorded that must be. Command lines tell people why something could not be prepared, and nothing of
    /// why it could not be started.
    ///
    /// # Errors
    /// When it could not.
    pub async fn prepare(&self, plan: &Plan) -> Result<(), NotRecordable> {
        if !plan.strict {
            return Ok(());
        }
        match tokio::time::timeout(BEGIN, self.store.try_recording()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(NotRecordable),
        }
    }

    fn start(self: &Arc<Self>, plan: &Plan, about: &About<'_>, size: (u16, u16), now: i64) -> Recorder {
        let (feed, inbox) = mpsc::channel(QUEUE);
        let (done, digest) = oneshot::channel();
        let running = Arc::new(Running::new(about.record, about.engine, about.process, plan.strict, feed));
        self.all().insert(about.record, running.clone());
        let title = format!("{} in {} on {} by {}", about.operation, about.container, about.engine, about.user);
        let head = cast::Head { width: size.0, height: size.1, started_at: now, title: &title, command: about.command, tty: about.tty };
        let keeper = keep::Keeper::new(self.clone(), running.clone(), size);
        tokio::spawn(keeper.run(cast::head(&head), inbox, done));
        Recorder::new(running, plan.input, about.tty, digest)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<i64, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session that is being recorded.
    pub fn running(&self, id: i64) -> Option<Arc<Running>> {
        self.all().get(&id).cloned()
    }

    fn forget(&self, id: i64) {
        self.all().remove(&id);
    }

    /// A terminal on this engine has another size: of a program, or of a container, by its id.
    pub fn resized(&self, engine: &str, process: &str, columns: u16, rows: u16) {
        if process.is_empty() {
            return;
        }
        for running in self.all().values().filter(|running| running.engine == engine && running.process == process) {
            running.resize(columns, rows);
        }
    }

    pub async fn add_rule(&self, row: &RecordingRuleRow) -> Result<(), RuleError> {
        let _alone = self.changes.lock().await;
        if self.rules.load().len() >= MOST {
            return Err(RuleError::TooMany);
        }
        self.store.add_recording_rule(row).await?;
        self.reload().await;
        Ok(())
    }

    pub async fn update_rule(&self, row: &RecordingRuleRow) -> Result<(), RuleError> {
        let _alone = self.changes.lock().await;
        self.store.update_recording_rule(row).await?;
        self.reload().await;
        Ok(())
    }

    /// `false` when there is no such rule.
    pub async fn delete_rule(&self, id: &str) -> Result<bool, RuleError> {
        let _alone = self.changes.lock().await;
        let found = self.store.delete_recording_rule(id).await?;
        self.reload().await;
        Ok(found)
    }

    /// Does not give up: a rule that is written must be in force.
    pub async fn reload(&self) {
        loop {
            match load(&self.store).await {
                Ok(rules) => return self.rules.store(Arc::new(rules)),
                Err(error) => {
                    tracing::error!(%error, "A change of recording rules is written and not in force yet.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}
