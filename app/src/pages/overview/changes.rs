//! What was changed last, from the audit trail.

use leptos::prelude::*;

use crate::api::audit::AuditRecord;
use crate::pages::audit::{OutcomeBadge, did, object_words, who};
use crate::ui::{Rows, Time};
use crate::widgets::use_me;

#[component]
pub(super) fn Changes(changes: Signal<Vec<AuditRecord>>) -> impl IntoView {
    let may = use_me().may("system.audit.list", None);
    let any = Memo::new(move |_| changes.with(|changes| !changes.is_empty()));
    let nothing = if may { "Nothing has been changed yet." } else { "To see what others changed, you need system.audit.list." };
    view! {
        <section class="card flush">
            <header class="card-head">
                <h2>"Recent changes"</h2>
                {may.then(|| view! { <a href="/audit?q=change%3Ayes">"All changes"</a> })}
            </header>
            <Show when=move || any.get() fallback=move || view! { <p class="card-note">{nothing}</p> }>
                <ol class="change-list">
                    <Rows items=changes key=|record: &AuditRecord| record.id.to_string() row=|record| view! { <Line record=record/> }/>
                </ol>
            </Show>
        </section>
    }
    .into_any()
}

#[component]
fn Line(record: Signal<AuditRecord>) -> impl IntoView {
    let user = move || record.with(who);
    let what = move || record.with(|record| did(&record.operation, &record.permission, record.outcome));
    let on = move || {
        record.with(|record| match (object_words(record).as_str(), record.target.as_str()) {
            ("", "-") => "Pilothouse itself".to_owned(),
            ("", target) => target.to_owned(),
            (object, "-") => object.to_owned(),
            (object, target) => format!("{object} on {target}"),
        })
    };
    let outcome = Signal::derive(move || record.with(|record| record.outcome));
    view! {
        <li>
            <div class="what">
                <span><strong>{user}</strong>" "{what}</span>
                <span class="sub" title=on>{on}</span>
            </div>
            <OutcomeBadge outcome=outcome/>
            <Time at=Signal::derive(move || record.with(|record| record.at))/>
        </li>
    }
    .into_any()
}
