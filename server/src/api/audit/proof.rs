//! Whether the trail is what was written, and how that is known.

use axum::{Extension, Json, Router, extract::State};
use data_encoding::HEXLOWER;
use pilothouse_app::api::{
    Code, Empty, Problem,
    audit::{AuditProof, AuditVerify, ChainEnd, Finding, Proof, Verified},
};

use super::super::{Answer, Api, ApiError, Asked, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::{keeper, keeper::KeeperError, verify},
};

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, AuditVerify, verify_all);
    route(router, AuditProof, proof)
}

fn shown(verified: &keeper::Verified) -> Verified {
    let report = &verified.report;
    Verified {
        at: verified.at,
        took_ms: verified.took_ms,
        whole: report.is_whole(),
        entries: report.entries,
        records: report.records,
        withheld: report.withheld,
        checkpoints: report.checkpoints,
        older: report.older,
        since: report.since,
        until: report.until,
        checkpoint_at: report.checkpoint_at,
        wrong: report.wrong,
        findings: report.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &verify::Finding) -> Finding {
    let (writer, seq) = finding.entry.unzip();
    Finding { writer, seq, record: finding.record, what: finding.what.clone() }
}

async fn verify_all(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditVerify> {
    let operation = Operation::on_system("AuditVerify", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| match api.keeper.verify().await {
            Ok(verified) => Ok(Json(shown(&verified))),
            Err(KeeperError::Busy) => {
                let problem = Problem::new(Code::Conflict, "The trail is being verified already.");
                Err(ApiError(problem.detail("What comes of it is shown here in a moment.")))
            }
            Err(error) => {
                tracing::error!(%error, "The audit trail could not be verified.");
                Err(ApiError::internal())
            }
        })
        .await
}

async fn proof(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditProof> {
    let operation = Operation::on_system("AuditProof", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let ends = api.store.chain_ends().await?;
            let last = api.store.last_checkpoint().await?;
            Ok::<_, ApiError>(Json(Proof {
                key: api.keeper.key(),
                checkpoints_file: api.keeper.file().display().to_string(),
                ends: ends.into_iter().map(|end| ChainEnd { writer: end.writer, seq: end.seq, hash: HEXLOWER.encode(&end.hash) }).collect(),
                checkpoint: last.as_ref().map(|row| row.n),
                checkpoint_at: last.as_ref().map(|row| row.at),
                verified: api.keeper.last().map(|verified| shown(&verified)),
            }))
        })
        .await
}
