//! The state of a list, kept in the page's address: search, filters, order and page. So it can be shared, and "back" works.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use leptos_router::location::Url;
use leptos_router::params::ParamsMap;

use crate::api::ListQuery;

const WORDS: &str = "q";
const SORT: &str = "sort";
/// The `after` of each page behind us, the last being that of this page.
const TRAIL: &str = "at";

/// A list's state. `facets` are the filters it knows: each is a parameter of the address, and `name:value` in the API's filter.
#[derive(Clone, Copy)]
pub struct ListState {
    params: Memo<ParamsMap>,
    default_sort: &'static str,
    facets: &'static [&'static str],
    go: StoredValue<Box<dyn Fn(ParamsMap, bool) + Send + Sync>>,
}

impl ListState {
    /// The state in this page's address.
    pub fn in_address(default_sort: &'static str, facets: &'static [&'static str]) -> Self {
        let path = use_location().pathname;
        let navigate = use_navigate();
        let go = move |params: ParamsMap, replace: bool| {
            let address = format!("{}{}", path.get_untracked(), params.to_query_string());
            navigate(&address, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
        };
        Self { params: use_query_map(), default_sort, facets, go: StoredValue::new(Box::new(go)) }
    }

    /// What to ask the API for.
    pub fn query(&self) -> Memo<ListQuery> {
        let this = *self;
        Memo::new(move |_| this.params.with(|params| query_of(params, this.default_sort, this.facets)))
    }

    pub fn words(&self) -> Signal<String> {
        let params = self.params;
        Memo::new(move |_| params.with(|params| params.get(WORDS).unwrap_or_default())).into()
    }

    /// Searches; the list begins at its first page again.
    pub fn set_words(&self, words: &str) {
        self.change(true, |params| put(params, WORDS, words));
    }

    /// The order: a field's name, with `-` before it when turned round.
    pub fn sort(&self) -> Signal<String> {
        let (params, default_sort) = (self.params, self.default_sort);
        Memo::new(move |_| params.with(|params| params.get(SORT)).unwrap_or_else(|| default_sort.to_owned())).into()
    }

    pub fn on_sort(&self) -> Callback<String> {
        let this = *self;
        Callback::new(move |sort: String| {
            let sort = if sort == this.default_sort { String::new() } else { sort };
            this.change(true, |params| put(params, SORT, &sort));
        })
    }

    /// The value of the filter `name`; empty when it is not set.
    pub fn facet(&self, name: &'static str) -> Signal<String> {
        let params = self.params;
        Memo::new(move |_| params.with(|params| params.get(name).unwrap_or_default())).into()
    }

    /// Sets the filter `name`, or takes it away when `value` is empty.
    pub fn set_facet(&self, name: &'static str, value: &str) {
        self.change(false, |params| put(params, name, value));
    }

    /// Takes the parameter `name` out of the address. The list stays as it is.
    pub fn forget(&self, name: &'static str) {
        let mut params = self.params.get_untracked();
        params.remove(name);
        self.go.with_value(|go| go(params, true));
    }

    /// Whether anything narrows the list.
    pub fn narrowed(&self) -> Signal<bool> {
        let this = *self;
        Memo::new(move |_| this.params.with(|params| this.facets.iter().chain(&[WORDS]).any(|name| params.get_str(name).is_some()))).into()
    }

    /// Shows everything again.
    pub fn clear(&self) {
        let facets = self.facets;
        self.change(false, |params| {
            for name in facets.iter().chain(&[WORDS]) {
                params.remove(name);
            }
        });
    }

    pub fn has_previous(&self) -> Signal<bool> {
        let params = self.params;
        Memo::new(move |_| params.with(|params| !trail(params).is_empty())).into()
    }

    /// To the page after this one, which `after` leads to.
    pub fn next(&self, after: &str) {
        let mut params = self.params.get_untracked();
        let mut steps = trail(&params);
        steps.push(after.to_owned());
        put_trail(&mut params, &steps);
        self.go.with_value(|go| go(params, false));
    }

    pub fn previous(&self) {
        let mut params = self.params.get_untracked();
        let mut steps = trail(&params);
        steps.pop();
        put_trail(&mut params, &steps);
        self.go.with_value(|go| go(params, false));
    }

    fn change(&self, replace: bool, change: impl FnOnce(&mut ParamsMap)) {
        let mut params = self.params.get_untracked();
        change(&mut params);
        params.remove(TRAIL);
        self.go.with_value(|go| go(params, replace));
    }
}

fn put(params: &mut ParamsMap, name: &'static str, value: &str) {
    params.remove(name);
    if !value.is_empty() {
        // The map takes its values as they stand in an address, and decodes them.
        params.insert(name, Url::escape(value));
    }
}

fn trail(params: &ParamsMap) -> Vec<String> {
    let text = params.get_str(TRAIL).unwrap_or_default();
    text.split('.').filter(|step| !step.is_empty()).map(unpack).collect()
}

fn put_trail(params: &mut ParamsMap, steps: &[String]) {
    let steps: Vec<String> = steps.iter().map(|step| pack(step)).collect();
    put(params, TRAIL, &steps.join("."));
}

/// Letters and digits as they are, any other byte as `_` and two hexadecimal digits: nothing that an address would change.
fn pack(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("_{b:02x}") }).collect()
}

