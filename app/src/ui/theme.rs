//! Light, dark, or as the system has it. Kept in the browser; the page's first script applies it before anything is drawn.

use leptos::prelude::*;

use super::button::{Button, Kind};
use super::choice::Choice;
use super::icon::icons;

/// Runs in the page's head, before the first drawing.
pub const FIRST_SCRIPT: &str =
    "try{const t=localStorage.getItem('theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    System,
    Light,
    Dark,
}

/// Goes from one theme to the next.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::System);
    Effect::new(move || theme.set(chosen()));
    let label = Signal::derive(move || {
        let name = match theme.get() {
            Theme::System => "Theme: as the system",
            Theme::Light => "Theme: light",
            Theme::Dark => "Theme: dark",
        };
        name.to_owned()
    });
    let icon = Signal::derive(move || match theme.get() {
        Theme::System => icons::SYSTEM,
        Theme::Light => icons::SUN,
        Theme::Dark => icons::MOON,
    });
    let press = Callback::new(move |()| {
        let next = match theme.get_untracked() {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        };
        choose(next);
        theme.set(next);
    });
    view! { <Button label=label kind=Kind::Quiet icon=icon icon_only=true on_press=press/> }.into_any()
}

/// All three themes to choose from.
#[component]
pub fn ThemeChoice() -> impl IntoView {
    let value = RwSignal::new("system".to_owned());
    let themes = [("system", Theme::System), ("light", Theme::Light), ("dark", Theme::Dark)];
    Effect::new(move |before: Option<Theme>| {
        value.track();
        let Some(before) = before else {
            // What was chosen is known in the browser only.
            let now = chosen();
            let name = themes.iter().find(|(_, theme)| *theme == now).map_or("system", |(name, _)| name);
            value.set(name.to_owned());
            return now;
        };
        let now = value.with(|value| themes.iter().find(|(name, _)| name == value).map_or(before, |(_, theme)| *theme));
        if now != before {
            choose(now);
        }
        now
    });
    view! { <Choice label="On this browser" name="theme" value=value options=THEMES/> }.into_any()
}

const THEMES: &[(&str, &str, &str)] =
    &[("system", "As the system", "Light or dark as it says."), ("light", "Light", "Always."), ("dark", "Dark", "Always.")];

fn chosen() -> Theme {
    let word = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match word.as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

fn choose(theme: Theme) {
    let word = match theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    // A browser that keeps nothing still shows the theme until the page is left.
    if let Some(root) = document().document_element() {
        let _ = match word {
            Some(word) => root.set_attribute("data-theme", word),
            None => root.remove_attribute("data-theme"),
        };
    }
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = match word {
            Some(word) => storage.set_item("theme", word),
            None => storage.remove_item("theme"),
        };
    }
}
