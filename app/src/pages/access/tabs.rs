//! The row of pages that are about access.

use leptos::prelude::*;

use crate::ui::{Tab, Tabs};
use crate::widgets::{access_pages, use_me};

/// The pages about access that one may read, above each of them.
#[component]
pub(crate) fn AccessTabs() -> impl IntoView {
    let me = use_me();
    let tabs: Vec<Tab> = access_pages(&me).map(|(words, href)| Tab::new(href, words)).collect();
    // For whoever may read one of them only there is nothing to choose.
    (tabs.len() > 1).then(|| view! { <Tabs label="Access" tabs=Signal::stored(tabs)/> })
}