fn unpack(text: &str) -> String {
    let mut parts = text.split('_');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(code, 16));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn query_of(params: &ParamsMap, default_sort: &str, facets: &[&str]) -> ListQuery {
    let mut filter: Vec<String> = params.get(WORDS).into_iter().collect();
    for name in facets {
        filter.extend(params.get(name).map(|value| format!("{name}:{value}")));
    }
    let filter = filter.join(" ");
    ListQuery {
        limit: None,
        after: trail(params).pop(),
        sort: Some(params.get(SORT).unwrap_or_else(|| default_sort.to_owned())).filter(|sort| !sort.is_empty()),
        filter: Some(filter.trim().to_owned()).filter(|filter| !filter.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use leptos_router::params::ParamsMap;

    use super::{put, put_trail, query_of, trail};

    fn params(pairs: &[(&'static str, &str)]) -> ParamsMap {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn an_empty_address_asks_for_the_first_page() {
        let query = query_of(&params(&[]), "name", &["state"]);
        assert_eq!((query.sort.as_deref(), query.filter, query.after), (Some("name"), None, None));
    }

    #[test]
    fn words_and_filters_become_one_filter() {
        let query = query_of(&params(&[("q", "web 1"), ("state", "running"), ("label", "env=prod"), ("x", "y")]), "name", &["state", "label"]);
        assert_eq!(query.filter.as_deref(), Some("web 1 state:running label:env=prod"));
    }

    #[test]
    fn a_strange_trail_is_no_panic() {
        for odd in ["_", "__", "_zz", "a_4", "\u{e9}_\u{e9}1", "...", "_ff"] {
            trail(&params(&[("at", odd)]));
        }
    }

    #[test]
    fn what_is_searched_is_searched_letter_by_letter() {
        let mut map = params(&[]);
        put(&mut map, "q", "100%41 a+b");
        assert_eq!(map.get_str("q"), Some("100%41 a+b"));
    }

    #[test]
    fn the_trail_leads_back_the_way_one_came() {
        let mut map = params(&[]);
        put_trail(&mut map, &["a.b_%41".into(), "c/d=\u{e9}".into()]);
        assert_eq!(trail(&map), ["a.b_%41", "c/d=\u{e9}"]);
        assert_eq!(query_of(&map, "name", &[]).after.as_deref(), Some("c/d=\u{e9}"));
        put_trail(&mut map, &[]);
        assert!(map.get_str("at").is_none());
    }
}
