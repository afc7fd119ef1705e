//! Lists: filtered, sorted and cut into pages, on the server.
//!
//! A filter is words, all of which must occur in what an item is known by. `state:x`, `label:key` and `label:key=value`
//! narrow further.

use std::{cmp::Ordering, collections::BTreeMap};

use pilothouse_app::api::{ListQuery, Page};

use super::ApiError;

/// How many items a page has unless told.
const LIMIT: usize = 50;
/// How many it has at most.
const MOST: usize = 500;
/// How long a filter may be, in bytes.
const LONGEST_FILTER: usize = 1024;
/// What stands before the offset in a cursor, so that it reads as nothing one would count up by hand.
const CURSOR: &str = "o-";

/// A filter, read.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Filter {
    words: Vec<String>,
    state: Option<String>,
    labels: Vec<(String, Option<String>)>,
}

impl Filter {
    /// # Errors
    /// When the filter is overlong.
    pub fn read(query: &ListQuery) -> Result<Self, ApiError> {
        let text = query.filter.as_deref().unwrap_or_default();
        if text.len() > LONGEST_FILTER {
            return Err(ApiError::field("filter", "A filter has at most 1024 bytes."));
        }
        let mut filter = Self::default();
        for word in text.split_whitespace() {
            if let Some(state) = word.strip_prefix("state:") {
                filter.state = Some(state.to_lowercase());
            } else if let Some(label) = word.strip_prefix("label:") {
                filter.labels.push(match label.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => (label.to_owned(), None),
                });
            } else {
                filter.words.push(word.to_lowercase());
            }
        }
        Ok(filter)
    }

    /// Whether an item passes: `texts` is what it is known by, and its labels count as such, too.
    pub fn passes(&self, texts: &[&str], state: &str, labels: &BTreeMap<String, String>) -> bool {
        self.state.as_deref().is_none_or(|wanted| wanted == state)
            && self.labels.iter().all(|(key, value)| labels.get(key).is_some_and(|has| value.as_ref().is_none_or(|wanted| wanted == has)))
            && self.words.iter().all(|word| {
                texts.iter().any(|text| contains(text, word)) || labels.iter().any(|(key, value)| contains(&format!("{key}={value}"), word))
            })
    }
}

/// `word` is in lower case already.
fn contains(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(word)
}

/// The state of what is used by these or by nobody, for filters: `state:used`, `state:unused`.
pub fn use_of(users: &[String]) -> &'static str {
    if users.is_empty() { "unused" } else { "used" }
}

/// Whether every word of the filter occurs in `text`: for lists whose items have neither state nor labels.
pub fn matches_words(query: &ListQuery, text: &str) -> bool {
    let text = text.to_lowercase();
    query.filter.as_deref().unwrap_or_default().split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}

/// A field that a list sorts by, and how.
pub type Column<T> = (&'static str, fn(&T, &T) -> Ordering);

/// Sorts by the field that the query names, else by the first of `columns`; items that are equal so keep the order of the first.
///
/// # Errors
/// When there is no such field.
pub fn sort<T>(items: &mut [T], query: &ListQuery, columns: &[Column<T>]) -> Result<(), ApiError> {
    let Some((_, usual)) = columns.first() else { return Ok(()) };
    items.sort_by(usual);
    let Some(asked) = query.sort.as_deref().filter(|sort| !sort.is_empty()) else { return Ok(()) };
    let (name, turned) = match asked.strip_prefix('-') {
        Some(name) => (name, true),
        None => (asked, false),
    };
    let Some((_, by)) = columns.iter().find(|(column, _)| *column == name) else {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        return Err(ApiError::field("sort", format!("This list sorts by {}.", names.join(", "))));
    };
    items.sort_by(|a, b| if turned { by(b, a) } else { by(a, b) });
    Ok(())
}

/// The page that the query asks for.
///
/// # Errors
/// When the limit or the cursor is none.
pub fn page<T>(items: Vec<T>, query: &ListQuery) -> Result<Page<T>, ApiError> {
    let limit = match query.limit {
        None => LIMIT,
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::field("limit", "A page has 1 to 500 items."));
    }
    let from = match query.after.as_deref().filter(|after| !after.is_empty()) {
        None => 0,
        Some(after) => offset(after).ok_or_else(|| ApiError::field("after", "This is no `next` of a page before."))?,
    };
    let total = items.len();
    let to = from.saturating_add(limit);
    let next = (to < total).then(|| format!("{CURSOR}{to:x}"));
    let items = items.into_iter().skip(from).take(limit).collect();
    Ok(Page { items, next, total: u64::try_from(total).ok() })
}

