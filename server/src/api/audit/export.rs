//! The trail as a file: a table, lines of JSON, or the chain itself.

use axum::{Extension, Router, extract::State, response::Response, routing::get};
use futures_util::{Stream, StreamExt, stream};
use pilothouse_app::api::audit::{AUDIT_EXPORT, AuditRecord, ExportFormat, ExportQuery};

use super::{
    super::{Api, ApiError, Asked, Who, live, sheet::line},
    shown,
};
use crate::{
    access::{Operation, Permission},
    audit::{export, query},
    clock::{self, now_ms},
    store::{Store, audit::Find},
};

/// How many records are read at once.
const PAGE: u32 = 1_000;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    router.route(AUDIT_EXPORT, get(download))
}

async fn download(State(api): State<Api>, Extension(who): Who, Asked(asked): Asked<ExportQuery>) -> Result<Response, ApiError> {
    let format = format!("{:?}", asked.format).to_lowercase();
    let operation = Operation::on_system("AuditExport", Permission::AuditList, format!("{format} {}", asked.q.as_deref().unwrap_or_default()));
    let form = match asked.format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Jsonl | ExportFormat::Chain => ("application/x-ndjson", "jsonl"),
    };
    live::file(&api, &who, operation, form, async |_| {
        let find = query::read(asked.q.as_deref().unwrap_or_default(), now_ms()).map_err(|why| ApiError::field("q", why))?;
        let store = api.store.clone();
        Ok(match asked.format {
            ExportFormat::Csv => ("audit".to_owned(), table(store, find).boxed()),
            ExportFormat::Jsonl => ("audit".to_owned(), records(store, find).map(|record| json(&record?)).boxed()),
            ExportFormat::Chain => ("audit-chain".to_owned(), export::lines(store).map(|line| Ok::<_, ApiError>(line?)).boxed()),
        })
    })
    .await
}

/// The records that fit, newest first, a page at a time: no lock is held while the client reads.
fn records(store: Store, find: Find) -> impl Stream<Item = Result<AuditRecord, ApiError>> + Send {
    let pages = stream::try_unfold(Some(find), move |find| {
        let store = store.clone();
        async move {
            let Some(mut find) = find else { return Ok::<_, ApiError>(None) };
            let rows = store.audit(&find, PAGE).await?;
            let is_last = rows.len() < PAGE as usize;
            find.before = rows.last().map(|row| row.id);
            Ok(Some((rows, Some(find).filter(|_| !is_last))))
        }
    });
    pages.flat_map(|page| match page {
        Ok(rows) => stream::iter(rows.into_iter().map(|row| Ok(shown(row))).collect::<Vec<_>>()),
        Err(error) => stream::iter(vec![Err(error)]),
    })
}

fn json(record: &AuditRecord) -> Result<String, ApiError> {
    serde_json::to_string(record).map(|text| text + "\n").map_err(|_| ApiError::internal())
}

const HEAD: [&str; 27] = [
    "id",
    "time",
    "user",
    "viewer",
    "team",
    "credential",
    "door",
    "address",
    "client",
    "target",
    "operation",
    "permission",
    "object",
    "object_name",
    "object_id",
    "decision",
    "reason",
    "outcome",
    "status",
    "note",
    "made",
    "changes",
    "change",
    "bytes_in",
    "bytes_out",
    "duration_ms",
    "ended",
];

fn table(store: Store, find: Find) -> impl Stream<Item = Result<String, ApiError>> + Send {
    let head = stream::once(async { line(HEAD.map(str::to_owned)) });
    head.chain(records(store, find).map(|record| line(row(record?))))
}

/// Nobody, and no target, are a dash in a record; in a table they are nothing, which needs no mark against formulas.
fn somebody(text: String) -> String {
    if text == "-" { String::new() } else { text }
}

fn row(record: AuditRecord) -> [String; 27] {
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let changes = record.changes.iter().map(|change| {
        format!("{}: {} -> {}", change.field, change.before.as_deref().unwrap_or("nothing"), change.after.as_deref().unwrap_or("nothing"))
    });
    let changes = changes.collect::<Vec<_>>().join("; ");
    [
        record.id.to_string(),
        clock::exact(record.at),
        somebody(record.user),
        record.viewer.unwrap_or_default(),
        record.team.unwrap_or_default(),
        somebody(record.credential),
        record.door,
        record.address,
        record.client,
        somebody(record.target),
        record.operation,
        record.permission,
        record.object,
        record.object_name.unwrap_or_default(),
        record.object_id.unwrap_or_default(),
        record.decision,
        record.reason,
        format!("{:?}", record.outcome).to_lowercase(),
        record.status.map(|status| status.to_string()).unwrap_or_default(),
        record.note.unwrap_or_default(),
        record.made.unwrap_or_default(),
        changes,
        if record.change { "yes" } else { "no" }.to_owned(),
        number(record.bytes_in),
        number(record.bytes_out),
        number(record.duration_ms),
        record.ended_at.map(clock::exact).unwrap_or_default(),
    ]
}
