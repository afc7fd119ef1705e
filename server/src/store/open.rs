//! Opening the database, and bringing it up to date.

use std::{path::Path, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::Migrator,
};

use super::{Kind, Result, Store, StoreError, replicas::Replicas};

/// Both make the same tables: a test compares them.
static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// SQLite before this may lose commits when two connections meet at a WAL reset (sqlite.org/wal.html#walresetbug).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// A connection of SQLite: what it commits is on disk, and it waits two seconds for another one. What was committed goes to the main file in
/// large pieces (64 MiB), and up to 32 MiB of it are kept in memory by each connection that needs so much.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000; \
                       PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -32768";
/// A connection of PostgreSQL that writes: what it commits is on disk, and nothing waits for ever.
const WRITES: &str =
    "SET synchronous_commit = on; SET statement_timeout = '15s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'";
/// What writes the trail finds its rows by their ids. A plan that was made while the table was small would go through all of it, and is kept until the
/// database has looked at the table anew; meanwhile each commit took longer than the one before.
const FINDS_BY_ID: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
/// And one that reads: an export or a verification may take its time.
const READS: &str = "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '10min'";

/// What a path has in an address as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

fn pool(connections: u32, set_up: &'static [&'static str]) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statements in set_up {
                    connection.execute(*statements).await?;
                }
                Ok(())
            })
        })
        // When the disk is full SQLite ends the transaction by itself; then ours cannot be ended any more, and no other begun.
        // Such a connection is closed, and the next one opened.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

fn options(url: &str) -> Result<AnyConnectOptions> {
    sqlx::any::install_default_drivers();
    Ok(url.parse::<AnyConnectOptions>()?.disable_statement_logging())
}

/// The address of a database file.
fn file_url(file: &Path, mode: &str) -> Result<String> {
    let file = std::path::absolute(file).map_err(sqlx::Error::Io)?;
    Ok(format!("sqlite://{}?mode={mode}", percent_encode(file.as_os_str().as_encoded_bytes(), PATH)))
}

impl Store {
    /// Opens the database file, creating it if need be, and brings it up to date.
    pub async fn open(file: &Path) -> Result<Self> {
        let options = options(&file_url(file, "rwc")?)?;
        // One connection writes and several read.
        let write = pool(1, &[PRAGMAS]).connect_with(options.clone()).await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
        if parse_version(&version) < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(version));
        }
        SQLITE.run(&write).await?;
        let read = pool(2, &[PRAGMAS]).connect_with(options.clone()).await?;
        let audit = pool(1, &[PRAGMAS]).connect_with(options).await?;
        Ok(Self { kind: Kind::Sqlite, write, read, audit, replicas: None })
    }

    /// Opens the PostgreSQL database at `url`, and brings it up to date.
    pub async fn open_postgres(url: &str) -> Result<Self> {
        let options = options(url)?;
        // What brings a large database up to date may take its time.
        let first = pool(1, &["SET synchronous_commit = on"]).connect_with(options.clone()).await?;
        refuse_forgetful(&first).await?;
        POSTGRES.run(&first).await?;
        first.close().await;
        let write = pool(4, &[WRITES]).connect_with(options.clone()).await?;
        let read = pool(6, &[READS]).connect_with(options.clone()).await?;
        let audit = pool(2, &[WRITES, FINDS_BY_ID]).connect_with(options).await?;
        Ok(Self { kind: Kind::Postgres, write, read, audit, replicas: Some(Replicas::new(url)) })
    }

    /// Opens a database file that is there already, to read it: it may be in use, and is not brought up to date.
    pub async fn look(file: &Path) -> Result<Self> {
        let pool = pool(1, &["PRAGMA busy_timeout = 10000"]).connect_with(options(&file_url(file, "ro")?)?).await?;
        Ok(Self { kind: Kind::Sqlite, write: pool.clone(), read: pool.clone(), audit: pool, replicas: None })
    }

    /// Opens a PostgreSQL database to read it: it may be in use, and is not brought up to date.
    pub async fn look_postgres(url: &str) -> Result<Self> {
        let pool = pool(1, &[READS]).connect_with(options(url)?).await?;
        Ok(Self { kind: Kind::Postgres, write: pool.clone(), read: pool.clone(), audit: pool, replicas: None })
    }
}

/// A server that is told not to wait for its disk acknowledges what may be gone after a crash.
async fn refuse_forgetful(pool: &AnyPool) -> Result<()> {
    let mut connection = pool.acquire().await?;
    for (setting, wanted) in [("fsync", "on"), ("full_page_writes", "on"), ("server_encoding", "UTF8")] {
        let value = current(&mut connection, setting).await?;
        if value != wanted {
            return Err(StoreError::NotDurable(format!("{setting} is {value}, where {wanted} is needed")));
        }
    }
    Ok(())
}

async fn current(connection: &mut AnyConnection, setting: &str) -> Result<String> {
    Ok(sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(connection).await?)
}

fn parse_version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
