//! The trail's one writer: collects what is waiting and commits it together.

use std::{collections::HashMap, future::Future, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{Ending, Intent, QUEUE, Record, Trail};

/// How many records one commit takes at most.
const GROUP: usize = 2_048;
/// How long plain reads may wait for company when nothing strict is waiting: it turns two writes into one.
const LINGER: Duration = Duration::from_millis(25);
/// How long to wait before trying again when the disk took nothing.
const RETRY: Duration = Duration::from_millis(500);

/// An outcome with the id of its intent.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub id: i64,
    pub ending: Ending,
    pub duration_ms: u64,
    pub note: String,
}

/// Where records are kept. The database, or a test's.
pub trait Journal: Send + Sync + 'static {
    /// Writes new records, with their outcome where it is known already, and late outcomes; durable when it returns `true`.
    fn write(&self, intents: &[(Box<Intent>, Option<Outcome>)], outcomes: &[Outcome]) -> impl Future<Output = bool> + Send;
}

#[derive(Default)]
struct Group {
    /// In the order they came: the trail is read by id, and ids grow.
    #[allow(clippy::vec_box, reason = "they come boxed, and go on as they came")]
    intents: Vec<Box<Intent>>,
    outcomes: HashMap<i64, Outcome>,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Group {
    fn add(&mut self, record: Record) {
        match record {
            Record::Intent { intent, durable } => {
                self.intents.push(intent);
                self.waiting.extend(durable);
            }
            Record::Outcome { id, ending, duration_ms, note } => {
                self.outcomes.insert(id, Outcome { id, ending, duration_ms, note });
            }
        }
    }

    fn len(&self) -> usize {
        self.intents.len() + self.outcomes.len()
    }
}

/// Starts the writer. `last` is the highest id that `journal` holds. The writer ends once every [`Trail`] and entry is gone.
pub fn spawn(journal: impl Journal, last: i64) -> (Trail, tokio::task::JoinHandle<()>) {
    let (records, inbox) = mpsc::channel(QUEUE);
    (Trail::new(records, last), tokio::spawn(run(journal, inbox)))
}

async fn run(journal: impl Journal, mut inbox: mpsc::Receiver<Record>) {
    let mut group = Group::default();
    while collect(&mut inbox, &mut group).await {
        let mut intents: Vec<_> = std::mem::take(&mut group.intents)
            .into_iter()
            .map(|intent| {
                let outcome = group.outcomes.remove(&intent.id);
                (intent, outcome)
            })
            .collect();
        let outcomes: Vec<_> = std::mem::take(&mut group.outcomes).into_values().collect();
        if journal.write(&intents, &outcomes).await {
            for waiting in group.waiting.drain(..) {
                let _ = waiting.send(true);
            }
            continue;
        }
        // Nobody may act on an intent that is not on disk: those who wait are refused, and their records dropped, since
        // nothing happened. What did happen is kept until it can be written.
        tracing::error!(records = intents.len(), "The audit trail cannot be written; changes are refused until it can.");
        let refused = !group.waiting.is_empty();
        for waiting in group.waiting.drain(..) {
            let _ = waiting.send(false);
        }
        intents.retain(|(intent, _)| !(intent.allowed && crate::access::Permission::named(intent.permission).is_some_and(|p| p.is_strict())));
        for (intent, outcome) in intents {
            group.outcomes.extend(outcome.map(|o| (o.id, o)));
            group.intents.push(intent);
        }
        group.outcomes.extend(outcomes.into_iter().map(|o| (o.id, o)));
        if !refused {
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Waits for records and takes all that are there; `false` when no more can come and none are left.
async fn collect(inbox: &mut mpsc::Receiver<Record>, group: &mut Group) -> bool {
    // What a failed commit left behind is tried again even if nothing new comes.
    if group.len() == 0 {
        match inbox.recv().await {
            Some(record) => group.add(record),
            None => return false,
        }
    }
    let linger = tokio::time::sleep(LINGER);
    tokio::pin!(linger);
    loop {
        // A group that could not be written is full at some point: then nothing more is taken, and the queue fills up.
        while group.len() < GROUP {
            match inbox.try_recv() {
                Ok(record) => group.add(record),
                Err(_) => break,
            }
        }
        if !group.waiting.is_empty() || group.len() >= GROUP {
            return true;
        }
        tokio::select! {
            record = inbox.recv() => match record {
                Some(record) => group.add(record),
                None => return true,
            },
            () = &mut linger => return true,
        }
    }
}
