//! Whether the trail is what was written: every entry has the text that its hash was made of, follows the one before it, and stands
//! where the signed checkpoints say. Reads a live store or an export; writes nothing.

use std::collections::{BTreeMap, HashSet};

use data_encoding::HEXLOWER;

use super::{
    canonical::Stage,
    chain::{BEGIN, Hash, link},
    checkpoint::{Checkpoint, Signed},
};
use crate::clock;

/// How many findings are told of one by one.
const TOLD: usize = 100;

/// One entry, as it is found.
#[derive(Clone, Debug)]
pub struct Entry {
    pub writer: i64,
    pub seq: i64,
    pub id: i64,
    pub stage: Stage,
    /// The time that it says, where it has a text.
    pub at: Option<i64>,
    pub hash: Vec<u8>,
    pub text: Text,
}

/// What an entry's hash is to be checked against.
#[derive(Clone, Debug)]
pub enum Text {
    /// The SHA-256 of the text that is there.
    Here(Hash),
    /// The SHA-256 that was left when the record was pruned, or is not shown.
    Withheld(Vec<u8>),
    /// Nothing is left of it, and nothing says that this is right.
    Missing,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The entry that it is about; `None` when it is about a checkpoint alone.
    pub entry: Option<(i64, i64)>,
    /// The record that it is about.
    pub record: Option<i64>,
    pub what: String,
}

/// What came of looking.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub entries: u64,
    pub records: u64,
    /// Entries whose record was pruned: their place is proved, their text is gone.
    pub withheld: u64,
    /// Records of which that is all that is left.
    pub gone: u64,
    pub checkpoints: u64,
    /// Entries behind what the last checkpoint names: nothing signed proves them yet.
    pub behind: u64,
    /// Records from before there was a chain: nothing proves them.
    pub older: u64,
    /// The time of the first and of the last entry.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// The time of the last checkpoint.
    pub checkpoint_at: Option<i64>,
    /// What is wrong, the first first; no more than a hundred.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub wrong: u64,
}

impl Report {
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }

    /// Something about the whole that is not as it should be.
    pub fn tell(&mut self, what: String) {
        self.wrong += 1;
        self.findings.push(Finding { entry: None, record: None, what });
    }
}

/// What a checkpoint of a time says the hash is.
type Said = (i64, Vec<u8>);

/// Where a writer's chain was at the last entry.
struct Last {
    seq: i64,
    hash: Vec<u8>,
}

/// Looks at entries as they come, each writer's in their order.
#[derive(Default)]
pub struct Verifier {
    report: Report,
    key: Option<String>,
    writers: BTreeMap<i64, Last>,
    /// By writer and number, the hash that checkpoints say an entry has, with their time.
    heads: BTreeMap<(i64, i64), Vec<Said>>,
    /// By writer, the last entry that a checkpoint names.
    signed: BTreeMap<i64, i64>,
    /// Records that say how they began to flow, or ended, and whose entry about it is still to come.
    awaited: HashSet<(i64, i64)>,
    /// How many records the trail says were pruned.
    pruned: u64,
    /// Whether only a part of a chain is looked at.
    is_part: bool,
}

