//! `pilothouse audit verify`: whether the trail is what was written, by a live store or by an export.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use flate2::read::MultiGzDecoder;

use super::{complain, fail, say};
use crate::{
    audit::{
        checkpoint::Signed,
        keeper::read_checkpoints,
        look,
        verify::{Finding, Report},
    },
    config::{Config, Overrides},
    store::Store,
};

#[derive(clap::Subcommand)]
pub enum Audit {
    /// Tell whether the trail is what was written. Ends with 0 when it is, with 1 when it is not, with 2 when that cannot be told.
    Verify(Verify),
}

#[derive(clap::Args)]
pub struct Verify {
    /// Checkpoints that were kept outside of the database, a line each. Without it, the file that the settings name.
    #[arg(long, value_name = "FILE")]
    checkpoints: Option<PathBuf>,
    /// The public key that checkpoints must be signed with: 64 hexadecimal digits, as the audit page shows them.
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
    /// An export or an archive, `.jsonl` or `.jsonl.gz`. Without it, the store that the settings name; that may be in use.
    file: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

/// It cannot be told.
const UNKNOWN: u8 = 2;

pub fn run(Audit::Verify(asked): Audit) -> ExitCode {
    let report = key_of(&asked).and_then(|()| match &asked.file {
        Some(file) => of_file(file, &asked),
        None => of_store(&asked),
    });
    match report.and_then(|report| proves(&asked, report)) {
        Ok(report) => tell(&report),
        Err(mistakes) => {
            fail(&mistakes);
            ExitCode::from(UNKNOWN)
        }
    }
}

fn key_of(asked: &Verify) -> Result<(), Vec<String>> {
    let is_key = |key: &String| key.len() == 64 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if asked.key.as_ref().is_none_or(is_key) {
        return Ok(());
    }
    Err(vec!["--key: a key has 64 digits, 0 to 9 and a to f.".to_owned()])
}

/// What proves nothing is not called whole.
fn proves(asked: &Verify, report: Report) -> Result<Report, Vec<String>> {
    let why = match &report {
        Report { wrong: 1.., .. } => return Ok(report),
        Report { entries: 0, .. } => "There is no entry, so there is nothing to be proved.",
        Report { checkpoints: 0, .. } if asked.key.is_some() => "There is no checkpoint, so nothing is signed by that key.",
        Report { checkpoints: 0, .. } if asked.file.is_some() => {
            "There is no checkpoint: the entries follow one another, but nothing signed says that they were written so, or that these are all. \
             Give the checkpoints with --checkpoints."
        }
        _ => return Ok(report),
    };
    Err(vec![why.to_owned()])
}

fn outside(file: &Path) -> Result<Vec<Signed>, Vec<String>> {
    read_checkpoints(file).map_err(|e| vec![format!("{}: {e}.", file.display())])
}

/// The checkpoints of a file that was named: it has to be there.
fn named(file: &Path) -> Result<Vec<Signed>, Vec<String>> {
    if !file.exists() {
        return Err(vec![format!("{} is not there.", file.display())]);
    }
    outside(file)
}

fn of_file(file: &Path, asked: &Verify) -> Result<Report, Vec<String>> {
    let outside = asked.checkpoints.as_deref().map(named).transpose()?;
    let opened = File::open(file).map_err(|e| vec![format!("{}: {e}.", file.display())])?;
    let plain: Box<dyn Read> = match file.extension() {
        Some(end) if end == "gz" => Box::new(MultiGzDecoder::new(opened)),
        _ => Box::new(opened),
    };
    look::file(BufReader::with_capacity(1 << 16, plain), outside.as_deref(), asked.key.as_deref()).map_err(|why| vec![why])
}

fn of_store(asked: &Verify) -> Result<Report, Vec<String>> {
    let config = Config::load(asked.overrides.clone())?;
    let outside = match &asked.checkpoints {
        Some(file) => named(file)?,
        None => outside(&config.audit.checkpoints)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| vec![format!("No runtime: {e}.")])?;
    runtime.block_on(async {
        let file = config.data_dir.join("pilothouse.db");
        // An address has a password in it: it is not said again.
        let place = if config.database_url.is_some() { "The PostgreSQL database".to_owned() } else { file.display().to_string() };
        let failed = |e| vec![format!("{place}: {e}.")];
        let store = match &config.database_url {
            Some(url) => Store::look_postgres(url).await.map_err(failed)?,
            None if !file.exists() => {
                return Err(vec![format!("{} is not there: name the folder with --data-dir, or the settings with --config.", file.display())]);
            }
            None => Store::look(&file).await.map_err(failed)?,
        };
        look::store(&store, Some(&outside), asked.key.as_deref()).await.map_err(failed)
    })
}

fn tell(report: &Report) -> ExitCode {
    let time = |ms: Option<i64>| ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map_or_else(|| "-".to_owned(), |at| at.to_string());
    let entries = |n| many(n, "entry", "entries");
    let records = |n| many(n, "record", "records");
    say(&format!("{} of {}, from {} to {}", entries(report.entries), records(report.records), time(report.since), time(report.until)));
    say(&format!("{}, the last of {}", many(report.checkpoints, "checkpoint", "checkpoints"), time(report.checkpoint_at)));
    if report.behind > 0 {
        say(&format!("{} behind the last checkpoint: nothing signed proves that yet", entries(report.behind)));
    }
    if report.withheld > 0 {
        say(&format!("{} without a text any more, or without one here: the place is proved", entries(report.withheld)));
    }
    if report.older > 0 {
        say(&format!("{} older than the chain: nothing proves that", records(report.older)));
    }
    if report.is_whole() {
        say("The trail is what was written.");
        return ExitCode::SUCCESS;
    }
    complain(&format!("The trail is NOT what was written: {}. The first:", many(report.wrong, "finding", "findings")));
    for finding in &report.findings {
        complain(&sentence(finding));
    }
    ExitCode::FAILURE
}

fn many(n: u64, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

fn sentence(finding: &Finding) -> String {
    let entry = finding.entry.map(|(writer, seq)| format!("entry {seq} of writer {writer}"));
    let record = finding.record.map(|id| format!("record {id}"));
    let place: Vec<String> = [entry, record].into_iter().flatten().collect();
    if place.is_empty() { finding.what.clone() } else { format!("{}: {}", place.join(", "), finding.what) }
}
