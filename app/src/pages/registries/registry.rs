//! The repositories of a registry.

use leptos::prelude::*;

use super::address::{self, At, ByAddress};
use super::by_name::OpenByName;
use super::how::HowToPush;
use super::tabs::RegistryTabs;
use crate::api::Page;
use crate::api::repositories::{Repository, RepositoryList};
use crate::client::Client;
use crate::ui::format::grouped;
use crate::ui::{Card, CopyButton, EmptyState, LinkButton, PageHead, SearchBox, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded, Paged, docker_host};

#[component]
pub fn RegistryPage() -> impl IntoView {
    view! { <ByAddress let:at><List at=at/></ByAddress> }.into_any()
}

#[component]
fn List(at: At) -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let (title, name) = (at.registry.clone(), at.registry);
    let repositories = {
        let name = name.clone();
        Resource::new(move || query.get(), move |query| client.call::<RepositoryList>(&[&name], &query))
    };
    let registry = StoredValue::new(name.clone());
    view! {
        <PageHead title=title back=("/registries".to_owned(), "Registries".to_owned()) about=Signal::stored("Its repositories that you may pull from.".to_owned())>
            <LinkButton href="/search/images" label="Search images" icon=icons::SEARCH/>
        </PageHead>
        <RegistryTabs registry=name.clone()/>
        <div class="stack">
            <div>
                <div class="toolbar">
                    <SearchBox label="Search repositories" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
                </div>
                <Loaded resource=repositories skeleton=|| view! { <SkeletonRows rows=6 columns=2/> } let:page>
                    <Found registry=registry page=page state=state/>
                </Loaded>
            </div>
            // Below the list whatever came of it: where there is no catalog, this is the way.
            <OpenByName registry=name/>
        </div>
    }
    .into_any()
}

#[component]
fn Found(registry: StoredValue<String>, page: Signal<Page<Repository>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || {
        page.with(|page| {
            let shown = page.items.len() as u64;
            match page.total.unwrap_or(shown) {
                1 => "1 repository".to_owned(),
                total if total > shown => format!("{} of {} repositories", grouped(shown), grouped(total)),
                _ if page.next.is_some() => format!("{} repositories, and more", grouped(shown)),
                _ => format!("{} repositories", grouped(shown)),
            }
        })
    });
    view! {
        <Paged
            page=page
            state=state
            label="Repositories"
            summary=summary
            head=move || view! {
                <th scope="col">"Repository"</th>
                <th scope="col"><span class="unseen">"Its name for docker"</span></th>
            }
            key=|repository: &Repository| repository.name.clone()
            row=move |repository| view! { <Row repository=repository/> }
            none_fits="No repository fits"
            none=move || view! { <Nothing registry=registry.get_value()/> }
        />
    }
    .into_any()
}

#[component]
fn Row(repository: Signal<Repository>) -> impl IntoView {
    let (registry, name) = repository.with_untracked(|repository| (repository.registry.clone(), repository.name.clone()));
    let href = address::repository(&registry, &name);
    let path = format!("{registry}/{name}");
    let label = format!("Copy the name of {name} for docker");
    // Where the console is only the browser knows.
    let whole = Signal::derive(move || format!("{}/{path}", docker_host()));
    view! {
        <tr>
            <td class="main"><a class="name" href=href>{name}</a></td>
            <td class="actions"><CopyButton text=whole label=label/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Nothing(registry: String) -> impl IntoView {
    let detail = "It holds nothing, or nothing that you may pull. A repository is there as soon as something is pushed to it.".to_owned();
    view! {
        <div class="stack">
            <EmptyState icon=icons::ARCHIVE title="No repositories" detail=Signal::stored(detail)/>
            <Card title="Push an image to it"><HowToPush path=format!("{registry}/team/app")/></Card>
        </div>
    }
    .into_any()
}