impl Verifier {
    /// `key` is the public key that checkpoints must be signed with, hexadecimal; without one, whichever the first names.
    pub fn new(key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..Self::default() }
    }

    /// Takes checkpoints that were kept in one place, in the order in which they were made. Entries come after them.
    pub fn checkpoints(&mut self, all: &[Signed]) {
        let mut before: Option<(i64, Hash)> = None;
        // The same are kept in several places.
        self.report.checkpoints = self.report.checkpoints.max(all.len() as u64);
        for (line, signed) in (1..).zip(all) {
            let Some(checkpoint) = signed.read() else {
                self.tell(None, None, format!("Checkpoint {line} of its list is not signed by the key that it names."));
                continue;
            };
            if *self.key.get_or_insert_with(|| checkpoint.key.clone()) != checkpoint.key {
                self.tell(None, None, format!("Checkpoint {} is signed by another key, {}.", checkpoint.n, checkpoint.key));
            }
            if let Some((n, digest)) = before {
                // What could not be told to have arrived was sent again.
                if (checkpoint.n, signed.digest()) == (n, digest) {
                    continue;
                }
                if checkpoint.n != n + 1 {
                    self.tell(None, None, format!("Checkpoint {} stands behind checkpoint {n}: some are missing, or were made twice.", checkpoint.n));
                } else if checkpoint.previous != HEXLOWER.encode(&digest) {
                    self.tell(None, None, format!("Checkpoint {} does not follow the checkpoint before it.", checkpoint.n));
                }
            }
            before = Some((checkpoint.n, signed.digest()));
            self.expect(checkpoint);
        }
    }

    fn expect(&mut self, checkpoint: Checkpoint) {
        self.report.checkpoint_at = self.report.checkpoint_at.max(Some(checkpoint.at));
        for head in checkpoint.heads {
            let hash = HEXLOWER.decode(head.hash.as_bytes()).unwrap_or_default();
            let signed = self.signed.entry(head.writer).or_default();
            *signed = head.seq.max(*signed);
            self.heads.entry((head.writer, head.seq)).or_default().push((checkpoint.at, hash));
        }
    }

    /// Where a part of a chain begins: the number and hash of the entry before it.
    pub fn begin_behind(&mut self, writer: i64, seq: i64, hash: Vec<u8>) {
        if self.writers.contains_key(&writer) {
            self.tell(Some((writer, seq)), None, "The chain begins a second time.".to_owned());
            return;
        }
        self.is_part = true;
        self.check_heads(writer, seq, &hash);
        self.writers.insert(writer, Last { seq, hash });
    }

    /// Says that the trail tells of so many records that were pruned.
    pub fn pruned(&mut self, records: u64) {
        self.pruned += records;
    }

    /// The next entry.
    pub fn entry(&mut self, entry: Entry) {
        self.report.entries += 1;
        if entry.stage == Stage::Intent {
            self.report.records += 1;
        }
        self.report.since = [self.report.since, entry.at].into_iter().flatten().min();
        self.report.until = self.report.until.max(entry.at);
        let place = Some((entry.writer, entry.seq));
        let record = Some(entry.id);
        self.awaited.remove(&(entry.id, entry.stage.number()));
        let last = self.writers.remove(&entry.writer).unwrap_or(Last { seq: 0, hash: BEGIN.to_vec() });
        if entry.seq <= last.seq {
            self.tell(place, record, format!("This entry stands behind entry {}: it was put in, or moved.", last.seq));
            self.writers.insert(entry.writer, last);
            return;
        }
        if entry.seq > last.seq + 1 {
            let missing = match (last.seq + 1, entry.seq - 1) {
                (one, other) if one == other => format!("Entry {one} is missing."),
                (first, last) => format!("Entries {first} to {last} are missing."),
            };
            self.tell(Some((entry.writer, last.seq + 1)), None, missing);
        } else {
            let (digest, withheld) = match &entry.text {
                Text::Here(digest) => (Some(digest.as_slice()), false),
                Text::Withheld(digest) => (Some(digest.as_slice()), true),
                Text::Missing => (None, false),
            };
            self.report.withheld += u64::from(withheld);
            match digest {
                Some(digest) if link(&last.hash, digest).as_slice() == entry.hash => {
                    self.report.gone += u64::from(withheld && entry.stage == Stage::Intent);
                }
                Some(_) => self.tell(place, record, "It is not what was written: its text or its place was changed.".to_owned()),
                None => self.tell(place, record, "The record is gone, or has no such stage any more.".to_owned()),
            }
        }
        self.check_heads(entry.writer, entry.seq, &entry.hash);
        self.writers.insert(entry.writer, Last { seq: entry.seq, hash: entry.hash });
    }

    /// Says that a record tells of this stage, so that an entry about it has to come.
    pub fn awaits(&mut self, record: i64, stage: Stage) {
        self.awaited.insert((record, stage.number()));
    }

    /// Says that a record has something on it that no entry covers.
    pub fn uncovered(&mut self, record: i64, what: &str) {
        self.tell(None, Some(record), what.to_owned());
    }

    /// Says how many records are older than the chain, and which is not and has no entry.
    pub fn unchained(&mut self, older: u64, first: Option<i64>) {
        self.report.older = older;
        if let Some(record) = first {
            self.tell(None, Some(record), "No entry of the chain is about this record: it was put in from outside.".to_owned());
        }
    }

    fn check_heads(&mut self, writer: i64, seq: i64, hash: &[u8]) {
        let Some(heads) = self.heads.remove(&(writer, seq)) else { return };
        if let Some((at, _)) = heads.iter().find(|(_, head)| head != hash) {
            let what = format!("The checkpoint of {} says otherwise: this entry, or one before it, was written anew.", clock::text(*at));
            self.tell(Some((writer, seq)), None, what);
        }
    }

    /// There are no more entries.
    pub fn finish(mut self) -> Report {
        let behind = |(writer, last): (&i64, &Last)| last.seq - self.signed.get(writer).copied().unwrap_or(0).min(last.seq);
        self.report.behind = self.writers.iter().map(behind).sum::<i64>().try_into().unwrap_or(0);
        for ((writer, seq), heads) in std::mem::take(&mut self.heads) {
            let at = heads.first().map_or(0, |(at, _)| *at);
            // What lies before the part that was looked at is not here to be checked.
            match self.writers.get(&writer).map(|last| last.seq) {
                Some(last) if seq <= last => {}
                last => {
                    let what = format!(
                        "The trail ends at entry {} of writer {writer}, and the checkpoint of {} names entry {seq}: its end was cut off, or an old \
                         database was put in its place.",
                        last.unwrap_or(0),
                        clock::text(at)
                    );
                    self.tell(Some((writer, seq)), None, what);
                    break;
                }
            }
        }
        if !self.is_part && self.report.gone > self.pruned {
            let what = format!("{} records are gone, and the trail tells of {} that were pruned.", self.report.gone, self.pruned);
            self.tell(None, None, what);
        }
        let mut awaited: Vec<(i64, i64)> = std::mem::take(&mut self.awaited).into_iter().collect();
        awaited.sort_unstable();
        for (record, _) in awaited {
            self.tell(None, Some(record), "The record says how it went on, and no entry of the chain does.".to_owned());
        }
        self.report
    }

    fn tell(&mut self, entry: Option<(i64, i64)>, record: Option<i64>, what: String) {
        self.report.wrong += 1;
        if self.report.findings.len() < TOLD {
            self.report.findings.push(Finding { entry, record, what });
        }
    }
}
