//! Opening a repository by its name, for registries that do not list what they have.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address;
use crate::ui::{Button, Card, TextField};

#[component]
pub(super) fn OpenByName(registry: String) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let navigate = use_navigate();
    let reason = Signal::derive(move || name.with(|name| repository(name).is_empty()).then(|| "name a repository first".to_owned()));
    let placeholder = "team/app";
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| repository(name).to_owned());
        if !name.is_empty() {
            navigate(&address::repository(&registry, &name), NavigateOptions::default());
        }
    };
    view! {
        <Card title="Open a repository by its name">
            <form method="post" class="dialog-form" on:submit=send>
                <TextField label="Repository" name="repository" value=name mono=true autocomplete="off" placeholder=placeholder
                    hint="For registries that do not list all that they have: Docker Hub, GitHub and others have no catalog. On Docker Hub, official images are below library/."/>
                <div><Button label="Open" submit=true reason=reason/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// The name without what stands around it by mistake.
fn repository(typed: &str) -> &str {
    typed.trim().trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn slashes_around_a_name_are_none_of_it() {
        assert_eq!((repository(" /team/app/ "), repository(" / ")), ("team/app", ""));
    }
}
