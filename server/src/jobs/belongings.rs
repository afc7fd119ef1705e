//! Keeps, of every engine, what on it belongs to which project.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio_util::task::AbortOnDropHandle;

use crate::{
    backends::{
        Engines,
        docker::{
            Engine,
            belongings::{Claim, Claimed, follow},
        },
    },
    store::{Store, StoreError, claims::ClaimRow},
};

/// How often claims are written that have changed.
const EVERY: Duration = Duration::from_secs(1);
/// How long to wait until what could not be read is read again.
const AGAIN: Duration = Duration::from_secs(5);

/// Follows each engine in a task of its own: a dead one delays no other.
pub async fn follow_belongings(engines: Arc<Engines>, store: Store) {
    let mut changes = engines.changes();
    let mut tasks: HashMap<String, (Arc<Engine>, AbortOnDropHandle<()>)> = HashMap::new();
    loop {
        let there = engines.list();
        // An engine that was changed is another one under the same name.
        tasks.retain(|_, (engine, _)| there.iter().any(|other| Arc::ptr_eq(engine, other)));
        for engine in there {
            let name = engine.name.clone();
            tasks.entry(name).or_insert_with(|| (engine.clone(), AbortOnDropHandle::new(tokio::spawn(look_after(engine, store.clone())))));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Follows one engine, from what was known of it before.
async fn look_after(engine: Arc<Engine>, store: Store) {
    let known = loop {
        match read(&store, &engine.name).await {
            Ok(claims) => break claims,
            Err(error) => {
                tracing::warn!(engine = engine.name, %error, "What projects had claimed on this engine could not be read; it is tried again.");
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    engine.belongings.recall(known.iter().cloned());
    tokio::join!(follow(engine.clone()), keep(&engine, &store, known));
}

/// Writes what has changed since.
async fn keep(engine: &Engine, store: &Store, mut known: BTreeSet<Claim>) {
    loop {
        tokio::time::sleep(EVERY).await;
        // Before everything was read nobody can say what is gone.
        if !engine.belongings.is_whole() {
            continue;
        }
        // What was claimed by way of another replica.
        if store.is_shared()
            && let Ok(theirs) = read(store, &engine.name).await
        {
            let new: Vec<Claim> = theirs.difference(&known).cloned().collect();
            engine.belongings.recall(new.iter().cloned());
            known.extend(new);
        }
        let now = engine.belongings.claims();
        if now == known {
            continue;
        }
        let (gone, new): (Vec<_>, Vec<_>) = (known.difference(&now).map(row).collect(), now.difference(&known).map(row).collect());
        match store.change_claims(&engine.name, &gone, &new).await {
            Ok(()) => known = now,
            Err(error) => tracing::warn!(engine = engine.name, %error, "What projects claim on this engine could not be written."),
        }
    }
}

async fn read(store: &Store, engine: &str) -> Result<BTreeSet<Claim>, StoreError> {
    let claim = |row: ClaimRow| {
        let what = match row.kind.as_str() {
            "image" => Claimed::Image,
            "image_name" => Claimed::ImageName,
            "volume" => Claimed::Volume,
            _ => return None,
        };
        Some(Claim { what, called: row.called, project: row.project.into() })
    };
    Ok(store.claims(engine).await?.into_iter().filter_map(claim).collect())
}

fn row(claim: &Claim) -> ClaimRow {
    let kind = match claim.what {
        Claimed::Image => "image",
        Claimed::ImageName => "image_name",
        Claimed::Volume => "volume",
    };
    ClaimRow { kind: kind.to_owned(), called: claim.called.clone(), project: claim.project.to_string() }
}
