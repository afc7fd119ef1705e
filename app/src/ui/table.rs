//! Parts of tables: headers that sort, boxes that select, rows that keep their place while their content changes.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use leptos::prelude::*;

use super::button::{Button, Kind};
use super::icon::{Icon, icons};
use super::time::Debounce;

/// A column's header. Pressing it sorts by `field`, pressing it again turns the order round.
#[component]
pub fn SortHeader(
    field: &'static str,
    #[prop(into)] label: String,
    /// The order now: a field's name, with `-` before it when it is turned round.
    #[prop(into)]
    sort: Signal<String>,
    on_sort: Callback<String>,
    /// The greatest or newest first, when it is pressed the first time.
    #[prop(optional)]
    down: bool,
    /// Numbers, to the right.
    #[prop(optional)]
    number: bool,
) -> impl IntoView {
    let order = Memo::new(move |_| {
        sort.with(|sort| match sort.strip_prefix('-') {
            Some(name) if name == field => Some(true),
            None if sort == field => Some(false),
            _ => None,
        })
    });
    let aria = move || match order.get() {
        Some(true) => Some("descending"),
        Some(false) => Some("ascending"),
        None => None,
    };
    let press = move |_| {
        let turned = order.get_untracked().map_or(down || number, |turned| !turned);
        on_sort.run(if turned { format!("-{field}") } else { field.to_owned() });
    };
    view! {
        <th scope="col" aria-sort=aria class:number=number>
            <button type="button" class="sort" on:click=press>
                {label}
                <Icon of=icons::CHEVRON_DOWN/>
            </button>
        </th>
    }
    .into_any()
}

/// Selects every row of the page, or none.
#[component]
pub fn SelectAll(#[prop(into)] ids: Signal<Vec<String>>, selected: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let count = move || ids.with(|ids| selected.with(|selected| ids.iter().filter(|id| selected.contains(*id)).count()));
    let all = move || count() > 0 && count() == ids.with(Vec::len);
    let some = move || count() > 0 && !all();
    let change = move |_| {
        let on = !all();
        selected.update(|selected| {
            for id in ids.get_untracked() {
                if on {
                    selected.insert(id);
                } else {
                    selected.remove(&id);
                }
            }
        });
    };
    view! { <input type="checkbox" aria-label="Select all on this page" prop:checked=all prop:indeterminate=some on:change=change/> }.into_any()
}

/// Selects one row.
#[component]
pub fn SelectRow(
    id: String,
    /// What the row is of, for its label.
    #[prop(into)]
    name: Signal<String>,
    selected: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let checked = {
        let id = id.clone();
        move || selected.with(|selected| selected.contains(&id))
    };
    let change = move |_| {
        selected.update(|selected| {
            if !selected.remove(&id) {
                selected.insert(id.clone());
            }
        });
    };
    view! { <input type="checkbox" aria-label=move || format!("Select {}", name.get()) prop:checked=checked on:change=change/> }.into_any()
}

/// One row an item, each drawn once: `row` gets a signal of its item, which follows when the list is read again.
#[component]
pub fn Rows<T, R, V>(#[prop(into)] items: Signal<Vec<T>>, key: fn(&T) -> String, row: R) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    R: Fn(Signal<T>) -> V + Clone + Send + 'static,
    V: IntoView + 'static,
{
    let by_key = Memo::new(move |_| items.with(|items| items.iter().map(|item| (key(item), item.clone())).collect::<HashMap<_, _>>()));
    let draw = move |first: T| {
        let id = key(&first);
        let item = Memo::new(move |last: Option<&T>| {
            let fresh = by_key.with(|items| items.get(&id).cloned());
            // A row on its way out keeps what it showed.
            fresh.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
        });
        row(item.into())
    };
    view! { <For each=move || items.get() key=key children=draw/> }.into_any()
}

/// Previous and next.
#[component]
pub fn Pager(
    /// What is shown: `1,234 containers`.
    #[prop(into)]
    summary: Signal<String>,
    #[prop(into)] has_previous: Signal<bool>,
    #[prop(into)] has_next: Signal<bool>,
    on_previous: Callback<()>,
    on_next: Callback<()>,
) -> impl IntoView {
    let no_previous = Signal::derive(move || (!has_previous.get()).then(|| "this is the first page".to_owned()));
    let no_next = Signal::derive(move || (!has_next.get()).then(|| "this is the last page".to_owned()));
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{move || summary.get()}</span>
            <Show when=move || has_previous.get() || has_next.get()>
                <div class="steps">
                    <Button label="Previous" icon=icons::CHEVRON_LEFT reason=no_previous on_press=on_previous/>
                    <Button label="Next" icon=icons::CHEVRON_RIGHT reason=no_next on_press=on_next/>
                </div>
            </Show>
        </nav>
    }
    .into_any()
}

/// A search box that waits until the typing pauses. `/` on the page goes to it.
#[component]
pub fn SearchBox(#[prop(into)] label: String, #[prop(into)] value: Signal<String>, on_change: Callback<String>) -> impl IntoView {
    let typed = RwSignal::new(value.get_untracked());
    // Going back in history changes the value from outside; typing of the moment stays.
    Effect::new(move |before: Option<String>| {
        let now = value.get();
        if before.is_some_and(|before| before != now) && typed.with_untracked(|t| t.trim() != now) {
            typed.set(now.clone());
        }
        now
    });
    let pause = Debounce::new(Duration::from_millis(250));
    let clear = Callback::new(move |()| {
        typed.set(String::new());
        on_change.run(String::new());
    });
    view! {
        <div class="search-box" role="search">
            <Icon of=icons::SEARCH/>
            <input
                class="input"
                type="search"
                placeholder=label.clone()
                aria-label=label
                data-search=""
                autocomplete="off"
                spellcheck="false"
                prop:value=move || typed.get()
                on:input:target=move |event| {
                    let text = event.target().value();
                    typed.set(text.clone());
                    pause.run(move || on_change.run(text.trim().to_owned()));
                }
            />
            <kbd aria-hidden="true">"/"</kbd>
            <Show when=move || typed.with(|t| !t.is_empty())>
                <Button label="Clear the search" kind=Kind::Quiet icon=icons::CLOSE icon_only=true on_press=clear/>
            </Show>
        </div>
    }
    .into_any()
}
