//! The shell around every page: the sidebar with the engine switcher, and what is there once for the whole console.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::{Outlet, Redirect};
use leptos_router::hooks::{use_location, use_navigate};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

use super::access_pages::{access_pages, is_access_page};
use super::act::Act;
use super::me::{Engines, Who, use_current_engine, use_me};
use super::palette::{Offers, ShellPalette};
use super::problem::ProblemView;
use super::viewing::Viewing;
use crate::api::engines::{Engine, Health};
use crate::api::session::{Me, SignOut};
use crate::api::{Code, Empty};
use crate::client::Client;
use crate::ui::badge::Tone;
use crate::ui::button::{Button, Kind};
use crate::ui::confirm::{Confirm, ConfirmHost};
use crate::ui::icon::{Icon, Outlines, icons};
use crate::ui::keys::{KeyHelp, Shortcut, focus_search, is_typing};
use crate::ui::menu::{Menu, MenuItem, MenuLink};
use crate::ui::skeleton::SkeletonText;
use crate::ui::theme::ThemeToggle;
use crate::ui::time::provide_clock;
use crate::ui::toast::{ToastHost, Toasts};

/// One line of the sidebar.
pub(super) struct NavLink {
    pub words: &'static str,
    pub href: String,
    pub icon: Outlines,
    /// The second key after `g`.
    pub key: &'static str,
    pub engine: Option<String>,
}

/// The links that `me` may follow, those of the engine included where there is one.
pub(super) fn links(me: &Who, engine: Option<&str>) -> Vec<NavLink> {
    let access = access_pages(me).next().map(|(_, href)| ("Access", href, icons::PEOPLE, "p", None));
    let own: [(&str, &str, Outlines, &str, Option<&str>); 5] = [
        ("Overview", "/", icons::HOME, "o", None),
        ("Engines", "/engines", icons::SERVER, "e", None),
        ("Registries", "/registries", icons::ARCHIVE, "y", None),
        ("Audit", "/audit", icons::LIST, "a", Some("system.audit.list")),
        ("Recordings", "/recordings", icons::PLAY, "s", Some("system.recording.list")),
    ];
    let rest: [(&str, &str, Outlines, &str, Option<&str>); 5] = [
        ("Guardrails", "/guardrails", icons::LOCK, "u", Some("system.guardrail.list")),
        ("Sign-in", "/providers", icons::LOCK, "w", Some("system.provider.list")),
        ("Tokens", "/tokens", icons::KEY, "t", None),
        ("Use docker here", "/use-docker", icons::TERMINAL, "d", None),
        ("API", "/reference", icons::BOOK, "r", None),
    ];
    let of_engine: [(&str, &str, Outlines, &str, &str); 5] = [
        ("Containers", "containers", icons::BOX, "c", "engine.container.list"),
        ("Images", "images", icons::LAYERS, "i", "engine.image.list"),
        ("Volumes", "volumes", icons::DATABASE, "v", "engine.volume.list"),
        ("Networks", "networks", icons::NETWORK, "n", "engine.network.list"),
        ("Events", "events", icons::ACTIVITY, "l", "engine.system.events"),
    ];
    let mut all: Vec<NavLink> = own
        .into_iter()
        .chain(access)
        .chain(rest)
        .filter(|link| link.4.is_none_or(|permission| me.may(permission, None)))
        .map(|(words, href, icon, key, _)| NavLink { words, href: href.to_owned(), icon, key, engine: None })
        .collect();
    if let Some(name) = engine {
        let allowed = of_engine.into_iter().filter(|link| me.may(link.4, Some(name)));
        all.extend(allowed.map(|(words, last, icon, key, _)| NavLink {
            words,
            href: format!("/on/{name}/{last}"),
            icon,
            key,
            engine: Some(name.to_owned()),
        }));
    }
    all
}

