//! What a rule on known holes says of an image, by the reports there are.

use std::collections::HashSet;

use pilothouse_app::api::{guardrails::Rule, vulnerabilities::Severity};

use super::{MOST_INDEXES, MOST_MEMBERS, Subject};
use crate::{
    access::guard::exception,
    clock::now_ms,
    scans::{number_of, severity_of},
    store::{
        Store, StoreError,
        scans::{FindingRow, ImageKey, MOST_FINDINGS},
    },
};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// What is known of an image, from every place where it is and by every scanner.
struct Known {
    /// Those that are worse than is allowed.
    findings: Vec<FindingRow>,
    /// Since when all of it is scanned.
    scanned: Option<i64>,
}

/// What the rule does not allow about it, to stand behind its name.
pub async fn objection(store: &Store, rule: &Rule, subject: &Subject) -> Option<String> {
    let Rule::Vulnerabilities { worst, exceptions, unscanned, max_age_days } = rule else { return None };
    let Ok(known) = known(store, subject, *worst).await else { return Some("while it cannot be read what was found in it".to_owned()) };
    let now = now_ms();
    let oldest = max_age_days.map_or(0, |days| now - i64::from(days) * DAY_MS);
    let is_scanned = known.scanned.is_some_and(|at| at >= oldest);
    if !is_scanned && !*unscanned {
        return Some(match (known.scanned, max_age_days) {
            (Some(_), Some(days)) => format!("without a scan of the last {days} days"),
            _ => "without a scan".to_owned(),
        });
    }
    if known.findings.len() >= MOST_FINDINGS {
        return Some("with more known holes than are looked at".to_owned());
    }
    bad(&known.findings, *worst, exceptions, &day(now))
}

/// The first hole that is too bad, in words, and how many more there are.
fn bad(findings: &[FindingRow], worst: Severity, exceptions: &[String], today: &str) -> Option<String> {
    let excepted: HashSet<&str> = exceptions
        .iter()
        .filter_map(|text| exception(text))
        .filter(|(_, until)| until.is_none_or(|until| until >= today))
        .map(|(id, _)| id)
        .collect();
    let mut counted: Vec<&FindingRow> =
        findings.iter().filter(|one| one.severity > number_of(worst) && !excepted.contains(one.id.as_str())).collect();
    counted.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let first = counted.first()?;
    let others = counted.iter().map(|one| one.id.as_str()).collect::<HashSet<_>>().len() - 1;
    let fixed = first.fixed.as_ref().map(|version| format!(", gone in {version}")).unwrap_or_default();
    let severity = name_of(severity_of(first.severity));
    let more = match others {
        0 => String::new(),
        1 => ", and one more like it,".to_owned(),
        more => format!(", and {more} more like it,"),
    };
    let place = crate::access::guard::image_name(format!("{} {}", first.package, first.version).trim());
    Some(format!("with {} ({severity}, in {place}{fixed}){more}", first.id))
}

fn name_of(severity: Severity) -> String {
    format!("{severity:?}").to_lowercase()
}

/// The day of a time, as `YYYY-MM-DD`. Of a time that is none it is one that is after all others: no exception holds then.
fn day(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| "9999-12-31".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

/// All that is known of an image, of the indexes that name it, and of the images that it names.
async fn known(store: &Store, subject: &Subject, worst: Severity) -> Result<Known, StoreError> {
    let mut known = Known { findings: Vec::new(), scanned: None };
    for place in &subject.places {
        let own = place.key();
        let indexes = store.indexes_of(&own, MOST_INDEXES).await?;
        let members = store.members_of(&own).await?;
        let mut whole = None;
        for digest in indexes.into_iter().chain([own.digest.clone()]) {
            whole = whole.max(known.take(store, ImageKey { digest, ..own.clone() }, worst).await?);
        }
        let mut parts = Vec::new();
        for digest in members {
            parts.push(known.take(store, ImageKey { digest, ..own.clone() }, worst).await?);
        }
        known.scanned = known.scanned.max(whole).max(of_parts(&parts));
    }
    Ok(known)
}

/// Since when an index is scanned by its images alone: since the last of them is. Of a longer one not all are known.
fn of_parts(parts: &[Option<i64>]) -> Option<i64> {
    if parts.len() >= MOST_MEMBERS {
        return None;
    }
    parts.iter().copied().min().flatten()
}

impl Known {
    /// Takes in what is known of one digest; when its newest report came in.
    async fn take(&mut self, store: &Store, key: ImageKey, worst: Severity) -> Result<Option<i64>, StoreError> {
        // More of them change nothing.
        if self.findings.len() < MOST_FINDINGS {
            self.findings.extend(store.findings(&key, number_of(worst) + 1).await?);
        }
        Ok(store.scans(&key).await?.iter().map(|scan| scan.at).max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, severity: Severity) -> FindingRow {
        FindingRow {
            registry: "r".into(),
            repository: "a".into(),
            digest: "d".into(),
            scanner: "trivy".into(),
            id: id.into(),
            severity: number_of(severity),
            package: "openssl".into(),
            version: "3.0.1".into(),
            fixed: Some("3.0.2".into()),
            title: String::new(),
        }
    }

    #[test]
    fn what_is_worse_than_allowed_is_named_the_worst_first() {
        let holes = [found("CVE-2", Severity::High), found("CVE-1", Severity::Critical), found("CVE-3", Severity::Low)];
        let say = |worst, exceptions: &[&str]| {
            let exceptions: Vec<String> = exceptions.iter().map(|text| (*text).to_owned()).collect();
            bad(&holes, worst, &exceptions, "2026-06-15")
        };
        assert_eq!(say(Severity::High, &[]).as_deref(), Some("with CVE-1 (critical, in openssl 3.0.1, gone in 3.0.2)"));
        assert_eq!(say(Severity::Medium, &[]).as_deref(), Some("with CVE-1 (critical, in openssl 3.0.1, gone in 3.0.2), and one more like it,"));
        assert_eq!(say(Severity::Critical, &[]), None);
        assert_eq!(say(Severity::High, &["CVE-1"]), None);
        assert_eq!(say(Severity::High, &["CVE-1 until 2026-06-15"]), None, "to the end of that day");
        assert!(say(Severity::High, &["CVE-1 until 2026-06-14"]).is_some(), "and no longer");
        assert!(say(Severity::High, &["CVE-11"]).is_some());
    }

    #[test]
    fn an_index_is_scanned_when_all_that_it_names_is() {
        assert_eq!(of_parts(&[]), None);
        assert_eq!(of_parts(&[Some(7), Some(5)]), Some(5), "the oldest of them counts");
        assert_eq!(of_parts(&[Some(7), None]), None, "one that nobody has scanned does not ride along");
        assert_eq!(of_parts(&[Some(7); MOST_MEMBERS]), None, "there may be more of them");
    }

    #[test]
    fn a_time_has_its_day() {
        assert_eq!((day(0).as_str(), day(i64::MAX).as_str()), ("1970-01-01", "9999-12-31"));
    }
}
