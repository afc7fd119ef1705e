//! Asking an engine how it is.

use std::time::{Duration, Instant};

use pilothouse_app::api::engines::{EngineInfo, TestStep};

use super::{Address, Engine, EngineError, typed::about};
use crate::{access::Permit, clock::now_ms};

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);

impl Engine {
    /// Asks the engine who it is and keeps what it says; `true` when its health changed.
    pub async fn look(&self, permit: &Permit) -> bool {
        let begun = Instant::now();
        match tokio::time::timeout(LOOK, about::info(self, permit)).await {
            Ok(Ok(info)) => {
                let latency_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
                self.health.answered(now_ms(), latency_ms, info)
            }
            Ok(Err(error)) => self.health.failed(now_ms(), error.to_string()),
            Err(_) => self.health.failed(now_ms(), EngineError::Timeout.to_string()),
        }
    }

    /// Tries to reach the engine, one step after the other, and says what each found.
    pub async fn test(&self, permit: &Permit) -> (Vec<TestStep>, Option<EngineInfo>) {
        let step = |step: &str, ok: bool, message: String| TestStep { step: step.to_owned(), ok, message };
        let mut steps = vec![step("address", true, format!("The address is {}.", self.address()))];
        let connected = self.connector.connect().await;
        match &connected {
            Ok(_) if self.is_tls() => steps.push(step("connect", true, "Connected, and both certificates were accepted so far.".to_owned())),
            Ok(_) => steps.push(step("connect", true, "Connected.".to_owned())),
            Err(error) => {
                steps.push(step("connect", false, explain(self.address(), error)));
                return (steps, None);
            }
        }
        match tokio::time::timeout(LOOK, about::info(self, permit)).await {
            Ok(Ok(info)) => {
                steps.push(step("answer", true, format!("Docker {} on {}.", info.version, info.os)));
                let versions = format!("It speaks API {} to {}.", info.min_api_version, info.api_version);
                steps.push(step("version", true, versions));
                (steps, Some(info))
            }
            Ok(Err(EngineError::BrokenOff)) => {
                let hint = match self.address() {
                    Address::Plain { .. } => " It may want TLS: try tcp:// with certificates.",
                    Address::Tls { .. } => " It may refuse the client certificate: check that the engine's authority signed it.",
                    Address::Unix(_) => " Something listens on that socket that is no Docker engine.",
                };
                steps.push(step("answer", false, format!("{}{hint}", EngineError::BrokenOff)));
                (steps, None)
            }
            Ok(Err(error)) => {
                steps.push(step("answer", false, error.to_string()));
                (steps, None)
            }
            Err(_) => {
                steps.push(step(
                    "answer",
                    false,
                    "It took the connection and then said nothing for 10 s. Is that port a Docker engine's?".to_owned(),
                ));
                (steps, None)
            }
        }
    }
}

/// What a failed connection means, and what to do.
fn explain(address: &Address, error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let advice = match (address, error.kind()) {
        (Address::Unix(_), ErrorKind::NotFound) => "There is no such socket. Does the engine run, and is the path seen from where Pilothouse runs?",
        (Address::Unix(_), ErrorKind::PermissionDenied) => "Pilothouse may not open that socket. Run it in the group that owns it (often `docker`).",
        (Address::Unix(_), ErrorKind::ConnectionRefused) => "The socket is there, but nothing listens on it. Does the engine run?",
        (_, ErrorKind::ConnectionRefused) => "Nothing listens on that port. Was the engine started with -H tcp://...?",
        (_, ErrorKind::TimedOut) => "Nothing answered within 5 s. Does a firewall drop it?",
        (Address::Tls { .. }, ErrorKind::InvalidData) => {
            "The TLS handshake failed. Is the authority the one that signed the engine's certificate, and is this host's name in it?"
        }
        _ => "Check the address.",
    };
    format!("Could not connect: {error}. {advice}")
}
