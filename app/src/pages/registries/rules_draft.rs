//! What is filled in about a registry's rules, and what is sent of it.

use leptos::prelude::*;

use crate::api::registry_rules::{ImmutableTags, Quota, RegistryLimits, RegistryRules};
use crate::api::{Code, Problem};

const MIB: f64 = 1_048_576.0;

/// A number of bytes, written in MiB. One that nobody touches stays what it was, to the byte.
#[derive(Clone, Debug)]
pub(super) struct Amount {
    pub text: RwSignal<String>,
    was: Option<u64>,
}

impl Amount {
    fn of(bytes: Option<u64>) -> Self {
        Self { text: RwSignal::new(bytes.map(mebibytes).unwrap_or_default()), was: bytes }
    }

    fn bytes(&self, field: &str, label: &str) -> Result<Option<u64>, Problem> {
        let text = self.text.with_untracked(|text| text.trim().to_owned());
        if text == self.was.map(mebibytes).unwrap_or_default() {
            return Ok(self.was);
        }
        read_mebibytes(&text).ok_or_else(|| wrong(field, format!("{label}: write a number of MiB, such as 512 or 0.5, or leave it empty.")))
    }
}

/// Bytes in MiB, without zeros at the end.
fn mebibytes(bytes: u64) -> String {
    let text = format!("{:.6}", bytes as f64 / MIB);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `None` for what is no number; nothing for nothing.
fn read_mebibytes(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number >= 0.0 && number < 1e12).then(|| Some((number * MIB).round() as u64))
}

fn wrong(field: &str, title: String) -> Problem {
    Problem::new(Code::InvalidInput, title).field(field)
}

/// A whole number, or nothing.
fn number<T: std::str::FromStr>(text: RwSignal<String>, field: &str, label: &str) -> Result<Option<T>, Problem> {
    let text = text.with_untracked(|text| text.trim().to_owned());
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| wrong(field, format!("{label}: write a whole number, or leave it empty.")))
}

/// One quota.
#[derive(Clone, Debug)]
pub(super) struct QuotaDraft {
    pub key: usize,
    pub prefix: RwSignal<String>,
    pub size: Amount,
    pub tags: RwSignal<String>,
}

impl QuotaDraft {
    fn of(key: usize, quota: &Quota) -> Self {
        let tags = quota.tags.map(|tags| tags.to_string()).unwrap_or_default();
        Self { key, prefix: RwSignal::new(quota.prefix.clone()), size: Amount::of(quota.bytes), tags: RwSignal::new(tags) }
    }

    pub fn new(key: usize) -> Self {
        Self::of(key, &Quota { prefix: String::new(), bytes: None, tags: None })
    }
}

/// All that is filled in.
#[derive(Clone)]
pub(super) struct Draft {
    /// A line each: `TAGS`, or `PREFIX:TAGS`.
    pub immutable: RwSignal<String>,
    pub quotas: RwSignal<Vec<QuotaDraft>>,
    pub requests: RwSignal<String>,
    pub uploads: RwSignal<String>,
    pub blob: Amount,
    pub layers: RwSignal<String>,
}

impl Draft {
    pub fn of(rules: &RegistryRules) -> Self {
        let text = |n: Option<u32>| RwSignal::new(n.map(|n| n.to_string()).unwrap_or_default());
        let lines: Vec<String> = rules.immutable.iter().map(line).collect();
        let RegistryLimits { requests_per_second, uploads, blob_bytes, layers } = rules.limits;
        Self {
            immutable: RwSignal::new(lines.join("\n")),
            quotas: RwSignal::new(rules.quotas.iter().enumerate().map(|(key, quota)| QuotaDraft::of(key, quota)).collect()),
            requests: text(requests_per_second),
            uploads: text(uploads),
            blob: Amount::of(blob_bytes),
            layers: text(layers),
        }
    }

    /// What is to be sent.
    ///
    /// # Errors
    /// When a number is none.
    pub fn rules(&self) -> Result<RegistryRules, Problem> {
        let immutable = self.immutable.with_untracked(|text| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(read_line).collect());
        let quotas = self.quotas.get_untracked().into_iter().map(|quota| {
            let prefix = quota.prefix.with_untracked(|prefix| prefix.trim().trim_matches('/').to_owned());
            Ok(Quota { prefix, bytes: quota.size.bytes("quotas", "A quota's MiB")?, tags: number(quota.tags, "quotas", "A quota's tags")? })
        });
        Ok(RegistryRules {
            immutable,
            quotas: quotas.collect::<Result<_, Problem>>()?,
            limits: RegistryLimits {
                requests_per_second: number(self.requests, "limits.requests_per_second", "Requests a second")?,
                uploads: number(self.uploads, "limits.uploads", "Uploads")?,
                blob_bytes: self.blob.bytes("limits.blob_bytes", "The largest blob")?,
                layers: number(self.layers, "limits.layers", "Layers")?,
            },
        })
    }
}

fn line(rule: &ImmutableTags) -> String {
    if rule.prefix.is_empty() { rule.tags.clone() } else { format!("{}:{}", rule.prefix, rule.tags) }
}

fn read_line(line: &str) -> ImmutableTags {
    match line.split_once(':') {
        Some((prefix, tags)) => ImmutableTags { prefix: prefix.trim().to_owned(), tags: tags.trim().to_owned() },
        None => ImmutableTags { prefix: String::new(), tags: line.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_rules_are_the_same() {
        for text in ["v*", "team/app:release-*"] {
            assert_eq!(line(&read_line(text)), text);
        }
        assert_eq!(read_line("team : v*"), ImmutableTags { prefix: "team".to_owned(), tags: "v*".to_owned() });
    }

    #[test]
    fn sizes_are_written_in_mebibytes() {
        assert_eq!((mebibytes(1_048_576), mebibytes(524_288), mebibytes(0)), ("1".to_owned(), "0.5".to_owned(), "0".to_owned()));
        assert_eq!(
            (read_mebibytes("0.5"), read_mebibytes(""), read_mebibytes("-1"), read_mebibytes("x")),
            (Some(Some(524_288)), Some(None), None, None)
        );
    }
}
