//! What is kept, in SQLite or in PostgreSQL. The only room that says `sqlx`; it imports no other room.
//!
//! One set of queries serves both. Changes go one after the other: in SQLite by its one connection that writes, in PostgreSQL by a lock that
//! each takes, so that what was read before a change is still so when it is made, whichever replica makes it. A write that returned is on disk.

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
mod open;
pub mod providers;
pub mod recordings;
pub mod registries;
pub mod registry_hooks;
pub mod registry_rules;
mod replicas;
pub mod retention;
pub mod roles;
pub mod scans;
pub mod sessions;
mod sql;
pub mod teams;
pub mod throttle;
pub mod tokens;
pub mod users;

use sqlx::{Any, AnyPool, Transaction};

use sql::{Flag, Sql};

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
    #[error("this PostgreSQL would not keep what it says it keeps: {0}")]
    NotDurable(String),
    #[error("there are fifteen replicas already, and no more can write")]
    TooMany,
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

/// Which database it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// The database.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    write: AnyPool,
    read: AnyPool,
    /// Its own connections: the trail must not wait behind anything else.
    audit: AnyPool,
    /// What other replicas are told by; SQLite has none.
    replicas: Option<replicas::Replicas>,
}

/// The lock under which PostgreSQL makes changes, one after the other...
const CHANGES: i64 = 0x70_68_01;
/// ...and the one of those who look first, and change something by what they saw.
const ALONE: i64 = 0x70_68_02;

/// As long as this is there, no other replica gets one. The transaction's end gives the lock back; nobody looks at it, so several may hold on to it.
pub struct Everywhere(#[allow(dead_code, reason = "it is there to end")] std::sync::Mutex<Transaction<'static, Any>>);

impl Store {
    /// Begins a change. Until it is committed nobody else makes one.
    async fn begin(&self) -> Result<Transaction<'static, Any>> {
        match self.kind {
            Kind::Sqlite => Ok(self.write.begin_with("BEGIN IMMEDIATE").await?),
            Kind::Postgres => {
                let mut tx = self.write.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CHANGES).execute(&mut *tx).await?;
                Ok(tx)
            }
        }
    }

    /// Waits until no other replica looks and changes; `None` where there is no other.
    pub async fn alone(&self) -> Result<Option<Everywhere>> {
        if !self.is_shared() {
            return Ok(None);
        }
        let mut tx = self.write.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(ALONE).execute(&mut *tx).await?;
        Ok(Some(Everywhere(std::sync::Mutex::new(tx))))
    }

    /// Begins a change of the trail. Each writer has rows of its own, so they need not wait for each other.
    async fn begin_audit(&self) -> Result<Transaction<'static, Any>> {
        match self.kind {
            Kind::Sqlite => Ok(self.audit.begin_with("BEGIN IMMEDIATE").await?),
            Kind::Postgres => Ok(self.audit.begin().await?),
        }
    }

    /// Begins to read what does not change meanwhile.
    async fn begin_to_read(&self) -> Result<Transaction<'static, Any>> {
        match self.kind {
            Kind::Sqlite => Ok(self.read.begin().await?),
            Kind::Postgres => Ok(self.read.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        }
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

    /// Keeps a fact about the house itself.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(name).bind(value).execute(&self.write).await?;
        Ok(())
    }

    /// A fact about the house itself.
    pub async fn meta(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name).fetch_optional(&self.read).await?)
    }
}
