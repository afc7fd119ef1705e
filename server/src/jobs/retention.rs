//! Archives the trail once a day, and lets go what its rules do not keep.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    audit::{Trail, archive::archive, retention::prune},
    store::Store,
};

/// After a start other things come first.
const FIRST: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_secs(86_400);

pub async fn keep_trail(store: Store, trail: Trail, dir: Option<Arc<PathBuf>>) {
    tokio::time::sleep(FIRST).await;
    loop {
        if store.is_leader()
            && let Err(error) = archive_and_prune(&store, &trail, dir.as_deref().map(PathBuf::as_path)).await
        {
            tracing::error!(%error, "The audit trail could not be archived or pruned.");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Archives what is new, where there is a folder for it, and then prunes: with an archive, only what is in it. Answers with how many went.
///
/// # Errors
/// The first thing that went wrong, as a sentence.
pub async fn archive_and_prune(store: &Store, trail: &Trail, dir: Option<&std::path::Path>) -> Result<u64, String> {
    let Some(dir) = dir else { return prune(store, trail, None).await.map_err(|e| e.to_string()) };
    if let Some(file) = archive(store, dir).await.map_err(|e| e.to_string())? {
        tracing::info!(file = %file.display(), "The audit trail was archived.");
    }
    let archived = store.archived().await.map_err(|e| e.to_string())?;
    prune(store, trail, Some(&archived)).await.map_err(|e| e.to_string())
}
