//! The chain as lines, for `pilothouse audit verify FILE` and for whoever reads it with other tools: docs/audit.md describes them.

use data_encoding::HEXLOWER;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use super::{
    canonical::{self, Place, Stage},
    checkpoint::Signed,
};
use crate::store::{self, Store, audit::Linked};

/// The checkpoints, and then every entry, as they are at one moment. Each line with its end.
pub fn lines(store: Store) -> impl Stream<Item = store::Result<String>> + Send {
    let snapshot = async move { store.audit_snapshot().await };
    stream::once(snapshot).flat_map(|snapshot| match snapshot {
        Ok(snapshot) => all(snapshot).boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    })
}

/// How many entries are read at once.
const PAGE: u32 = 2_000;

fn all(snapshot: store::audit::Snapshot) -> impl Stream<Item = store::Result<String>> + Send {
    enum At {
        Checkpoints(store::audit::Snapshot),
        Entries(store::audit::Snapshot, i64, i64),
    }
    let pages = stream::try_unfold(Some(At::Checkpoints(snapshot)), |at| async move {
        match at {
            None => Ok(None),
            Some(At::Checkpoints(mut snapshot)) => {
                let lines: Vec<String> = snapshot.checkpoints().await?.into_iter().map(|row| Signed::from(row).line() + "\n").collect();
                Ok(Some((lines, Some(At::Entries(snapshot, 0, 0)))))
            }
            Some(At::Entries(mut snapshot, writer, seq)) => {
                let entries = snapshot.chain_after(writer, seq, PAGE).await?;
                let next = entries.last().map(|last| (last.entry.writer, last.entry.seq));
                let lines: Vec<String> = entries.iter().map(|entry| line(entry) + "\n").collect();
                Ok(Some((lines, next.map(|(writer, seq)| At::Entries(snapshot, writer, seq)))))
            }
        }
    });
    pages.flat_map(|page: store::Result<Vec<String>>| match page {
        Ok(lines) => stream::iter(lines.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => stream::iter(vec![Err(error)]),
    })
}

/// An entry as a line, without its end. One whose record is gone is given by its digest, and one that has nothing left says that.
pub fn line(linked: &Linked) -> String {
    let entry = &linked.entry;
    let hash = HEXLOWER.encode(&entry.hash);
    let stage = Stage::of_number(entry.stage);
    let text = linked.record.as_ref().zip(stage).and_then(|(record, stage)| {
        let place = Place { writer: entry.writer, seq: entry.seq, id: entry.id, stage };
        String::from_utf8(canonical::of_record(record, place)?).ok()
    });
    match text {
        Some(text) => format!("{{\"entry\":{text},\"hash\":\"{hash}\"}}"),
        None => {
            let digest = entry.digest.as_deref().map(|digest| HEXLOWER.encode(digest)).unwrap_or_default();
            let name = stage.map_or("unknown", Stage::name);
            let withheld = json!({ "digest": digest, "id": entry.id, "seq": entry.seq, "stage": name, "writer": entry.writer });
            format!("{{\"hash\":\"{hash}\",\"withheld\":{withheld}}}")
        }
    }
}
