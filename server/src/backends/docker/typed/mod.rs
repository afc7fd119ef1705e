//! What the console asks of an engine, in the contract's types. Every call takes a permit, has a deadline, and reads no
//! more than a cap; names from clients are parsed into [`names`] before they can stand in a path.
//!
//! `docs/decisions/0005-no-client-library-for-engines.md` says why the calls are made here.

pub mod about;
pub mod containers;
pub mod create;
pub mod events;
pub mod exec;
pub mod frames;
pub mod images;
pub mod in_use;
pub mod logs;
pub mod looks;
pub mod names;
pub mod networks;
pub mod pull;
pub mod search;
pub mod stats;
pub mod volumes;

pub mod call;
pub(super) mod wire;

use std::collections::BTreeMap;

/// What a problem with a field of the input says.
fn bad(field: &str, title: impl Into<String>) -> pilothouse_app::api::Problem {
    pilothouse_app::api::Problem::new(pilothouse_app::api::Code::InvalidInput, title).field(field)
}

/// The project that labels put a thing in.
pub fn project(labels: &BTreeMap<String, String>) -> Option<String> {
    super::belongings::project_of(|key| labels.get(key).map(String::as_str)).map(str::to_owned)
}

/// A time as Docker writes it, in milliseconds since the epoch. The year 1 is Docker's "never".
pub(in crate::backends) fn millis(text: &str) -> Option<i64> {
    let at = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    (at > 0).then_some(at)
}

/// A size as Docker writes it: negative means unknown.
fn size(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Refuses labels that no engine should be given.
fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), pilothouse_app::api::Problem> {
    if labels.len() > 256 {
        return Err(bad("labels", "At most 256 labels."));
    }
    for (key, value) in labels {
        if key.is_empty() || key.len() > 1024 || value.len() > 16 * 1024 || key.contains(['\0', '=']) || value.contains('\0') {
            return Err(bad("labels", "A label needs a name without =, and neither side may be overlong."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_label_names_the_project_before_all_others() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        assert_eq!(project(&labels(&[("pilothouse.project", "c"), ("com.docker.compose.project", "a")])).as_deref(), Some("c"));
        assert_eq!(project(&labels(&[("com.docker.compose.project", "a"), ("com.docker.stack.namespace", "b")])).as_deref(), Some("a"));
        assert_eq!(project(&labels(&[("pilothouse.project", ""), ("com.docker.stack.namespace", "b")])).as_deref(), Some("b"));
        assert_eq!(project(&labels(&[("pilothouse.project", "")])), None);
    }

    #[test]
    fn the_year_one_is_never() {
        assert_eq!(millis("0001-01-01T00:00:00Z"), None);
        assert_eq!(millis("1970-01-01T00:00:01.5Z"), Some(1500));
        assert_eq!(millis("1970-01-01T01:00:01+01:00"), Some(1000));
        assert_eq!(millis("soon"), None);
    }
}