const SHORTCUTS: &[Shortcut] = &[
    Shortcut { keys: &["Ctrl+K"], does: "Go to or do anything" },
    Shortcut { keys: &["/"], does: "Search on this page" },
    Shortcut { keys: &["?"], does: "Show these shortcuts" },
    Shortcut { keys: &["g", "o"], does: "Overview" },
    Shortcut { keys: &["g", "e"], does: "Engines" },
    Shortcut { keys: &["g", "y"], does: "Registries" },
    Shortcut { keys: &["g", "c"], does: "Containers of this engine" },
    Shortcut { keys: &["g", "i"], does: "Images of this engine" },
    Shortcut { keys: &["g", "v"], does: "Volumes of this engine" },
    Shortcut { keys: &["g", "n"], does: "Networks of this engine" },
    Shortcut { keys: &["g", "l"], does: "Events of this engine" },
    Shortcut { keys: &["g", "a"], does: "Audit" },
    Shortcut { keys: &["g", "s"], does: "Recordings" },
    Shortcut { keys: &["g", "p"], does: "Access: people, teams, roles, grants" },
    Shortcut { keys: &["Esc"], does: "Close a dialog or a menu" },
];

/// The route around every page that needs a sign-in: reads who is asking, then draws the shell with the page in it.
#[component]
pub fn Frame() -> impl IntoView {
    provide_clock();
    Toasts::provide();
    Confirm::provide();
    Offers::provide();
    Act::provide();
    let client = Client::get();
    let engines = Engines::provide(&client);
    // Blocking: who is signed out must be led away before the first byte of the page.
    let me = Resource::new_blocking(|| (), move |()| client.call::<Me>(&[], &Empty {}));
    let owner = Owner::current();
    let path = use_location();
    view! {
        <Transition fallback=|| view! { <div class="shell"><main class="content"><SkeletonText/></main></div> }>
            {
                let owner = owner.clone();
                let (pathname, search) = (path.pathname, path.search);
                move || {
                    let me = me.get();
                    let owner = owner.clone();
                    let draw = move || match me {
                        Some(Ok(me)) => {
                            let draw = move || {
                                provide_context(Who(Arc::new(me)));
                                view! { <Shell engines=engines/> }.into_any()
                            };
                            // The shell belongs to the route, not to this boundary, so that its context reaches the pages.
                            match owner {
                                Some(owner) => owner.with(draw),
                                None => draw(),
                            }
                        }
                        Some(Err(problem)) if problem.code == Code::Unauthenticated => {
                            let here = format!("{}{}", pathname.get_untracked(), asked(&search.get_untracked()));
                            let next = utf8_percent_encode(&here, NON_ALPHANUMERIC).to_string();
                            view! { <Redirect path=format!("/sign-in?next={next}")/> }.into_any()
                        }
                        Some(Err(problem)) => view! { <main class="content lone"><ProblemView problem=problem/></main> }.into_any(),
                        None => ().into_any(),
                    };
                    // Nothing that is read while the pages are made draws them all anew.
                    Unsuspend::new(move || untrack(draw))
                }
            }
        </Transition>
    }
    .into_any()
}

/// The query with its question mark, if there is one.
fn asked(search: &str) -> String {
    let search = search.trim_start_matches('?');
    if search.is_empty() { String::new() } else { format!("?{search}") }
}

#[component]
fn Shell(engines: Engines) -> impl IntoView {
    let me = use_me();
    let drawer = RwSignal::new(false);
    let palette = RwSignal::new(false);
    let help = RwSignal::new(false);
    let path = use_location().pathname;
    Effect::new(move || {
        path.track();
        drawer.set(false);
    });
    listen_to_keys(palette, help, drawer, me.clone());
    view! {
        <div class="shell">
            <a class="skip" href="#content">"Skip to the content"</a>
            <header class="topbar">
                <Button
                    label="Menu"
                    kind=Kind::Quiet
                    icon=icons::MENU
                    icon_only=true
                    on_press=Callback::new(move |()| drawer.set(true))
                />
                <a class="brand" href="/"><Icon of=icons::LOGO/>"Pilothouse"</a>
                <Button
                    label="Search"
                    kind=Kind::Quiet
                    icon=icons::SEARCH
                    icon_only=true
                    on_press=Callback::new(move |()| palette.set(true))
                />
            </header>
            <div class="scrim" class:open=move || drawer.get() on:click=move |_| drawer.set(false)></div>
            <Sidebar engines=engines drawer=drawer palette=palette help=help/>
            <main class="content" id="content" tabindex="-1">
                <Viewing/>
                <Outlet/>
            </main>
            <ConfirmHost/>
            <ShellPalette open=palette me=me engines=engines/>
            <KeyHelp open=help shortcuts=SHORTCUTS.to_vec()/>
            <ToastHost/>
        </div>
    }
    .into_any()
}

