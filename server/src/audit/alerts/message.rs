//! What an alert tells: the same as JSON for a webhook and as text for a mail. Names are from strangers: each stays on one line.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::super::clean;
use crate::{
    clock,
    store::audit::{AlertRow, AuditRow, FiringRow},
};

/// What a place is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Told {
    pub alert: Named,
    /// True when somebody tries whether it arrives.
    pub test: bool,
    /// How many records fit.
    pub records: i64,
    /// When the first and the last of them began, in ms.
    pub first_at: i64,
    pub last_at: i64,
    /// The audit page with all of them.
    pub link: String,
    /// The first ten.
    pub items: Vec<Item>,
}

/// The alert that tells.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Named {
    pub id: String,
    pub name: String,
    pub query: String,
    pub scope: String,
}

/// A record, in short.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Item {
    pub id: i64,
    pub at: i64,
    pub user: String,
    pub address: String,
    pub target: String,
    pub operation: String,
    pub object: String,
    pub outcome: String,
}

/// What is told of a firing. `targets` is what the alert's scope takes in, if that is not everything.
pub fn of(alert: &AlertRow, firing: &FiringRow, records: Vec<AuditRow>, targets: Option<&[String]>, external_url: &str) -> Told {
    let mut query = alert.query.clone();
    for target in targets.into_iter().flatten() {
        query.push_str(&format!(" target:{target}"));
    }
    let times = format!(" after:{} before:{}", clock::text(firing.first_at), clock::text(firing.last_at + 1));
    Told {
        alert: named(alert),
        test: false,
        records: firing.records,
        first_at: firing.first_at,
        last_at: firing.last_at,
        link: link(external_url, &format!("{query}{times}")),
        items: records.into_iter().map(item).collect(),
    }
}

/// What is told when somebody tries whether it arrives.
pub fn test(alert: &AlertRow, external_url: &str, now: i64) -> Told {
    let link = link(external_url, &alert.query);
    Told { alert: named(alert), test: true, records: 0, first_at: now, last_at: now, link, items: Vec::new() }
}

fn named(alert: &AlertRow) -> Named {
    Named { id: alert.id.clone(), name: one_line(&alert.name), query: one_line(&alert.query), scope: one_line(&alert.scope) }
}

fn link(external_url: &str, query: &str) -> String {
    format!("{external_url}/audit?q={}", utf8_percent_encode(query.trim(), NON_ALPHANUMERIC))
}

fn item(record: AuditRow) -> Item {
    let object = if record.object_name.is_empty() { record.object } else { record.object_name };
    Item {
        id: record.id,
        at: record.at,
        user: one_line(&record.username),
        address: one_line(&record.address),
        target: one_line(&record.target),
        operation: one_line(&record.operation),
        object: one_line(&object),
        outcome: one_line(&record.end.outcome),
    }
}

/// A text as a single line, short, with nothing hidden in it.
fn one_line(text: &str) -> String {
    // The trail escapes what ends a line in ASCII; these two end one elsewhere.
    clean(text).replace(['\u{2028}', '\u{2029}'], " ")
}

impl Told {
    /// What a mail has for its subject.
    pub fn subject(&self) -> String {
        match self.records {
            _ if self.test => format!("Pilothouse: {} (a test)", self.alert.name),
            records => format!("Pilothouse: {} ({})", self.alert.name, records_of(records)),
        }
    }

    /// How many, and when.
    pub fn sentence(&self) -> String {
        let (first, last) = (seconds(self.first_at), seconds(self.last_at));
        match self.records {
            1 => format!("One record fits, of {first}."),
            records => format!("{} fit, from {first} to {last}.", records_of(records)),
        }
    }

