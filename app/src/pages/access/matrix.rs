//! Who may do what at one place.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::groups::Group;
use super::matrix_detail::Detail;
use super::place::{Place, PlaceFields};
use super::tabs::AccessTabs;
use super::words::words;
use crate::api::access::{AccessMatrix, MatrixQuery, MatrixRow};
use crate::api::engines::Engine;
use crate::api::people::PermissionList;
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Button, EmptyState, PageHead, Rows, SearchBox, SkeletonRows, icons};
use crate::widgets::{Gate, ListState, Loaded, NextPages, use_engines, use_me};

/// How many permissions each group has; none known without the right to list them.
pub(super) type Sizes = Resource<Vec<usize>>;

#[component]
pub fn Matrix() -> impl IntoView {
    view! {
        <AccessTabs/>
        <PageHead title="Matrix" about=Signal::stored("Who may do what at one place.".to_owned())/>
        <Gate permission="system.access.review"><Choose/></Gate>
    }
    .into_any()
}

/// The first engine, until a place is chosen.
#[component]
fn Choose() -> impl IntoView {
    let engines = use_engines();
    let first = |page: Signal<Page<Engine>>| page.with_untracked(|page| page.items.first().map(|engine| format!("engine/{}", engine.name)));
    engines.map(|engines| {
        view! {
            <Loaded resource=engines.0 skeleton=|| view! { <SkeletonRows rows=6 columns=7/> } let:page>
                <At first=first(page).unwrap_or_else(|| "all".to_owned())/>
            </Loaded>
        }
    })
}

#[component]
fn At(first: String) -> impl IntoView {
    let state = ListState::in_address("", &["scope"]);
    let (params, list) = (use_query_map(), state.query());
    let scope = Memo::new(move |_| params.with(|params| params.get("scope")).filter(|scope| !scope.is_empty()).unwrap_or_else(|| first.clone()));
    let client = Client::get();
    let rows = {
        let client = client.clone();
        let words = state.words();
        let source = Memo::new(move |_| MatrixQuery {
            scope: scope.get(),
            filter: Some(words.get()).filter(|words| !words.is_empty()),
            limit: None,
            after: list.with(|list| list.after.clone()),
        });
        Resource::new(move || source.get(), move |query| client.call::<AccessMatrix>(&[], &query))
    };
    let may_list = use_me().may("system.role.list", None);
    let sizes: Sizes = Resource::new(
        || (),
        move |()| {
            let call = may_list.then(|| client.call::<PermissionList>(&[], &Empty {}));
            async move {
                let Some(Ok(page)) = (match call {
                    Some(call) => Some(call.await),
                    None => None,
                }) else {
                    return Vec::new();
                };
                let size = |group: Group| page.items.iter().filter(|permission| Group::of(&permission.name) == group).count();
                Group::ALL.map(size).to_vec()
            }
        },
    );
    view! {
        // Another place in the address is another form.
        {move || view! { <ChoosePlace scope=scope.get() state=state/> }}
        <Loaded resource=rows skeleton=|| view! { <SkeletonRows rows=6 columns=7/> } let:page>
            <Found page=page sizes=sizes scope=scope state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn ChoosePlace(scope: String, state: ListState) -> impl IntoView {
    let place = Place::new(&scope);
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        state.set_facet("scope", &place.scope());
    };
    view! {
        <form method="get" class="place-form" on:submit=show>
            <div class="give-fields"><PlaceFields place=place/></div>
            <Button label="Show" icon=icons::SEARCH submit=true/>
        </form>
        <div class="toolbar">
            <SearchBox label="Search names" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<MatrixRow>>, sizes: Sizes, scope: Memo<String>, state: ListState) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        let who = page.with(|page| count(page.total.unwrap_or_default() as usize, "account"));
        format!("{who} on {}", scope.with(|scope| words(scope)))
    });
    let opened = RwSignal::new(None::<MatrixRow>);
    let open = Callback::new(move |row: MatrixRow| opened.set(Some(row)));
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Who may do what">
                <table class="table cards matrix">
                    <thead>
                        <tr>
                            <th scope="col">"Who"</th>
                            {Group::ALL.map(|group| view! { <th scope="col" title=group.about()>{group.words()}</th> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|row: &MatrixRow| row.user.clone() row=move |row| view! { <Row row=row sizes=sizes open=open/> }/>
                    </tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
        <Detail opened=opened scope=scope/>
    }
    .into_any()
}

#[component]
fn Row(row: Signal<MatrixRow>, sizes: Sizes, open: Callback<MatrixRow>) -> impl IntoView {
    let (user, robot) = row.with_untracked(|row| (row.user.clone(), row.robot));
    let cells = Group::ALL
        .map(|group| {
            view! { <td data-label=group.words()><Transition fallback=|| view! { <span class="bone"></span> }><Amount group=group row=row sizes=sizes/></Transition></td> }
        })
        .collect_view();
    view! {
        <tr class="opens">
            <td class="main">
                <button type="button" class="row-opener name" aria-haspopup="dialog" on:click=move |_| open.run(row.get_untracked())>{user}</button>
                {robot.then(|| view! { <span class="sub">"robot"</span> })}
            </td>
            {cells}
        </tr>
    }
    .into_any()
}

/// How much of a group they hold: a mark, with the words.
#[component]
fn Amount(group: Group, row: Signal<MatrixRow>, sizes: Sizes) -> impl IntoView {
    move || {
        let held = row.with(|row| row.permissions.iter().filter(|name| Group::of(name) == group).count());
        let at = Group::ALL.iter().position(|other| *other == group);
        let size = sizes.get().and_then(|sizes| at.and_then(|at| sizes.get(at).copied()));
        let (amount, said) = amount(held, size);
        view! { <span class="amount" data-amount=amount>{said}</span> }
    }
}

fn amount(held: usize, size: Option<usize>) -> (&'static str, String) {
    match size {
        _ if held == 0 => ("none", "None".to_owned()),
        Some(size) if held >= size => ("all", "All".to_owned()),
        Some(size) => ("some", format!("{held} of {size}")),
        None => ("some", held.to_string()),
    }
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    let words = state.words();
    move || {
        if words.with(|words| !words.is_empty()) {
            return view! {
                <EmptyState icon=icons::SEARCH title="Nobody fits">
                    <Button label="Show all" on_press=Callback::new(move |()| state.set_words(""))/>
                </EmptyState>
            }
            .into_any();
        }
        view! { <EmptyState icon=icons::LOCK title="Nobody may do anything there"/> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn an_amount_has_words() {
        assert_eq!(amount(0, Some(8)), ("none", "None".to_owned()));
        assert_eq!(amount(3, Some(8)), ("some", "3 of 8".to_owned()));
        assert_eq!(amount(8, Some(8)), ("all", "All".to_owned()));
        assert_eq!(amount(3, None), ("some", "3".to_owned()));
    }
}
