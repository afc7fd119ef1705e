//! The same script, twice.
//!
//! `suite/*.txt` is one long script of `docker` invocations. It is run once straight at an engine and once through
//! Pilothouse's door; what each invocation wrote and how it ended must be equal, after ids, digests and times are
//! blanked. The format is described at the head of [`script`], what is blanked at the head of [`blank`].
//!
//! The script cleans up after itself (everything it makes is named or labelled `pt`), so both passes may use one
//! engine, one after the other. It needs of that engine: the image `busybox:latest`, not to be in a swarm, and a
//! registry without sign-in at `PARITY_REGISTRY` (default `127.0.0.1:5099`).

mod blank;
pub(crate) mod process;
mod runner;
mod script;

use std::fmt;
use std::path::Path;
use std::time::Duration;

/// The areas of the suite, in the order in which they run.
const SUITE: &[(&str, &str)] = &[
    ("engine.txt", include_str!("suite/engine.txt")),
    ("containers.txt", include_str!("suite/containers.txt")),
    ("streams.txt", include_str!("suite/streams.txt")),
    ("files.txt", include_str!("suite/files.txt")),
    ("images.txt", include_str!("suite/images.txt")),
    ("build.txt", include_str!("suite/build.txt")),
    ("networks.txt", include_str!("suite/networks.txt")),
    ("swarm.txt", include_str!("suite/swarm.txt")),
];

/// Removes what a broken earlier pass may have left. It runs before and after the suite, and is not compared.
const SWEEP: (&str, &str) = ("sweep.txt", include_str!("suite/sweep.txt"));

/// What one invocation did, already blanked.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// File and line of the suite, as `containers.txt:12`.
    pub place: String,
    /// The command as it stands in the suite, as `docker run --rm busybox true`.
    pub command: String,
    /// Standard output; on a pty, everything.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; 128 and the signal's number for one that a signal ended; none for one that had to be stopped.
    pub exit: Option<i32>,
    /// How long it took, its retries included.
    pub took: Duration,
    /// What went wrong whatever the other pass did: it hung, or did not do what the suite says it does.
    pub failure: Option<String>,
}

/// One thing in which the two passes are not alike, or in which either failed.
#[derive(Clone, Debug)]
pub struct Difference {
    pub place: String,
    pub command: String,
    /// `standard output`, `standard error`, `exit code`, `failure` or `number of invocations`.
    pub what: &'static str,
    pub direct: String,
    pub through: String,
}

/// Runs the named areas of the suite (`streams.txt`; none named means all) with one command line. `env` names the engine (`DOCKER_HOST`,
/// `DOCKER_CONFIG`, ...) and is the only environment passed on, besides `PATH`; `workdir` is made if missing and may be removed afterwards.
/// One pass at a time at one engine: two would meet each other's containers.
pub fn run(docker: &Path, env: &[(String, String)], workdir: &Path, areas: &[&str]) -> Vec<Outcome> {
    let mut runner = match runner::Runner::new(docker, env, workdir) {
        Ok(runner) => runner,
        Err(failure) => return vec![Outcome::failed("suite", "prepare", failure)],
    };
    runner.area(SWEEP.0, SWEEP.1);
    let mut outcomes = Vec::new();
    for (name, text) in SUITE {
        if areas.is_empty() || areas.contains(name) {
            outcomes.extend(runner.area(name, text));
        }
    }
    runner.area(SWEEP.0, SWEEP.1);
    outcomes
}

/// Everything in which two passes differ; empty when the door cannot be told from the engine.
pub fn compare(direct: &[Outcome], through: &[Outcome]) -> Vec<Difference> {
    let mut found = Vec::new();
    for (a, b) in direct.iter().zip(through) {
        let mut differ = |what, direct: String, through: String| {
            found.push(Difference { place: a.place.clone(), command: a.command.clone(), what, direct, through });
        };
        if a.failure.is_some() || b.failure.is_some() {
            differ("failure", said(&a.failure), said(&b.failure));
        }
        if a.exit != b.exit {
            differ("exit code", said(&a.exit), said(&b.exit));
        }
        if a.stdout != b.stdout {
            differ("standard output", a.stdout.clone(), b.stdout.clone());
        }
        if a.stderr != b.stderr {
            differ("standard error", a.stderr.clone(), b.stderr.clone());
        }
    }
    if direct.len() != through.len() {
        found.push(Difference {
            place: "suite".into(),
            command: "the whole script".into(),
            what: "number of invocations",
            direct: direct.len().to_string(),
            through: through.len().to_string(),
        });
    }
    found
}

fn said<T: fmt::Display>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "none".into(), T::to_string)
}

impl Outcome {
    fn failed(place: &str, command: &str, failure: String) -> Outcome {
        Outcome {
            place: place.into(),
            command: command.into(),
            stdout: String::new(),
            stderr: String::new(),
            exit: None,
            took: Duration::ZERO,
            failure: Some(failure),
        }
    }
}

impl fmt::Display for Difference {
    /// The lines in which the two differ, not those around them: outputs may be long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n  {} differs", self.place, self.command, self.what)?;
        let direct: Vec<&str> = self.direct.lines().collect();
        let through: Vec<&str> = self.through.lines().collect();
        let alike = match self.direct == self.through {
            true => 0,
            false => direct.iter().zip(&through).take_while(|(a, b)| a == b).count(),
        };
        for (who, lines) in [("direct ", &direct), ("through", &through)] {
            let shown = lines.iter().skip(alike).take(12);
            writeln!(f, "  {who} ({} lines, from line {}):", lines.len(), alike + 1)?;
            for line in shown {
                writeln!(f, "    {}", line.escape_debug())?;
            }
        }
        Ok(())
    }
}
