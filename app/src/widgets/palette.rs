//! What the command palette finds: pages, engines, containers, and what the page of the moment can do.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::access_pages::access_pages;
use super::me::{Engines, Who, use_current_engine};
use crate::api::ListQuery;
use crate::api::containers::ContainerList;
use crate::api::engines::{Engine, Health};
use crate::client::Client;
use crate::ui::format::short_id;
use crate::ui::icons;
use crate::ui::palette::{Command, Palette};
use crate::ui::time::Debounce;

/// The commands that pages offer while they are shown.
#[derive(Clone, Copy)]
pub(super) struct Offers(RwSignal<(u64, Offered)>);

/// What each page offers, by the number it was given.
type Offered = Vec<(u64, Vec<Command>)>;

impl Offers {
    pub(super) fn provide() {
        provide_context(Self(RwSignal::default()));
    }
}

/// Puts commands in the palette for as long as the page is shown. They may change with the signals that are read.
pub fn offer_commands(commands: impl Fn() -> Vec<Command> + 'static) {
    let Some(Offers(offers)) = use_context() else { return };
    let mine = StoredValue::new(None::<u64>);
    Effect::new(move || {
        let commands = commands();
        offers.update(|(last, all)| {
            let id = mine.get_value().unwrap_or_else(|| {
                *last += 1;
                *last
            });
            mine.set_value(Some(id));
            all.retain(|(other, _)| *other != id);
            all.push((id, commands));
        });
    });
    on_cleanup(move || {
        if let Some(id) = mine.try_get_value().flatten() {
            let _ = offers.try_update(|(_, all)| all.retain(|(other, _)| *other != id));
        }
    });
}

/// The palette of the shell.
#[component]
pub(super) fn ShellPalette(open: RwSignal<bool>, me: Who, engines: Engines) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let current = use_current_engine();
    let offers = use_context::<Offers>();
    let me = StoredValue::new(me);
    let found = found_containers(open, query, engines, me);
    let commands = Signal::derive(move || {
        let mut all: Vec<Command> = Vec::new();
        if let Some(Offers(offers)) = offers {
            offers.with(|(_, offers)| all.extend(offers.iter().flat_map(|(_, commands)| commands.clone())));
        }
        for link in me.with_value(|me| super::shell_nav::links(me, current.get().as_deref())) {
            all.push(Command::go("Pages", link.words, link.engine.unwrap_or_default(), link.icon, link.href));
        }
        for (words, href) in me.with_value(|me| access_pages(me).collect::<Vec<_>>()) {
            all.push(Command::go("Pages", words, "Access", icons::PEOPLE, href));
        }
        // The engines are only read while the palette is open, never while the server draws.
        if open.get() {
            for engine in engines.all() {
                let href = format!("/on/{}/containers", engine.name);
                all.push(Command::go("Engines", engine.name, engine.url, icons::SERVER, href));
            }
        }
        all.extend(found.get());
        all
    });
    view! { <Palette open=open query=query commands=commands/> }.into_any()
}

/// Containers by the words typed, on every engine, as far as one sees them.
fn found_containers(open: RwSignal<bool>, query: RwSignal<String>, engines: Engines, me: StoredValue<Who>) -> RwSignal<Vec<Command>> {
    const ENGINES: usize = 8;
    const EACH: u32 = 8;
    let found = RwSignal::new(Vec::new());
    let client = Client::get();
    let latest = RwSignal::new(0_u32);
    let pause = Debounce::new(Duration::from_millis(200));
    let look = move |words: String, names: Vec<String>| {
        let number = latest.get_untracked() + 1;
        latest.set(number);
        let client = client.clone();
        spawn_local(async move {
            let mut commands = Vec::new();
            for engine in names {
                let input = ListQuery { limit: Some(EACH), filter: Some(words.clone()), ..ListQuery::default() };
                // An engine that does not answer has nothing to offer.
                let Ok(page) = client.call::<ContainerList>(&[&engine], &input).await else { continue };
                commands.extend(page.items.into_iter().map(|container| {
                    let href = format!("/on/{engine}/containers/{}", container.id);
                    let hint = format!("{engine} \u{b7} {} \u{b7} {}", container.image, short_id(&container.id));
                    Command::go("Containers", container.name, hint, icons::BOX, href)
                }));
            }
            if latest.try_get_untracked() == Some(number) {
                found.set(commands);
            }
        });
    };
    Effect::new(move || {
        let words = query.with(|query| query.trim().to_owned());
        if open.get() && words.len() >= 2 {
            let look = look.clone();
            // Those that are down, or not for us, would only make us wait.
            let worth = |engine: &Engine| {
                matches!(engine.health, Health::Up { .. }) && me.with_value(|me| me.may("engine.container.list", Some(&engine.name)))
            };
            let names = engines.all().into_iter().filter(worth).take(ENGINES).map(|engine| engine.name).collect();
            pause.run(move || look(words, names));
        } else {
            latest.update(|n| *n += 1);
            found.set(Vec::new());
        }
    });
    found
}
