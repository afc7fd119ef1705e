//! What is sent in one piece.

use data_encoding::HEXLOWER;

use super::super::{
    canonical::{Stage, name_of_end},
    checkpoint::{Checkpoint, Signed},
    export,
    look::time_of,
};
use crate::store::audit::{AuditRow, Linked};

/// What is sent in one piece: lines of one writer in their order, or checkpoints.
#[derive(Debug)]
pub struct Batch {
    /// The same each time that the same piece is sent: `SINK/WRITER/FIRST/LAST`, or `SINK/checkpoints/FIRST/LAST`.
    pub id: String,
    pub items: Vec<Item>,
}

/// One line, with what a receiver can sort it by without reading it.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// `intent`, `started`, `complete`, `aborted`, `withheld`, `before` or `checkpoint`.
    pub kind: &'static str,
    /// The line as it stands in an export, without its end; docs/audit.md describes it to the byte.
    pub line: String,
    /// When it was, in milliseconds since the Unix epoch; `None` of what has no time of its own.
    pub at: Option<i64>,
    /// Whose chain; 0 of a checkpoint.
    pub writer: i64,
    /// The number of the entry, or of the checkpoint.
    pub seq: i64,
    /// Whether something was refused, failed or broke off.
    pub warns: bool,
    /// Names and values: those that are empty are left out.
    pub fields: Vec<(&'static str, String)>,
    /// The whole record, of an entry that says how it ended.
    pub record: Option<Box<AuditRow>>,
}

impl Item {
    /// An entry of the chain. One whose text is not there any more says so, and its hash shows whether that was meant.
    pub fn entry(linked: Linked) -> Self {
        let line = export::line(&linked);
        let Linked { entry, record } = linked;
        let (Some(record), Some(stage)) = (record, Stage::of_number(entry.stage)) else {
            return Self { kind: "withheld", line, writer: entry.writer, seq: entry.seq, ..Self::default() };
        };
        let outcome = match stage {
            Stage::Ended => record.end.outcome.clone(),
            Stage::Intent | Stage::Started => String::new(),
        };
        let whole = (stage == Stage::Ended).then(|| Box::new(record.clone()));
        Self {
            record: whole,
            kind: if stage == Stage::Ended { name_of_end(&outcome) } else { stage.name() },
            line,
            at: time_of(&record, stage),
            writer: entry.writer,
            seq: entry.seq,
            warns: record.decision == "denied" || !matches!(outcome.as_str(), "" | "ok"),
            fields: vec![
                ("record", entry.id.to_string()),
                ("user", record.username),
                ("operation", record.operation),
                ("permission", record.permission),
                ("target", record.target),
                ("object", record.object),
                ("decision", record.decision),
                ("outcome", outcome),
            ],
        }
    }

    /// Where a part of a chain begins: the number and hash of the entry before it.
    pub fn before(writer: i64, seq: i64, hash: &[u8]) -> Self {
        let line = format!(r#"{{"before":{{"hash":"{}","seq":{seq},"writer":{writer}}}}}"#, HEXLOWER.encode(hash));
        Self { kind: "before", line, writer, seq, ..Self::default() }
    }

    pub fn checkpoint(signed: &Signed, checkpoint: &Checkpoint) -> Self {
        Self { kind: "checkpoint", line: signed.line(), at: Some(checkpoint.at), seq: checkpoint.n, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{canonical, chain::Chain, look},
        *,
    };
    use crate::store::audit::ChainEnd;

    /// A chain in which each entry is one record's intent; one of the records was pruned, and one is gone without a word.
    fn chain(pruned: i64, gone: i64) -> Vec<Item> {
        let mut chain = Chain::new(1);
        let mut items = Vec::new();
        for n in 1..=6 {
            let record = AuditRow { id: n, at: n, username: "ana".to_owned(), decision: "denied".to_owned(), ..AuditRow::default() };
            let mut digest = None;
            let entry = chain.add(n, Stage::Intent, |place| {
                let text = canonical::of_record(&record, place)?;
                digest = Some(super::super::super::chain::digest(&text).to_vec());
                Some(text)
            });
            let mut entry = entry.unwrap();
            entry.digest = digest.filter(|_| n == pruned);
            items.push(Item::entry(Linked { entry, record: Some(record).filter(|_| n != pruned && n != gone) }));
        }
        items
    }

    fn verified(items: &[Item]) -> (u64, u64, u64) {
        let text: String = items.iter().map(|item| format!("{}\n", item.line)).collect();
        let report = look::file(text.as_bytes(), None, None).unwrap();
        (report.entries, report.withheld, report.wrong)
    }

    #[test]
    fn lines_are_those_of_an_export_whatever_is_left_of_a_record() {
        assert_eq!(verified(&chain(0, 0)), (6, 0, 0));
        assert_eq!(verified(&chain(3, 0)), (6, 1, 1), "no entry says that it was pruned");
        assert_eq!(verified(&chain(0, 4)).2, 1, "a record that is gone without a word is found");
        let items = chain(3, 0);
        assert_eq!((items[2].kind, items[2].at, items[3].kind, items[3].at), ("withheld", None, "intent", Some(4)));
        assert!(items[3].warns && items[3].fields.contains(&("user", "ana".to_owned())));
    }

    #[test]
    fn a_part_of_a_chain_can_be_verified_from_where_it_begins() {
        let items = chain(0, 0);
        assert!(verified(&items[2..]).2 > 0);
        let hash = serde_json::from_str::<serde_json::Value>(&items[1].line).unwrap()["hash"].as_str().unwrap().to_owned();
        let end = ChainEnd { writer: 1, seq: 2, hash: HEXLOWER.decode(hash.as_bytes()).unwrap() };
        let mut part = vec![Item::before(end.writer, end.seq, &end.hash)];
        part.extend_from_slice(&items[2..]);
        assert_eq!(verified(&part), (4, 0, 0));
    }
}
