//! Runs the steps of the suite, one after the other, with one command line.

use super::Outcome;
use super::process::Process;
use super::script::{Action, Invocation, Step, Turn, Variables, parse, words};
use std::collections::HashMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// For `env` of coreutils.
const HEAR_INTERRUPTS: &str = "--default-signal=INT";

/// One pass: one command line, one engine or door, one folder.
pub struct Runner {
    docker: PathBuf,
    env: Vec<(String, String)>,
    work: PathBuf,
    /// As `docker --version` says it, `20.10.24+dfsg1`.
    version: String,
    kept: Variables,
    /// This pass's own names, and what is written instead of them.
    own: Vec<(String, &'static str)>,
    background: HashMap<String, (Process, String, Box<Invocation>)>,
}

impl Runner {
    pub fn new(docker: &Path, env: &[(String, String)], work: &Path) -> Result<Runner, String> {
        fs::create_dir_all(work).map_err(|error| format!("{}: {error}", work.display()))?;
        let asked = Command::new(docker).arg("--version").output();
        let said = asked.map_err(|error| format!("{}: {error}", docker.display()))?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split(' ').nth(2).unwrap_or_default().trim_end_matches(',').to_owned();

        let given = |name: &str| env.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let mut own = vec![(work.display().to_string(), "<work>")];
        own.extend(given("DOCKER_HOST").map(|host| (host, "<host>")));
        own.extend(given("DOCKER_CONFIG").map(|config| (config, "<config>")));
        let registry = given("PARITY_REGISTRY").unwrap_or_else(|| "127.0.0.1:5099".into());
        let kept = [("registry", registry), ("work", work.display().to_string())];
        let kept = kept.map(|(name, value)| (name.to_owned(), value)).into();
        Ok(Runner { docker: docker.into(), env: env.to_vec(), work: work.into(), version, kept, own, background: HashMap::new() })
    }

    /// Runs one area and gives what its commands did.
    pub fn area(&mut self, name: &str, text: &str) -> Vec<Outcome> {
        let steps = match parse(name, text) {
            Ok(steps) => steps,
            Err(mistake) => return vec![Outcome::failed(name, "read the suite", mistake)],
        };
        let mut outcomes = Vec::new();
        for step in steps {
            if step.only.as_ref().is_none_or(|only| self.version.starts_with(only.as_str())) {
                outcomes.extend(self.step(step));
            }
        }
        for (name, (_, place, run)) in self.background.drain() {
            outcomes.push(Outcome::failed(&place, &run.title(), format!("nothing finishes `{name}`")));
        }
        outcomes
    }

    fn step(&mut self, step: Step) -> Option<Outcome> {
        let place = step.place;
        let done = match step.action {
            Action::Run(run) => return self.run(place, run),
            Action::Finish { name, interrupt } => match self.background.remove(&name) {
                Some((process, place, run)) => {
                    if interrupt {
                        process.interrupt();
                    }
                    return Some(self.ended(process, place, &run));
                }
                None => Err(format!("nothing runs as `{name}`")),
            },
            Action::File { path, text } => write(&self.work.join(path), text.as_bytes()),
            Action::Random { path, megabytes } => noise(&self.work.join(path), megabytes),
            Action::Time(name) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.kept.insert(name, format!("{}.{:09}", now.as_secs(), now.subsec_nanos()));
                Ok(())
            }
        };
        done.err().map(|mistake| Outcome::failed(&place, "prepare", mistake))
    }

