//! The trail's one writer: collects what is waiting, chains it, and commits it together.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{Ending, Ids, Intent, Outcome, QUEUE, Reads, Record, Trail, batch::batch, chain::Chain};
#[cfg(feature = "failpoints")]
use crate::failpoints;
use crate::store::{self, Store};

/// How many records one commit takes at most.
const GROUP: usize = 2_048;
/// How long plain reads may wait for company when nothing strict is waiting: it turns two writes into one.
const LINGER: Duration = Duration::from_millis(25);
/// How long to wait before trying again when the disk took nothing.
const RETRY: Duration = Duration::from_millis(500);

/// Opens the trail that `store` keeps, as its writer of this number: closes what a crash left open of it, and starts. It ends once every [`Trail`]
/// and entry is gone.
pub async fn open(store: Store, reads: Reads, writer: i64) -> store::Result<(Trail, JoinHandle<()>)> {
    let (records, inbox) = mpsc::channel(QUEUE);
    let (written, _) = watch::channel(0);
    let ids = Ids::new(writer, store.last_audit_id().await?);
    let trail = Trail::new(records, ids, reads, written.subscribe());
    let chain = end_of(&store, writer).await?;
    let mut writer = Writer { store, chain, open: HashSet::new(), written };
    writer.close_what_is_open().await?;
    Ok((trail, tokio::spawn(writer.run(inbox))))
}

async fn end_of(store: &Store, writer: i64) -> store::Result<Chain> {
    Ok(store.chain_end(writer).await?.and_then(|end| Chain::of(&end)).unwrap_or_else(|| Chain::new(writer)))
}

struct Writer {
    store: Store,
    /// Where the chain ends on disk.
    chain: Chain,
    /// Records on disk that are not ended.
    open: HashSet<i64>,
    /// How many records were written since the start.
    written: watch::Sender<u64>,
}

/// What is waiting to be written.
#[derive(Default)]
pub(super) struct Group {
    /// In the order they came: the trail is read by id, and ids grow.
    #[allow(clippy::vec_box, reason = "they come boxed, and go on as they came")]
    pub intents: Vec<Box<Intent>>,
    pub started: BTreeMap<i64, i64>,
    pub outcomes: BTreeMap<i64, Outcome>,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Group {
    fn add(&mut self, record: Record) {
        match record {
            Record::Intent { intent, durable } => {
                self.intents.push(intent);
                self.waiting.extend(durable);
            }
            Record::Started { id, at } => drop(self.started.insert(id, at)),
            Record::Outcome { id, outcome } => drop(self.outcomes.insert(id, *outcome)),
        }
    }

    fn len(&self) -> usize {
        self.intents.len() + self.started.len() + self.outcomes.len()
    }

    /// Leaves out what is about records that are neither here nor in `open`: they were refused for want of a disk, and nothing came of them.
    fn forget_strangers(&mut self, open: &HashSet<i64>) {
        let new: HashSet<i64> = self.intents.iter().map(|intent| intent.id).collect();
        let known = |id: &i64| new.contains(id) || open.contains(id);
        self.started.retain(|id, _| known(id));
        self.outcomes.retain(|id, _| known(id));
    }

    fn answer(&mut self, durable: bool) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(durable);
        }
    }
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Record>) {
        let mut group = Group::default();
        while collect(&mut inbox, &mut group).await {
            group.forget_strangers(&self.open);
            if self.write(&group).await {
                group.answer(true);
                self.written.send_modify(|written| *written += group.intents.len() as u64);
                group = Group::default();
                continue;
            }
            // Nobody may act on an intent that is not on disk: those who wait are refused, and their records dropped, since
            // nothing happened. What did happen is kept until it can be written.
            tracing::error!(records = group.intents.len(), "The audit trail cannot be written; changes are refused until it can.");
            let refused = !group.waiting.is_empty();
            group.answer(false);
            group.intents.retain(|intent| !intent.is_strict());
            if !refused {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Writes a group; `false` when it is not on disk.
    async fn write(&mut self, group: &Group) -> bool {
        #[cfg(feature = "failpoints")]
        if !group.outcomes.is_empty() && failpoints::fails(failpoints::BEFORE_OUTCOME).await {
            return false;
        }
        let mut chain = self.chain;
        let Some(batch) = batch(&mut chain, group) else {
            tracing::error!("A record of the audit trail has no text.");
            return false;
        };
        if let Err(error) = self.store.write_audit(&batch).await {
            tracing::error!(%error, "Writing the audit trail failed.");
            // A commit that failed may have reached the disk all the same: the chain says so.
            match end_of(&self.store, self.chain.writer).await {
                Ok(end) if end == chain => {}
                Ok(end) if end == self.chain => return false,
                Ok(_) => {
                    tracing::error!("Somebody else has written to the chain. Nothing more is written to it until a start.");
                    return false;
                }
                Err(_) => return false,
            }
        }
        self.chain = chain;
        self.open.extend(group.intents.iter().map(|intent| intent.id));
        for id in group.outcomes.keys() {
            self.open.remove(id);
        }
        true
    }

    /// Ends what a crash left open: nobody knows what came of it.
    async fn close_what_is_open(&mut self) -> store::Result<()> {
        loop {
            let open = self.store.open_audit(self.chain.writer, GROUP as u32).await?;
            if open.is_empty() {
                return Ok(());
            }
            let outcome = |id| (id, Outcome::of(Ending::unknown()));
            let group = Group { outcomes: open.into_iter().map(outcome).collect(), ..Group::default() };
            let mut chain = self.chain;
            let Some(batch) = batch(&mut chain, &group) else { return Ok(()) };
            self.store.write_audit(&batch).await?;
            self.chain = chain;
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
