//! Searches that one keeps: chosen, kept and forgotten.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::search::Asked;
use crate::api::audit::{AuditViewCreate, AuditViewDelete, AuditViewList, View, ViewInput};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::{Button, Dialog, Kind, Menu, MenuItem, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Submit};

#[component]
pub(super) fn Views(asked: Asked) -> impl IntoView {
    let client = Client::get();
    let views = Resource::new(|| (), move |()| client.call::<AuditViewList>(&[], &Empty {}));
    let (keeping, forgetting) = (RwSignal::new(false), RwSignal::new(false));
    let known = move || views.get().and_then(Result::ok).map(|page: Page<View>| page.items).unwrap_or_default();
    let items = move || {
        let known = known();
        let none = known.is_empty().then(|| view! { <p class="menu-note muted">"No search is kept yet."</p> });
        let rows = known.into_iter().map(|kept| {
            let query = kept.query.clone();
            view! { <MenuItem label=kept.name on_press=Callback::new(move |()| asked.go(&query))/> }
        });
        (none, rows.collect_view())
    };
    view! {
        <Menu id="audit-views" label="Views" icon=Signal::stored(icons::FILTER)>
            <Transition>{items}</Transition>
            <MenuItem label="Keep this search" icon=icons::PLUS on_press=Callback::new(move |()| keeping.set(true))/>
            <MenuItem label="Forget a search" icon=icons::TRASH on_press=Callback::new(move |()| forgetting.set(true))/>
        </Menu>
        <Dialog open=keeping title="Keep this search">
            <Keep asked=asked done=Callback::new(move |()| { keeping.set(false); views.refetch(); })/>
        </Dialog>
        <Dialog open=forgetting title="Forget a search">
            <Transition>
                <Forget views=known() done=Callback::new(move |()| views.refetch())/>
            </Transition>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Keep(asked: Asked, done: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let query = asked.typed.with_untracked(|typed| typed.trim().to_owned());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("name"));
    let shown = if query.is_empty() { "everything".to_owned() } else { query.clone() };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ViewInput { name: name.get_untracked().trim().to_owned(), query: query.clone() };
        submit.send::<AuditViewCreate>(&[], &input, move |view| {
            toasts.ok(format!("Kept {}.", view.name));
            done.run(());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <p>"It finds "<code>{shown}</code>"."</p>
            <TextField label="Name" name="name" value=name autofocus=true autocomplete="off" placeholder="Denied on production" error=error/>
            <FormProblem problem=problem fields=&["name"]/>
            <footer class="form-actions"><Button label="Keep it" kind=Kind::Primary submit=true busy=busy/></footer>
        </form>
    }
    .into_any()
}

#[component]
fn Forget(views: Vec<View>, done: Callback<()>) -> impl IntoView {
    let submit = Submit::new();
    let problem = submit.problem;
    if views.is_empty() {
        return view! { <p>"No search is kept."</p> }.into_any();
    }
    let rows = views.into_iter().map(|kept| {
        let (submit, id, label) = (submit.clone(), kept.id, format!("Forget {}", kept.name));
        let forget = Callback::new(move |()| submit.send::<AuditViewDelete>(&[&id], &Empty {}, move |_| done.run(())));
        view! { <li><span>{kept.name}<span class="sub mono">{kept.query}</span></span><Button label=label icon=icons::TRASH icon_only=true on_press=forget/></li> }
    });
    view! { <ul class="plain-list">{rows.collect_view()}</ul><FormProblem problem=problem fields=&[]/> }.into_any()
}
