//! Several replicas of the house on one PostgreSQL: which of them is which, who does what only one may do, and how they tell each other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgListener},
};
use tokio::sync::mpsc;

use super::{Result, Store, StoreError};

/// The first half of our advisory locks' keys; the other half is a writer's number, or [`LEADER`].
const LOCKS: i32 = 0x7068;
const LEADER: i32 = 0;
/// As many replicas there may be: an id has four bits for its writer.
const WRITERS: std::ops::RangeInclusive<i32> = 1..=15;
const CHANNEL: &str = "pilothouse";
/// How often a replica looks whether its locks are still its own.
const LOOK: Duration = Duration::from_secs(2);

/// This replica among the others.
#[derive(Clone)]
pub(super) struct Replicas {
    url: Arc<str>,
    is_leader: Arc<AtomicBool>,
}

impl Replicas {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.into(), is_leader: Arc::default() }
    }

    async fn connect(&self) -> Result<PgConnection> {
        let options = self.url.parse::<PgConnectOptions>()?.application_name("pilothouse").disable_statement_logging();
        Ok(options.connect().await?)
    }

    /// Keeps the lock of `writer`, and the leader's whenever nobody else has it. When the connection is lost both are, until there is
    /// another one. Meanwhile another replica may take the number: then this one's next entry has a number that is taken, and is refused.
    async fn keep(self, mut connection: PgConnection, writer: i32) {
        loop {
            while let Ok(leads) = self.look(&mut connection).await {
                self.is_leader.store(leads, Ordering::Relaxed);
                tokio::time::sleep(LOOK).await;
            }
            self.is_leader.store(false, Ordering::Relaxed);
            tracing::warn!(writer, "The database is gone, and with it this replica's place among the others.");
            connection = loop {
                tokio::time::sleep(LOOK).await;
                let Ok(mut next) = self.connect().await else { continue };
                match lock(&mut next, writer).await {
                    Ok(true) => break next,
                    Ok(false) => {
                        tracing::error!(writer, "Another replica writes as this one's writer. Nothing strict is done here until that is over.")
                    }
                    Err(_) => {}
                }
            };
        }
    }

    /// Whether this replica leads. Takes the lead when nobody has it.
    async fn look(&self, connection: &mut PgConnection) -> Result<bool> {
        if self.is_leader.load(Ordering::Relaxed) {
            connection.ping().await?;
            return Ok(true);
        }
        lock(connection, LEADER).await
    }
}

async fn lock(connection: &mut PgConnection, key: i32) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)").bind(LOCKS).bind(key).fetch_one(connection).await?)
}

impl Store {
    /// The number of the trail's writer that this process is, as long as it runs. A database file has one writer.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] when there are fifteen replicas already.
    pub async fn take_writer(&self) -> Result<i64> {
        let Some(replicas) = &self.replicas else { return Ok(1) };
        let mut connection = replicas.connect().await?;
        for writer in WRITERS {
            if lock(&mut connection, writer).await? {
                replicas.is_leader.store(lock(&mut connection, LEADER).await?, Ordering::Relaxed);
                tokio::spawn(replicas.clone().keep(connection, writer));
                return Ok(i64::from(writer));
            }
        }
        Err(StoreError::TooMany)
    }

    /// Whether several may write to this database.
    pub fn is_shared(&self) -> bool {
        self.replicas.is_some()
    }

    /// Whether this process does what only one of all replicas may do: forward, make checkpoints, prune.
    pub fn is_leader(&self) -> bool {
        self.replicas.as_ref().is_none_or(|replicas| replicas.is_leader.load(Ordering::Relaxed))
    }

    /// The names of tables as they are changed, by whichever replica: the tables' triggers tell of it. `None` stands for any table, since
    /// something may have been lost. Of a database file nothing is told.
    pub fn told(&self) -> mpsc::Receiver<Option<String>> {
        let (told, hears) = mpsc::channel(64);
        if let Some(replicas) = self.replicas.clone() {
            tokio::spawn(async move {
                while listen(&replicas.url, &told).await.is_err() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
        hears
    }
}

/// Passes on what is told until nobody hears it any more.
async fn listen(url: &str, told: &mpsc::Sender<Option<String>>) -> Result<()> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    // What was told before this is lost.
    let mut next = None;
    while told.send(next).await.is_ok() {
        next = listener.try_recv().await?.map(|heard| heard.payload().to_owned());
    }
    Ok(())
}