#[component]
fn Sidebar(engines: Engines, drawer: RwSignal<bool>, palette: RwSignal<bool>, help: RwSignal<bool>) -> impl IntoView {
    let me = use_me();
    let current = use_current_engine();
    let path = use_location().pathname;
    let is_here = move |href: &str| {
        path.with(|path| path == href || (href != "/" && href != "/engines" && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'))))
    };
    let draw = move |link: NavLink| {
        let NavLink { words, href, icon, key, .. } = link;
        let here = {
            let href = href.clone();
            // Its pages are at several addresses.
            let is_access = key == "p";
            move || if is_access { path.with(|path| is_access_page(path)) } else { is_here(&href) }.then_some("page")
        };
        view! {
            <li>
                <a href=href aria-current=here>
                    <Icon of=icon/>
                    {words}
                </a>
            </li>
        }
    };
    let own = links(&me, None);
    let (first, rest): (Vec<NavLink>, Vec<NavLink>) = own.into_iter().partition(|link| ["o", "e", "y"].contains(&link.key));
    let of_engine = {
        let me = me.clone();
        move || {
            let mine = links(&me, current.get().as_deref()).into_iter().filter(|link| link.engine.is_some());
            mine.map(draw).collect_view()
        }
    };
    view! {
        <aside class="sidebar" class:open=move || drawer.get() aria-label="Pilothouse">
            <div class="sidebar-head">
                <a class="brand" href="/"><Icon of=icons::LOGO/>"Pilothouse"</a>
                <Button
                    label="Close the menu"
                    kind=Kind::Quiet
                    icon=icons::CLOSE
                    icon_only=true
                    on_press=Callback::new(move |()| drawer.set(false))
                />
            </div>
            <button type="button" class="palette-button" on:click=move |_| palette.set(true)>
                <Icon of=icons::SEARCH/>
                <span>"Search or do"</span>
                <kbd>"Ctrl K"</kbd>
            </button>
            <nav aria-label="Main">
                <ul>{first.into_iter().map(draw).collect_view()}</ul>
                <Switcher engines=engines/>
                <ul class="of-engine">{of_engine}</ul>
                <h2>"Pilothouse"</h2>
                <ul>{rest.into_iter().map(draw).collect_view()}</ul>
            </nav>
            <div class="sidebar-foot">
                <UserMenu me=me/>
                <ThemeToggle/>
                <Button
                    label="Keyboard shortcuts"
                    kind=Kind::Quiet
                    icon=icons::HELP
                    icon_only=true
                    on_press=Callback::new(move |()| help.set(true))
                />
            </div>
        </aside>
    }
    .into_any()
}

/// Shows which engine the pages below are of, and goes to another.
#[component]
fn Switcher(engines: Engines) -> impl IntoView {
    let current = use_current_engine();
    let path = use_location().pathname;
    let label = Signal::derive(move || current.get().unwrap_or_else(|| "Choose an engine".to_owned()));
    let items = move || {
        let kept = path.with(|path| part_of_engine(path).to_owned());
        let line = move |engine: Engine| {
            let href = format!("/on/{}/{kept}", engine.name);
            let (word, tone) = health_of(&engine.health);
            let mark = match tone {
                Tone::Good => "good",
                Tone::Bad => "bad",
                _ => "neutral",
            };
            view! {
                <MenuLink href=href current=current.get().as_deref() == Some(&engine.name)>
                    <span class="state-dot" data-tone=mark title=word><i aria-hidden="true"></i>{engine.name.clone()}</span>
                </MenuLink>
            }
        };
        let all = engines.all();
        if all.is_empty() {
            return view! { <p class="menu-note">"There is no engine yet."</p> }.into_any();
        }
        all.into_iter().map(line).collect_view().into_any()
    };
    view! {
        <div class="switcher">
            <Menu id="engine-switcher" label=label icon=icons::SERVER>
                <Transition>{items}</Transition>
                <MenuLink href="/engines" icon=icons::SERVER>"All engines"</MenuLink>
            </Menu>
        </div>
    }
    .into_any()
}

/// The part of an engine's pages that the address is in: `images`. Containers where it is in none.
fn part_of_engine(path: &str) -> &str {
    let part = path.strip_prefix("/on/").and_then(|rest| rest.split('/').nth(1));
    part.filter(|part| ["containers", "images", "volumes", "networks", "events"].contains(part)).unwrap_or("containers")
}

/// An engine's health in a word, and how good that is.
pub fn health_of(health: &Health) -> (String, Tone) {
    match health {
        Health::Unknown => ("Not asked yet".to_owned(), Tone::Neutral),
        Health::Up { latency_ms, .. } => (format!("Up, answers in {latency_ms} ms"), Tone::Good),
        Health::Down { reason, .. } => (format!("Down: {reason}"), Tone::Bad),
    }
}

#[component]
fn UserMenu(me: Who) -> impl IntoView {
    let client = Client::get();
    let sign_out = Callback::new(move |()| {
        let call = client.call::<SignOut>(&[], &Empty {});
        leptos::task::spawn_local(async move {
            // Whatever came of it, the sign-in page tells: it is drawn anew, with or without a session.
            let go_to = call.await.ok().and_then(|done| done.go_to);
            drop(window().location().assign(go_to.as_deref().unwrap_or("/sign-in")));
        });
    });
    let name = me.username().to_owned();
    view! {
        <Menu id="user-menu" label=name kind=Kind::Quiet icon=icons::PEOPLE>
            <MenuLink href="/account" icon=icons::LOCK>"Password and sessions"</MenuLink>
            <MenuLink href="/tokens" icon=icons::KEY>"My tokens"</MenuLink>
            <MenuItem label="Sign out" icon=icons::SIGN_OUT on_press=sign_out/>
        </Menu>
    }
    .into_any()
}

/// The keys that work on every page.
fn listen_to_keys(palette: RwSignal<bool>, help: RwSignal<bool>, drawer: RwSignal<bool>, me: Who) {
    let navigate = use_navigate();
    let current = use_current_engine();
    let after_g = StoredValue::new(f64::MIN);
    let me = StoredValue::new(me);
    let navigate = StoredValue::new(navigate);
    Effect::new(move || {
        let handle = window_event_listener(ev::keydown, move |event| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                palette.update(|open| *open = !*open);
                return;
            }
            if key == "Escape" {
                drawer.set(false);
            }
            if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing(&event) {
                return;
            }
            const TOGETHER_MS: f64 = 1200.0;
            let second = event.time_stamp() - after_g.get_value() < TOGETHER_MS;
            after_g.set_value(f64::MIN);
            if second {
                let links = me.with_value(|me| links(me, current.get_untracked().as_deref()));
                if let Some(link) = links.into_iter().find(|link| link.key == key) {
                    event.prevent_default();
                    navigate.with_value(|navigate| navigate(&link.href, NavigateOptions::default()));
                }
                return;
            }
            match key.as_str() {
                "g" => after_g.set_value(event.time_stamp()),
                "?" => help.set(true),
                "/" if focus_search() => event.prevent_default(),
                _ => {}
            }
        });
        on_cleanup(move || handle.remove());
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{links, part_of_engine};
    use crate::api::session::{MeOutput, MyGrant};
    use crate::widgets::Who;

    fn who(permissions: &[&str], scope: &str) -> Who {
        let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
        let engines = scope.strip_prefix("engine/").map(str::to_owned).into_iter().collect();
        let grants = vec![MyGrant { role: "r".into(), scope: scope.into(), team: None, until: None, engines, permissions }];
        Who(Arc::new(MeOutput { username: "u".into(), session: None, grants, needs_factor: false, viewer: None }))
    }

    #[test]
    fn links_are_those_one_may_follow() {
        let me = who(&["engine.container.list", "engine.image.list"], "engine/demo");
        let words = |engine| links(&me, engine).into_iter().map(|link| link.words).collect::<Vec<_>>();
        assert_eq!(words(Some("demo")), ["Overview", "Engines", "Registries", "Tokens", "Use docker here", "API", "Containers", "Images"]);
        assert_eq!(words(Some("other")), ["Overview", "Engines", "Registries", "Tokens", "Use docker here", "API"]);
        assert!(links(&who(&["system.audit.list"], "all"), None).iter().any(|link| link.href == "/audit"));
    }

    #[test]
    fn another_engine_opens_at_the_same_part() {
        assert_eq!(part_of_engine("/on/demo/images/x"), "images");
        assert_eq!(part_of_engine("/on/demo/strange"), "containers");
        assert_eq!(part_of_engine("/audit"), "containers");
    }
}
