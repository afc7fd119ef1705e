//! The table, on the terminal and in `docs/benchmarks.md`.

use std::{path::Path, process::Command};

/// The figures of a part stand in the page behind this line, with the part's name in it, and before the other.
const BEGIN: &str = "<!-- figures of the PART -->";
const END: &str = "<!-- end of figures -->";

/// One line of the table.
pub struct Row {
    what: String,
    engine: String,
    nginx: String,
    ours: String,
    /// What it was to be, and what it is.
    wanted: String,
    met: Option<bool>,
}

impl Row {
    /// More is better: at least `share` of nginx.
    pub fn rate(what: &str, [engine, nginx, ours]: [f64; 3], share: f64) -> Row {
        let is = ours / nginx;
        let mut row = Row::plain(what, [engine, nginx, ours]);
        row.wanted = format!("{share} of nginx: {is:.2}");
        row.met = Some(is >= share);
        row
    }

    /// Less is better: at most `most` more than the engine alone.
    pub fn added(what: &str, figures: [f64; 3], most: f64) -> Row {
        let is = figures[2] - figures[0];
        let mut row = Row::plain(what, figures);
        row.wanted = format!("under {most} added: {is:.2}");
        row.met = Some(is < most);
        row
    }

    /// Less is better, and nobody to compare with.
    pub fn most(what: &str, ours: f64, most: f64) -> Row {
        Row { wanted: format!("under {most}"), met: Some(ours < most), ..Row::ours(what, ours) }
    }

    /// More is better, and nobody to compare with.
    pub fn at_least(what: &str, ours: f64, least: f64) -> Row {
        Row { wanted: format!("{least} at least"), met: Some(ours >= least), ..Row::ours(what, ours) }
    }

    /// Less is better: at most `share` of what the whole answer takes, which is another figure of ours.
    pub fn against_whole(what: &str, whole: f64, ours: f64, share: f64) -> Row {
        let is = ours / whole;
        Row { wanted: format!("{share} of {} whole: {is:.2}", figure(whole)), met: Some(is <= share), ..Row::ours(what, ours) }
    }

    /// Nobody to compare with, and no wish.
    pub fn ours(what: &str, ours: f64) -> Row {
        let none = || "-".to_owned();
        Row { what: what.to_owned(), engine: none(), nginx: none(), ours: figure(ours), wanted: String::new(), met: None }
    }

    pub fn plain(what: &str, [engine, nginx, ours]: [f64; 3]) -> Row {
        Row { what: what.to_owned(), engine: figure(engine), nginx: figure(nginx), ours: figure(ours), wanted: String::new(), met: None }
    }
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Prints the table and puts it into its part of the page.
pub fn write(part: &str, rows: &[Row]) {
    let begin = BEGIN.replace("PART", part);
    let mut table = format!("Measured on {}, {}.\n\n", today(), machine());
    table += "| figure | engine | nginx | Pilothouse | wanted | met |\n|---|---:|---:|---:|---|---|\n";
    for row in rows {
        let met = row.met.map_or("", |met| if met { "yes" } else { "**missed**" });
        table += &format!("| {} | {} | {} | {} | {} | {met} |\n", row.what, row.engine, row.nginx, row.ours, row.wanted);
    }
    println!("{table}");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
    let text = std::fs::read_to_string(&page).expect("docs/benchmarks.md is there");
    let (before, rest) = text.split_once(&begin).expect("the page says where the figures begin");
    let (_, after) = rest.split_once(END).expect("the page says where the figures end");
    std::fs::write(&page, format!("{before}{begin}\n{table}{END}{after}")).expect("the page can be written");
}

fn today() -> String {
    let done = Command::new("date").arg("+%Y-%m-%d").output().expect("date runs");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": ")).map_or("unknown", |(_, name)| name);
    format!("{cores} cores of {}", model.trim())
}
