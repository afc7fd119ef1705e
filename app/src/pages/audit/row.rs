//! One record as a row. All of the row opens its details.

use leptos::prelude::*;

use super::outcome::OutcomeBadge;
use super::words::deed;
use crate::api::audit::AuditRecord;
use crate::ui::Time;
use crate::ui::format::{duration, short_id};

#[component]
pub(super) fn Row(record: Signal<AuditRecord>, open: Callback<AuditRecord>) -> impl IntoView {
    let text = move |of: fn(&AuditRecord) -> &String| record.with(|record| of(record).clone());
    let user = move || record.with(who);
    let object = move || text(|record| &record.object);
    let short = move || record.with(object_words);
    let outcome = Signal::derive(move || record.with(|record| record.outcome));
    let took = move || record.with(|record| record.duration_ms.map(duration));
    let target = move || record.with(|record| if record.target == "-" { "Pilothouse".to_owned() } else { record.target.clone() });
    view! {
        <tr class="opens">
            <td class="main">
                <button type="button" class="name row-opener" aria-haspopup="dialog" on:click=move |_| open.run(record.get_untracked())>
                    {move || record.with(|record| deed(&record.operation, &record.permission, record.outcome))}
                </button>
                <span class="sub" title=object>{short}</span>
            </td>
            <td data-label="Who">{user}<span class="sub">{move || text(|record| &record.address)}</span></td>
            <td data-label="Target">{target}<span class="sub">{move || door(&text(|record| &record.door))}</span></td>
            <td data-label="Permission"><code>{move || text(|record| &record.permission)}</code></td>
            <td data-label="Outcome"><OutcomeBadge outcome=outcome/><span class="sub">{took}</span></td>
            <td data-label="When"><Time at=Signal::derive(move || record.with(|record| record.at))/></td>
        </tr>
    }
    .into_any()
}

/// Whether Pilothouse did it by itself: nobody asked, and it came in by no door.
pub(super) fn is_own(record: &AuditRecord) -> bool {
    record.user == "-" && record.door == "start"
}

/// Who it was, as people say it.
pub fn who(record: &AuditRecord) -> String {
    match record.user.as_str() {
        "-" if is_own(record) => "Pilothouse".to_owned(),
        "-" => "Nobody".to_owned(),
        user => user.to_owned(),
    }
}

/// What it was done to, as people know it: its name, or the beginning of its id.
pub fn object_words(record: &AuditRecord) -> String {
    match &record.object_name {
        Some(name) => name.trim_start_matches('/').to_owned(),
        None => short(&record.object),
    }
}

pub(super) fn short(object: &str) -> String {
    let id = object.strip_prefix("sha256:").unwrap_or(object);
    let is_id = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { short_id(id) } else { object.to_owned() }
}

/// Where it came in.
pub(super) fn door(door: &str) -> String {
    let words = match door {
        "api" => "by the API",
        "console" => "in the console",
        "engine" => "by docker",
        "registry" => "by a registry's client",
        "start" => "by itself",
        other => other,
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn ids_are_short_and_names_are_whole() {
        assert_eq!(short(&"ab".repeat(32)), "abababababab");
        assert_eq!(short(&format!("sha256:{}", "0".repeat(64))), "000000000000");
        assert_eq!(short("mira viewer all"), "mira viewer all");
    }
}
