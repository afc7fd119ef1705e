//! One page of a list: a table and the way to the next page, or what stands there when there is nothing.

use leptos::html;
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
    let turned = StoredValue::new(false);
    let on_next = Callback::new(move |()| {
        if let Some(next) = next.get_untracked() {
            turned.set_value(true);
            state.next(&next);
        }
    });
    let on_previous = Callback::new(move |()| {
        turned.set_value(true);
        state.previous();
    });
    // Another page begins at its head, once it is here: at its foot one would not see that it came.
    let foot = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        page.track();
        if turned.get_value() {
            turned.set_value(false);
            let list = foot.get_untracked().and_then(|foot| foot.previous_element_sibling());
            if let Some(list) = list.filter(|list| list.get_bounding_client_rect().top() < 0.0) {
                list.scroll_into_view();
            }
        }
    });
    view! {
        <div node_ref=foot>
            <Pager
                summary=summary
                has_previous=state.has_previous()
                has_next=Signal::derive(move || next.with(Option::is_some))
                on_previous=on_previous
                on_next=on_next
            />
        </div>
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
