//! The engines, those that need somebody first.

use leptos::prelude::*;

use crate::api::engines::{Engine, Health};
use crate::pages::engines::EngineHealth;
use crate::ui::Rows;
use crate::ui::format::{bytes, grouped};

#[component]
pub(super) fn Engines(engines: Signal<Vec<Engine>>) -> impl IntoView {
    let sorted = Signal::derive(move || {
        let mut engines = engines.get();
        engines.sort_by_key(|engine| matches!(engine.health, Health::Up { .. }));
        engines
    });
    view! {
        <section class="card flush">
            <header class="card-head"><h2>"Engines"</h2><a href="/engines">"All engines"</a></header>
            <div class="table-box bare" tabindex="0" role="region" aria-label="Engines">
                <table class="table cards engines">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Health"</th>
                            <th scope="col" class="number">"Running"</th>
                            <th scope="col" class="number">"Stopped"</th>
                            <th scope="col" class="number">"Images"</th>
                            <th scope="col">"Machine"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=sorted key=|engine: &Engine| engine.name.clone() row=|engine| view! { <Line engine=engine/> }/>
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Line(engine: Signal<Engine>) -> impl IntoView {
    let name = engine.with_untracked(|engine| engine.name.clone());
    let up = move || engine.with(|engine| matches!(engine.health, Health::Up { .. }));
    // What it said before it went down is not how it is now.
    let number = move |of: fn(&crate::api::engines::EngineInfo) -> u32| {
        let known = engine.with(|engine| engine.info.as_ref().map(of)).filter(|_| up());
        known.map_or_else(|| "\u{2013}".to_owned(), |n| grouped(u64::from(n)))
    };
    let version = move || engine.with(|engine| engine.info.as_ref().map(|info| format!("Docker {}", info.version)).unwrap_or_default());
    let machine = move || {
        let known = engine.with(|engine| engine.info.as_ref().map(|info| format!("{} CPUs, {}", info.cpus, bytes(info.memory))));
        known.unwrap_or_else(|| "\u{2013}".to_owned())
    };
    let system = move || engine.with(|engine| engine.info.as_ref().map(|info| info.os.clone()));
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/on/{name}/containers")>{name.clone()}</a>
                <span class="sub">{version}</span>
            </td>
            <td data-label="Health" class="health"><EngineHealth engine=engine/></td>
            <td data-label="Running" class="number">{move || number(|info| info.running)}</td>
            <td data-label="Stopped" class="number">{move || number(|info| info.stopped)}</td>
            <td data-label="Images" class="number">{move || number(|info| info.images)}</td>
            <td data-label="Machine" class="machine">{machine}<span class="sub" title=system>{system}</span></td>
        </tr>
    }
    .into_any()
}
