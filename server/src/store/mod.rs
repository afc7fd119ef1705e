//! What is kept, in SQLite. The only room that says `sqlx`; it imports no other room.
//!
//! One connection writes and several read. A write that returned is on disk: WAL with `synchronous=FULL`.

pub mod audit;
pub mod certificates;
pub mod claims;
pub mod declared;
pub mod engines;
pub mod factor_rules;
pub mod factors;
pub mod grants;
pub mod guardrails;
pub mod identities;
pub mod providers;
pub mod recordings;
pub mod roles;
pub mod sessions;
pub mod teams;
pub mod throttle;
pub mod tokens;
pub mod users;

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// SQLite before this may lose commits when two connections meet at a WAL reset (sqlite.org/wal.html#walresetbug).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something of that name exists already.
    #[error("it exists already")]
    Exists,
    /// Something it refers to does not exist.
    #[error("something it refers to does not exist")]
    Missing,
    #[error("this SQLite is {0}; 3.51.3 is the oldest that is safe")]
    OldSqlite(String),
    #[error(transparent)]
    Database(sqlx::Error),
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => StoreError::Exists,
            sqlx::Error::Database(database) if database.is_foreign_key_violation() => StoreError::Missing,
            _ => StoreError::Database(error),
        }
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// The database.
#[derive(Clone)]
pub struct Store {
    write: SqlitePool,
    read: SqlitePool,
    /// Its own connection: the trail must not wait behind anything else.
    audit: SqlitePool,
}

impl Store {
    /// Opens the database file, creating it if need be, and brings it up to date.
    pub async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(2))
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(5))
                // When the disk is full SQLite ends the transaction by itself; then ours cannot be ended any more, and no other begun.
                // Such a connection is closed, and the next one opened.
                .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
                .connect_with(options.clone())
        };
        let write = pool(1).await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
        if parse_version(&version) < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(version));
        }
        MIGRATIONS.run(&write).await?;
        Ok(Self { write, read: pool(2).await?, audit: pool(1).await? })
    }

    /// Opens a database file that is there already, to read it: it may be in use, and is not brought up to date.
    pub async fn look(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(Duration::from_secs(10)).disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { write: pool.clone(), read: pool.clone(), audit: pool })
    }

    /// Lets every commit reach the main file and closes it.
    pub async fn close(&self) {
        self.audit.close().await;
        self.read.close().await;
        self.write.close().await;
    }

    /// Whether a commit reaches the disk now: makes one.
    pub async fn probe(&self) -> Result<()> {
        let sql = "INSERT INTO meta (name, value) VALUES ('probe', '1') ON CONFLICT (name) DO UPDATE SET value = CASE meta.value WHEN '1' THEN '0' ELSE '1' END";
        sqlx::query(sql).execute(&self.write).await?;
        Ok(())
    }

    /// A fact about the house itself.
    pub async fn meta(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name).fetch_optional(&self.read).await?)
    }
}

fn parse_version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
