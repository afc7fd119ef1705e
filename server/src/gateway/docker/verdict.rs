//! What an answer says of what came of it. An engine begins to answer a build, a pull or a push before it knows, with status 200; that it failed
//! stands in a line of the answer: `{"errorDetail":{"message":...},"error":...}`.

use serde::Deserialize;

/// A longer line says something else: what a build made, for one.
const LINE: usize = 16 * 1024;

/// Looks at an answer as it passes.
#[derive(Default)]
pub struct Verdict {
    /// What a build says of its failure may hold what is in it, and is not written down.
    is_quiet: bool,
    line: Vec<u8>,
    /// The rest of a line that is too long.
    skips: bool,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    error: String,
}

impl Verdict {
    /// Of this operation's answer; `None` where its status says it all.
    pub fn of(operation: &str) -> Option<Self> {
        let is_said = matches!(operation, "ImageBuild" | "ImageCreate" | "ImageLoad" | "ImagePush" | "PluginPull" | "PluginPush" | "PluginUpgrade");
        is_said.then(|| Self { is_quiet: operation == "ImageBuild", ..Self::default() })
    }

    pub fn take(&mut self, data: &[u8]) {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            if !self.skips && self.line.len() + piece.len() <= LINE {
                self.line.extend_from_slice(piece);
            } else {
                self.skips = true;
                self.line.clear();
            }
            if ends {
                self.look();
                self.skips = false;
            }
        }
    }

    /// Why it failed, once all has passed.
    pub fn failure(&mut self) -> Option<String> {
        self.look();
        let failure = self.failure.take()?;
        Some(if self.is_quiet { "The engine says in its answer that it failed.".to_owned() } else { failure })
    }

    fn look(&mut self) {
        if let Ok(said) = serde_json::from_slice::<Line>(&self.line) {
            self.failure = Some(said.error);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(pieces: &[&[u8]]) -> Option<String> {
        let mut verdict = Verdict::default();
        pieces.iter().for_each(|piece| verdict.take(piece));
        verdict.failure()
    }

    #[test]
    fn a_failure_is_found_however_it_is_cut() {
        let whole = b"{\"stream\":\"Step 1\"}\r\n{\"errorDetail\":{\"code\":1,\"message\":\"no\"},\"error\":\"no\"}\r\n";
        assert_eq!(failure(&[whole]).as_deref(), Some("no"));
        for at in 0..whole.len() {
            assert_eq!(failure(&[&whole[..at], &whole[at..]]).as_deref(), Some("no"), "cut at {at}");
        }
        // Without an end of the line.
        assert_eq!(failure(&[b"{\"error\":\"no\"}"]).as_deref(), Some("no"));
    }

    #[test]
    fn what_went_well_has_none() {
        assert_eq!(failure(&[b"{\"status\":\"the error is none\"}\r\n", b"{\"stream\":\"\\\"error\\\":\\\"no\\\"\"}\r\n"]), None);
        assert_eq!(failure(&[]), None);
        // Too long to be one, however it ends.
        let long = format!("{{\"aux\":\"{}\",\"error\":\"no\"}}\n", "x".repeat(LINE));
        assert_eq!(failure(&[long.as_bytes()]), None);
        assert_eq!(failure(&[long.as_bytes(), b"{\"error\":\"then\"}\n"]).as_deref(), Some("then"));
    }
}
