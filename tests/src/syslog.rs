//! A real syslog server.

use std::path::PathBuf;

use serde_json::Value;

use crate::sandbox::{Running, folder, free_port, script, start};

/// A syslog server that listens at one port, by TLS or plain TCP.
pub struct Syslog {
    pub port: u16,
    dir: PathBuf,
    how: &'static str,
    running: Option<Running>,
}

impl Syslog {
    /// By TLS; `--no-tls` and `--client-certificates` are other ways.
    pub fn start(how: &'static str) -> Syslog {
        let mut syslog = Syslog { port: free_port(), dir: folder("syslog"), how, running: None };
        syslog.start_again();
        syslog
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn start_again(&mut self) {
        self.running = None;
        let mut part = script("syslog");
        part.arg(&self.dir).arg(self.port.to_string()).args(Some(self.how).filter(|how| !how.is_empty()));
        self.running = Some(start(&mut part, "the syslog server did not start; `deploy/sandbox/install test` installs rsyslog"));
    }

    /// Where the authority is that signed its certificate, `ca.pem`; and one that it takes of clients, `cert.pem` with `key.pem`.
    pub fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Every message that it took: what it read out of it.
    pub fn messages(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.join("messages")).unwrap_or_default();
        // The last line may be on its way to the disk.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}
