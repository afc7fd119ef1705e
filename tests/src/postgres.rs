//! A real PostgreSQL.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::sandbox::{Running, folder, free_port, outlives_statics, script, start};

/// A server of its own.
pub struct Postgres {
    port: u16,
    dir: std::path::PathBuf,
    running: Option<Running>,
}

impl Postgres {
    pub fn start() -> Postgres {
        let mut postgres = Postgres { port: free_port(), dir: folder("postgres"), running: None };
        postgres.start_again();
        postgres
    }

    /// Ends it, whoever is connected.
    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn start_again(&mut self) {
        let mut part = script("postgres");
        part.arg(&self.dir).arg(self.port.to_string());
        self.running = Some(start(&mut part, "PostgreSQL did not start; `deploy/sandbox/install test` installs it"));
    }

    /// The address of a new and empty database.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("house_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        psql(&self.address("postgres"), &format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://pilothouse:kept-by-the-sandbox@127.0.0.1:{}/{database}", self.port)
    }
}

/// One server for all tests of this run.
pub fn postgres() -> &'static Postgres {
    static POSTGRES: std::sync::LazyLock<Postgres> = std::sync::LazyLock::new(|| {
        let postgres = Postgres::start();
        outlives_statics(&[postgres.running.as_ref().unwrap()]);
        postgres
    });
    &POSTGRES
}

/// Runs a statement on the database at `url`; its rows, a line each, with | between their columns.
pub fn psql(url: &str, statement: &str) -> String {
    let done = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url])
        .output()
        .expect("`deploy/sandbox/install test` installs psql");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
}
