//! A child process that is talked to, and never waited for without a deadline.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a process that has not ended is looked at.
const GLANCE: Duration = Duration::from_millis(4);
/// What is kept of one stream. More is read and dropped: big streams belong in a `pipe`.
const KEPT: usize = 8 << 20;

pub struct Process {
    child: Child,
    pipe: Option<Child>,
    stdin: Option<ChildStdin>,
    stdout: Reader,
    stderr: Reader,
    /// How much of standard output earlier waits have consumed.
    heard: usize,
    pub started: Instant,
    ends: Instant,
}

/// What a process did.
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub exit: Option<i32>,
    pub hung: Option<String>,
}

impl Process {
    /// Starts `command`; with `pipe`, its output goes through that one.
    pub fn start(mut command: Command, pipe: Option<Command>, deadline: Duration) -> Result<Process, String> {
        let broken = |error: std::io::Error| format!("it could not be started: {error}");
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(broken)?;
        let stdin = child.stdin.take();
        let stderr = Reader::new(child.stderr.take());
        let mut output = child.stdout.take();
        let mut last = None;
        if let Some(mut pipe) = pipe
            && let Some(from) = output.take()
        {
            let mut second = pipe.stdin(from).stdout(Stdio::piped()).process_group(0).spawn().map_err(broken)?;
            output = second.stdout.take();
            last = Some(second);
        }
        let started = Instant::now();
        let ends = started + deadline;
        Ok(Process { child, pipe: last, stdin, stdout: Reader::new(output), stderr, heard: 0, started, ends })
    }

    /// Writes to its standard input. One that has ended hears nothing, and that shows in its output.
    pub fn say(&mut self, text: &str) {
        if let Some(stdin) = &mut self.stdin {
            // A character is a byte here, so that control characters can be typed.
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
            let _ = stdin.write_all(&bytes).and_then(|()| stdin.flush());
        }
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until new standard output has `text`.
    pub fn hear(&mut self, text: &str) -> Result<(), String> {
        loop {
            let ended = self.stdout.ended();
            let said = self.stdout.text();
            let new = said.get(self.heard..).unwrap_or_default();
            if let Some(at) = new.find(text) {
                self.heard += at + text.len();
                return Ok(());
            }
            if ended {
                return Err(format!("it ended without saying {text:?}"));
            }
            if Instant::now() > self.ends {
                return Err(format!("it did not say {text:?} in time"));
            }
            thread::sleep(GLANCE);
        }
    }

    pub fn interrupt(&self) {
        signal("-INT", &self.child.id().to_string());
    }

    /// Waits for the end; at the deadline it is made to end.
    pub fn finish(mut self) -> Ended {
        let mut hung = None;
        let status = ends_by(&mut self.child, self.ends);
        if status.is_none() {
            hung = Some(format!("it hung: it did not end within {:?}", self.ends - self.started));
            kill(&mut self.child);
        }
        // Typed text stays typed until now: the end of `script`'s input would be typed too, as ^D.
        self.stdin = None;
        if let Some(pipe) = &mut self.pipe
            && ends_by(pipe, self.ends + Duration::from_secs(2)).is_none()
        {
            hung.get_or_insert_with(|| "it hung: what reads its output did not end".into());
            kill(pipe);
        }
        for stream in [&mut self.stdout, &mut self.stderr] {
            if !stream.ends_by(self.ends + Duration::from_secs(2)) {
                hung.get_or_insert_with(|| "it hung: it ended, but its output stayed open".into());
            }
        }
        let exit = status.and_then(|status| status.code().or_else(|| status.signal().map(|signal| 128 + signal)));
        Ended { stdout: self.stdout.text(), stderr: self.stderr.text(), exit, hung }
    }
}

impl Drop for Process {
    /// One that is never finished ends with the pass.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(&mut self.child);
        }
    }
}

fn ends_by(child: &mut Child, ends: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < ends => thread::sleep(GLANCE),
            _ => return None,
        }
    }
}

/// Ends the process and its children: they are a group.
fn kill(child: &mut Child) {
    signal("-KILL", &format!("-{}", child.id()));
    let _ = child.kill();
    let _ = child.wait();
}

fn signal(which: &str, whom: &str) {
    let _ = Command::new("kill").args([which, "--", whom]).stderr(Stdio::null()).status();
}

/// Reads a stream on a thread of its own, so that no pipe ever fills up.
struct Reader {
    text: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
    ended: bool,
}

impl Reader {
    fn new(stream: Option<impl Read + Send + 'static>) -> Reader {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (done, end) = channel::<()>();
        let into = Arc::clone(&text);
        thread::spawn(move || {
            // Dropped at the end, which is what `end` waits for.
            let _done = done;
            let Some(mut stream) = stream else { return };
            let mut part = vec![0; 64 << 10];
            while let Ok(read) = stream.read(&mut part) {
                if read == 0 {
                    return;
                }
                let mut text = into.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT.saturating_sub(text.len());
                text.extend(part.iter().take(read.min(room)));
            }
        });
        Reader { text, end, ended: false }
    }

    fn ended(&mut self) -> bool {
        self.ends_by(Instant::now())
    }

    fn ends_by(&mut self, ends: Instant) -> bool {
        use std::sync::mpsc::RecvTimeoutError::Disconnected;
        let left = ends.saturating_duration_since(Instant::now());
        self.ended = self.ended || self.end.recv_timeout(left) == Err(Disconnected);
        self.ended
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