fn offset(after: &str) -> Option<usize> {
    let digits = after.strip_prefix(CURSOR)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    usize::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(limit: Option<u32>, after: Option<&str>, sort: Option<&str>, filter: Option<&str>) -> ListQuery {
        let own = |text: Option<&str>| text.map(str::to_owned);
        ListQuery { limit, after: own(after), sort: own(sort), filter: own(filter) }
    }

    #[test]
    fn pages_follow_each_other_and_cover_all() {
        let all: Vec<u32> = (0..25).collect();
        let mut got = Vec::new();
        let mut after = None;
        loop {
            let page = page(all.clone(), &query(Some(10), after.as_deref(), None, None)).unwrap();
            assert_eq!(page.total, Some(25));
            got.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(got, all);
        assert_eq!(page(all.clone(), &query(None, None, None, None)).unwrap().next, None);
        assert!(page(all, &query(Some(10), Some("o-ff"), None, None)).unwrap().items.is_empty());
    }

    #[test]
    fn what_is_no_page_is_named() {
        for (field, query) in [
            ("limit", query(Some(0), None, None, None)),
            ("limit", query(Some(501), None, None, None)),
            ("after", query(None, Some("10"), None, None)),
            ("after", query(None, Some("o-"), None, None)),
            ("after", query(None, Some("o-+1"), None, None)),
            ("after", query(None, Some("o-fffffffffffffffffff"), None, None)),
        ] {
            assert_eq!(page(vec![1], &query).unwrap_err().0.field.as_deref(), Some(field), "{query:?}");
        }
    }

    #[test]
    fn a_filter_takes_words_states_and_labels() {
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("tier".to_owned(), "web".to_owned())]);
        let passes = |text: &str| Filter::read(&query(None, None, None, Some(text))).unwrap().passes(&["Shop-Web-1", "nginx:1"], "running", &labels);
        for good in
            ["", "  ", "shop", "SHOP nginx", "env=prod", "state:running", "label:env", "label:env=prod shop", "state:Running label:tier=web web-1"]
        {
            assert!(passes(good), "{good}");
        }
        for bad in ["mail", "shop mail", "state:exited", "state:", "label:x", "label:env=dev", "label:env=", "label:"] {
            assert!(!passes(bad), "{bad}");
        }
        assert!(Filter::read(&query(None, None, None, Some(&"x ".repeat(1000)))).is_err());
    }

    #[test]
    fn sorting_goes_both_ways_and_names_its_fields() {
        let columns: &[Column<(&str, i32)>] = &[("name", |a, b| a.0.cmp(b.0)), ("size", |a, b| a.1.cmp(&b.1))];
        let sorted = |by: Option<&str>| {
            let mut items = vec![("b", 1), ("a", 2), ("c", 1)];
            sort(&mut items, &query(None, None, by, None), columns).map(|()| items.iter().map(|item| item.0).collect::<String>())
        };
        assert_eq!(sorted(None).unwrap(), "abc");
        assert_eq!(sorted(Some("-name")).unwrap(), "cba");
        assert_eq!(sorted(Some("size")).unwrap(), "bca");
        assert_eq!(sorted(Some("-size")).unwrap(), "abc");
        assert_eq!(sorted(Some("colour")).unwrap_err().0.field.as_deref(), Some("sort"));
    }
}