    fn run(&mut self, place: String, run: Box<Invocation>) -> Option<Outcome> {
        let began = Instant::now();
        loop {
            let process = match self.start(&run) {
                Ok((process, None)) => process,
                Ok((process, Some(failure))) => {
                    let outcome = self.ended(process, place, &run);
                    return Some(Outcome { failure: Some(failure), ..outcome });
                }
                Err(mistake) => return Some(Outcome::failed(&place, &run.title(), mistake)),
            };
            if let Some(name) = &run.background {
                self.background.insert(name.clone(), (process, place, run));
                return None;
            }
            let mut outcome = self.ended(process, place.clone(), &run);
            outcome.took = began.elapsed();
            let Some(wanted) = &run.until else { return Some(outcome) };
            if wanted.is_match(&outcome.stdout) {
                return Some(outcome);
            }
            if began.elapsed() > run.deadline {
                let failure = Some(format!("it never said `{wanted}`"));
                return Some(Outcome { failure, ..outcome });
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Starts a command and holds the dialogue with it; the second is what went wrong in that.
    fn start(&self, run: &Invocation) -> Result<(Process, Option<String>), String> {
        let mut command = if run.shell {
            self.shell(&run.line)
        } else {
            let words = words(&run.line, &self.kept)?;
            if run.pty { self.pty(&words) } else { self.docker(&words) }
        };
        command.envs(run.env.iter().map(|(name, value)| (name, value)));
        command.stdin(match &run.stdin_file {
            Some(path) => fs::File::open(self.work.join(path)).map_err(|error| format!("{path}: {error}"))?.into(),
            None if run.dialogue.is_empty() && !run.pty => Stdio::null(),
            None => Stdio::piped(),
        });
        let pipe = run.pipe.as_ref().map(|line| self.shell(line));
        let mut process = Process::start(command, pipe, run.deadline)?;
        for turn in &run.dialogue {
            match turn {
                Turn::Type(text) => process.say(text),
                Turn::Close => process.close_stdin(),
                Turn::Wait(text) => {
                    if let Err(failure) = process.hear(text) {
                        process.close_stdin();
                        return Ok((process, Some(failure)));
                    }
                }
            }
        }
        Ok((process, None))
    }

    /// `docker`, with the interrupt as a terminal would give it: who started the tests in the background had it ignored, and that is
    /// inherited.
    fn docker(&self, words: &[String]) -> Command {
        let mut command = self.command(Path::new("env"));
        command.arg(HEAR_INTERRUPTS).arg(&self.docker).args(words);
        command
    }

    /// `docker` on a terminal, which `script` of util-linux makes and passes on.
    fn pty(&self, words: &[String]) -> Command {
        let mut line = format!("stty cols 80 rows 24; exec env {HEAR_INTERRUPTS} {}", quoted(&self.docker.display().to_string()));
        for word in words {
            line.push(' ');
            line.push_str(&quoted(word));
        }
        let mut command = self.command(Path::new("script"));
        command.args(["-qec", &line, "/dev/null"]);
        command
    }

    fn shell(&self, line: &str) -> Command {
        let mut command = self.command(Path::new("sh"));
        command.args(["-c", line]);
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.work);
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", &self.work).env("SHELL", "/bin/sh").env("TERM", "dumb").env("LC_ALL", "C").env("TZ", "UTC");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn ended(&mut self, process: Process, place: String, run: &Invocation) -> Outcome {
        let started = process.started;
        let ended = process.finish();
        if let Some(name) = &run.keep {
            self.kept.insert(name.clone(), ended.stdout.trim().to_owned());
        }
        let missing = run.shows.iter().find(|text| !ended.stdout.contains(*text) && !ended.stderr.contains(*text));
        let failure = match (ended.hung, ended.exit, run.exit) {
            (Some(hung), ..) => Some(hung),
            (None, is, Some(wanted)) if is != Some(wanted) => Some(format!("it ended with {is:?} instead of {wanted}: {}", ended.stderr.trim_end())),
            _ => missing.map(|text| format!("it did not show {text:?}")),
        };
        Outcome {
            place,
            command: run.title(),
            stdout: run.blank.text(&ended.stdout, &self.own),
            stderr: run.blank.text(&ended.stderr, &self.own),
            exit: ended.exit,
            took: started.elapsed(),
            failure,
        }
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn write(path: &Path, text: &[u8]) -> Result<(), String> {
    let named = |error| format!("{}: {error}", path.display());
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(named)?;
    fs::write(path, text).map_err(named)
}

/// Noise that does not compress and is the same each time (xorshift64).
fn noise(path: &Path, megabytes: usize) -> Result<(), String> {
    write(path, b"")?;
    let named = |error| format!("{}: {error}", path.display());
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path).map_err(named)?);
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..megabytes * (1 << 20) / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes()).map_err(named)?;
    }
    file.flush().map_err(named)
}
