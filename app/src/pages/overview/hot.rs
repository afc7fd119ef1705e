//! The containers that use the most.

use leptos::prelude::*;

use crate::api::overview::Hot;
use crate::ui::format::{bytes, percent};
use crate::ui::{Rows, Sparkline};

#[component]
pub(super) fn Hottest(hot: Signal<Vec<Hot>>) -> impl IntoView {
    let any = Memo::new(move |_| hot.with(|hot| !hot.is_empty()));
    view! {
        <section class="card flush">
            <header class="card-head"><h2>"What runs hot"</h2><small>"100% is one core"</small></header>
            <Show when=move || any.get() fallback=|| view! { <p class="card-note">"Nothing has been measured yet. Figures come with the first running container."</p> }>
                <ol class="hot-list">
                    <Rows items=hot key=|hot: &Hot| format!("{}/{}", hot.engine, hot.id) row=|hot| view! { <Line hot=hot/> }/>
                </ol>
            </Show>
        </section>
    }
    .into_any()
}

#[component]
fn Line(hot: Signal<Hot>) -> impl IntoView {
    let (engine, id) = hot.with_untracked(|hot| (hot.engine.clone(), hot.id.clone()));
    let name = move || hot.with(|hot| hot.name.clone());
    let about = move || hot.with(|hot| format!("{} on {}", hot.image, hot.engine));
    let trail = Signal::derive(move || hot.with(|hot| hot.cpu_trail.clone()));
    let label = Signal::derive(move || format!("CPU of {} over the last minutes", name()));
    let memory = move || {
        hot.with(|hot| match hot.usage.memory_limit {
            0 => bytes(hot.usage.memory),
            limit => format!("{} of {}", bytes(hot.usage.memory), bytes(limit)),
        })
    };
    view! {
        <li>
            <div class="what">
                <a class="name" href=format!("/on/{engine}/containers/{id}")>{name}</a>
                <span class="sub" title=about>{about}</span>
            </div>
            <Sparkline values=trail label=label/>
            <div class="figures">
                <strong>{move || percent(hot.with(|hot| hot.usage.cpu_percent))}</strong>
                <span class="sub">{memory}</span>
            </div>
        </li>
    }
    .into_any()
}
