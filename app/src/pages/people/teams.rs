//! The teams that somebody is in.

use leptos::prelude::*;

use crate::ui::Card;

#[component]
pub(super) fn Teams(#[prop(into)] teams: Signal<Vec<String>>) -> impl IntoView {
    let any = Memo::new(move |_| teams.with(|teams| !teams.is_empty()));
    let links = move || {
        let links = teams.get().into_iter();
        links.map(|team| view! { <li><a href=format!("/teams/{team}")>{team.clone()}</a></li> }).collect_view()
    };
    view! {
        <Card title="Teams">
            <Show when=move || any.get() fallback=|| view! { <p class="muted">"They are in no team. Teams are filled on the teams' own pages."</p> }>
                <ul class="held">{links}</ul>
            </Show>
        </Card>
    }
    .into_any()
}
