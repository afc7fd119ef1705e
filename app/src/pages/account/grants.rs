//! What one may do oneself.

use leptos::prelude::*;

use crate::pages::access::words;
use crate::ui::format::count;
use crate::ui::{Card, Time};
use crate::widgets::use_me;

#[component]
pub(super) fn MyGrants() -> impl IntoView {
    let grants = use_me().0.grants.clone();
    let none = grants.is_empty();
    let lines = grants.into_iter().map(|grant| {
        view! {
            <li>
                <span>
                    <strong>{grant.role}</strong>" on "{words(&grant.scope)}
                    {grant.team.map(|team| format!(", by team {team}"))}
                    {grant.until.map(|until| view! { <small>"Ends "<Time at=until/></small> })}
                    <details class="explained">
                        <summary>{count(grant.permissions.len(), "permission")}</summary>
                        <ul class="permissions">{grant.permissions.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view()}</ul>
                    </details>
                </span>
            </li>
        }
    });
    view! {
        <Card title="What you may do">
            {none.then(|| view! { <p class="muted">"You hold no role yet. Ask an administrator for one."</p> })}
            <ul class="held">{lines.collect_view()}</ul>
        </Card>
    }
    .into_any()
}
