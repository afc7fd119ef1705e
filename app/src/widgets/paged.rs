//! One page of a list: a table and the way to the next page, or what stands there when there is nothing.

use leptos::prelude::*;

use super::list::ListState;
use crate::api::Page;
use crate::ui::format::count;
use crate::ui::icon::icons;
use crate::ui::page::EmptyState;
use crate::ui::{Button, Pager, Rows};

/// The way to the pages before and after, and what is said of the whole.
#[component]
pub fn NextPages<T>(page: Signal<Page<T>>, state: ListState, #[prop(into)] summary: Signal<String>) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    let on_next = Callback::new(move |()| {
        if let Some(next) = next.get_untracked() {
            state.next(&next);
        }
    });
    view! {
        <Pager
            summary=summary
            has_previous=state.has_previous()
            has_next=Signal::derive(move || next.with(Option::is_some))
            on_previous=Callback::new(move |()| state.previous())
            on_next=on_next
        />
    }
    .into_any()
}

#[component]
pub fn Paged<T, R, V>(
    page: Signal<Page<T>>,
    state: ListState,
    /// What the table is called.
    label: &'static str,
    /// Its classes besides those that every list has.
    #[prop(optional)]
    class: &'static str,
    /// What is counted: `robot`.
    #[prop(optional)]
    thing: &'static str,
    /// What is said of the whole, where counting things does not say it.
    #[prop(optional, into)]
    summary: Option<Signal<String>>,
    /// The cells of its head.
    #[prop(into)]
    head: ViewFn,
    key: fn(&T) -> String,
    row: R,
    /// That nothing is left of the list: `No robot fits`.
    none_fits: &'static str,
    #[prop(optional)] none_fits_detail: &'static str,
    /// What stands there when nothing narrows the list, and there is nothing all the same.
    #[prop(optional, into)]
    none: Option<ViewFn>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    R: Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let any = Memo::new(move |_| page.with(|page| !page.items.is_empty()));
    let summary = summary.unwrap_or_else(|| Signal::derive(move || page.with(|page| count(page.total.unwrap_or_default() as usize, thing))));
    let nothing = move || match none.clone().filter(|_| !state.narrowed().get()) {
        Some(none) => none.run(),
        None => {
            let all = move || view! { <Button label="Show all" on_press=Callback::new(move |()| state.clear())/> };
            match none_fits_detail {
                "" => view! { <EmptyState icon=icons::SEARCH title=none_fits>{all()}</EmptyState> }.into_any(),
                detail => {
                    view! { <EmptyState icon=icons::SEARCH title=none_fits detail=Signal::stored(detail.to_owned())>{all()}</EmptyState> }.into_any()
                }
            }
        }
    };
    view! {
        <Show when=move || any.get() fallback=nothing>
            <div class="table-box" tabindex="0" role="region" aria-label=label>
                <table class=format!("table cards {class}")>
                    <thead><tr>{head.run()}</tr></thead>
                    <tbody><Rows items=items key=key row=row.clone()/></tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}
