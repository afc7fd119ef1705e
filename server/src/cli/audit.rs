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
    let report = match &asked.file {
        Some(file) => of_file(file, &asked),
        None => of_store(&asked),
    };
    match report {
        Ok(report) => tell(&report),
        Err(mistakes) => {
            fail(&mistakes);
            ExitCode::from(UNKNOWN)
        }
    }
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
            None => Store::look(&file).await.map_err(failed)?,
        };
        look::store(&store, Some(&outside), asked.key.as_deref()).await.map_err(failed)
    })
}

fn tell(report: &Report) -> ExitCode {
    let time = |ms: Option<i64>| ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map_or_else(|| "-".to_owned(), |at| at.to_string());
    say(&format!("{} entries of {} records, from {} to {}", report.entries, report.records, time(report.since), time(report.until)));
    say(&format!("{} checkpoints, the last of {}", report.checkpoints, time(report.checkpoint_at)));
    if report.withheld > 0 {
        say(&format!("{} entries have no text any more, or none here: their place is proved", report.withheld));
    }
    if report.older > 0 {
        say(&format!("{} records are older than the chain: nothing proves them", report.older));
    }
    if report.is_whole() {
        say("The trail is what was written.");
        return ExitCode::SUCCESS;
    }
    complain(&format!("The trail is NOT what was written: {} findings. The first:", report.wrong));
    for finding in &report.findings {
        complain(&sentence(finding));
    }
    ExitCode::FAILURE
}

fn sentence(finding: &Finding) -> String {
    let entry = finding.entry.map(|(writer, seq)| format!("entry {seq} of writer {writer}"));
    let record = finding.record.map(|id| format!("record {id}"));
    let place: Vec<String> = [entry, record].into_iter().flatten().collect();
    if place.is_empty() { finding.what.clone() } else { format!("{}: {}", place.join(", "), finding.what) }
}