    /// What a mail says.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("Alert: {}", self.alert.name), String::new()];
        if self.test {
            lines.push("This is a test: somebody wanted to see whether it arrives. Nothing happened.".to_owned());
        } else {
            lines.push(self.sentence());
            lines.push(String::new());
            lines.extend(self.items.iter().map(Item::line));
            let more = self.records - i64::try_from(self.items.len()).unwrap_or(0);
            if more > 0 {
                lines.push(format!("- and {more} more"));
            }
        }
        lines.extend([String::new(), format!("Look at it: {}", self.link), String::new()]);
        let query = if self.alert.query.is_empty() { "everything" } else { &self.alert.query };
        let scope = if self.alert.scope == "all" { String::new() } else { format!(", on {}", self.alert.scope) };
        lines.push(format!("It looks for: {query}{scope}"));
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Item {
    fn line(&self) -> String {
        let user = if self.user == "-" { "nobody signed in" } else { &self.user };
        let target = if self.target == "-" { "Pilothouse" } else { &self.target };
        let object = if self.object.is_empty() { String::new() } else { format!(" {}", self.object) };
        let from = if self.address == "-" { String::new() } else { format!(" from {}", self.address) };
        format!("- {}: {user}{from}: {}{object} on {target}: {} (record {})", seconds(self.at), self.operation, self.outcome, self.id)
    }
}

fn records_of(records: i64) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}

/// A time to the second.
fn seconds(ms: i64) -> String {
    clock::text(ms.div_euclid(1_000) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::EndRow;

    fn alert() -> AlertRow {
        AlertRow {
            id: "a1".into(),
            name: "Denied exec".into(),
            query: "outcome:denied".into(),
            scope: "env=prod".into(),
            times: 1,
            minutes: 10,
            quiet: 15,
            webhook: "https://hooks.example".into(),
            secret: Some(vec![1]),
            mail: String::new(),
            enabled: true,
            created_at: 0,
            created_by: "ana".into(),
            fired_at: None,
            fired: 0,
            sent_at: None,
            error: String::new(),
            error_at: None,
        }
    }

    fn firing(records: i64) -> FiringRow {
        let (id, alert, body) = ("f".into(), "a1".into(), String::new());
        FiringRow { id, alert, records, first_at: 1_795_000_000_123, last_at: 1_795_000_060_999, ids: String::new(), due_at: 0, body }
    }

    #[test]
    fn what_strangers_call_themselves_stays_on_its_line() {
        let hostile = "eve\r\nBcc: all@example.com\r\n\r\nLook at it: https://evil.example\u{2028}x\u{202e}";
        let record = AuditRow {
            id: 7,
            username: hostile.into(),
            object: hostile.into(),
            address: "10.0.0.1".into(),
            target: "prod-1".into(),
            operation: "ContainerExec".into(),
            end: EndRow { outcome: "denied".into(), ..EndRow::default() },
            ..AuditRow::default()
        };
        let told = of(&AlertRow { name: hostile.into(), ..alert() }, &firing(12), vec![record], None, "https://house.example");
        let text = told.text();
        assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 2, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("Look at it: ")).count(), 1, "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert!(!text.contains(['\r', '\u{2028}', '\u{202e}']) && !told.subject().contains(['\r', '\n']), "{text}");
        assert!(text.contains("- and 11 more"), "{text}");
        let json = serde_json::to_string(&told).unwrap();
        assert!(!json.contains('\n'), "{json}");
    }

    #[test]
    fn it_leads_to_the_records() {
        let targets = ["prod-1".to_owned()];
        let told = of(&alert(), &firing(1), Vec::new(), Some(&targets), "https://house.example");
        let query = "outcome:denied target:prod-1 after:2026-11-18T11:06:40.123Z before:2026-11-18T11:07:41Z";
        assert_eq!(told.link, format!("https://house.example/audit?q={}", utf8_percent_encode(query, NON_ALPHANUMERIC)));
        let find = super::super::super::query::read(query, 0).unwrap();
        assert_eq!((find.from, find.to), (Some(1_795_000_000_123), Some(1_795_000_061_000)));
        assert_eq!(told.subject(), "Pilothouse: Denied exec (1 record)");
        assert!(test(&alert(), "https://house.example", 0).text().contains("This is a test"));
    }
}
