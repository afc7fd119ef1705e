//! JSON as a tree that can be opened, searched and copied from.

use std::collections::HashSet;

use leptos::attr::custom::custom_attribute;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast;

use super::button::{Button, CopyButton, Kind};
use super::icon::{Icon, icons};
use super::table::SearchBox;

/// More lines than anyone reads; beyond them one searches.
const MOST_LINES: usize = 2000;

/// One visible line.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    /// JSON pointer; the line's key.
    path: String,
    depth: usize,
    name: String,
    /// The value of a leaf, the size of a branch.
    text: String,
    kind: &'static str,
    /// `None` for a leaf.
    open: Option<bool>,
    hit: bool,
}

/// Draws `value`. What matches the search is opened and marked.
#[component]
pub fn JsonTree(
    #[prop(into)] value: Signal<Value>,
    /// What it shows: `Inspect of web-1`.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let open = RwSignal::new(HashSet::<String>::new());
    Effect::new(move |done: Option<bool>| {
        if !done.unwrap_or(false) {
            value.with(|value| open.set(first_open(value)));
        }
        true
    });
    let query = RwSignal::new(String::new());
    let lines = Memo::new(move |_| value.with(|v| open.with(|open| query.with(|q| lines(v, open, &q.to_lowercase())))));
    let toggle = move |path: &str| {
        open.update(|open| {
            if !open.remove(path) {
                open.insert(path.to_owned());
            }
        });
    };
    let all = Callback::new(move |()| value.with(|value| open.set(branches(value))));
    let none = Callback::new(move |()| open.set(HashSet::from([String::new()])));
    let whole = Signal::derive(move || value.with(|v| serde_json::to_string_pretty(v).unwrap_or_default()));
    let keys = move |event: KeyboardEvent| steer(&event, open);
    let draw = move |line: Line| {
        let path = StoredValue::new(line.path.clone());
        // A line is drawn once; what changes about it is looked up.
        let fallback = line.clone();
        let now = Memo::new(move |_| {
            lines.with(|all| path.with_value(|path| all.iter().find(|l| l.path == *path).cloned())).unwrap_or_else(|| fallback.clone())
        });
        let leaf_text = Signal::derive(move || value.with(|v| path.with_value(|path| v.pointer(path).map(copied).unwrap_or_default())));
        view! {
            <div
                class="tree-line"
                role="treeitem"
                tabindex="-1"
                data-path=line.path.clone()
                data-depth=line.depth.min(12).to_string()
                data-kind=line.kind
                class:hit=move || now.with(|l| l.hit)
                {..custom_attribute("aria-level", (line.depth + 1).to_string())}
                aria-expanded=move || now.with(|l| l.open).map(|open| if open { "true" } else { "false" })
            >
                <button type="button" tabindex="-1" class="tree-name" on:click=move |_| path.with_value(|p| toggle(p))>
                    {line.open.is_some().then(|| view! { <Icon of=icons::CHEVRON_RIGHT/> })}
                    <span class="name">{line.name.clone()}</span>
                </button>
                <span class="value">{move || now.with(|l| l.text.clone())}</span>
                <CopyButton text=leaf_text label=format!("Copy {}", line.name)/>
            </div>
        }
    };
    view! {
        <div class="tree">
            <div class="toolbar">
                <SearchBox label="Search names and values" value=query on_change=Callback::new(move |text| query.set(text))/>
                <Button label="Open all" kind=Kind::Quiet on_press=all/>
                <Button label="Close all" kind=Kind::Quiet on_press=none/>
                <CopyButton text=whole label="Copy all" wide=true/>
            </div>
            <div class="tree-lines" role="tree" tabindex="0" aria-label=move || label.get() on:keydown=keys>
                <For each=move || lines.get() key=|line| (line.path.clone(), line.kind) children=draw/>
            </div>
            <Show when=move || { lines.with(Vec::len) >= MOST_LINES }>
                <p class="field-hint">"Only the first lines are shown. Search for the rest."</p>
            </Show>
        </div>
    }
    .into_any()
}

/// Arrow keys: up and down among the lines, right opens, left closes.
fn steer(event: &KeyboardEvent, open: RwSignal<HashSet<String>>) {
    let Some(tree) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return };
    let line = document().active_element().and_then(|e| e.closest(".tree-line").ok().flatten());
    let next = match (event.key().as_str(), &line) {
        ("ArrowDown", None) => tree.first_element_child(),
        ("ArrowDown", Some(line)) => line.next_element_sibling(),
        ("ArrowUp", Some(line)) => line.previous_element_sibling(),
        ("ArrowRight" | "ArrowLeft" | "Enter", Some(line)) => {
            let path = line.get_attribute("data-path").unwrap_or_default();
            let branch = line.has_attribute("aria-expanded");
            open.update(|open| match event.key().as_str() {
                "ArrowLeft" => drop(open.remove(&path)),
                "Enter" if open.contains(&path) => drop(open.remove(&path)),
                _ if branch => drop(open.insert(path)),
                _ => {}
            });
            None
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        drop(next.focus());
    }
}

/// The root and what is small in it.
fn first_open(value: &Value) -> HashSet<String> {
    let mut open = HashSet::from([String::new()]);
    if let Value::Object(fields) = value {
        let small = |v: &Value| matches!(v, Value::Object(f) if f.len() <= 4) || matches!(v, Value::Array(a) if a.len() <= 4);
        open.extend(fields.iter().filter(|(_, v)| small(v)).map(|(name, _)| child("", name)));
    }
    open
}

fn branches(value: &Value) -> HashSet<String> {
    let mut open = HashSet::new();
    let mut left = vec![(String::new(), value)];
    while let Some((path, value)) = left.pop() {
        left.extend(children(value).into_iter().map(|(name, value)| (child(&path, &name), value)));
        open.insert(path);
    }
    open
}

fn lines(value: &Value, open: &HashSet<String>, query: &str) -> Vec<Line> {
    let mut out = Vec::new();
    for (name, value) in children(value) {
        push(&mut out, child("", &name), 0, &name, value, open, query);
    }
    out.truncate(MOST_LINES);
    out
}

/// Adds the line and what is visible below it; tells whether something in it matches.
fn push(out: &mut Vec<Line>, path: String, depth: usize, name: &str, value: &Value, open: &HashSet<String>, query: &str) -> bool {
    const DEEPEST: usize = 64;
    if out.len() > MOST_LINES || depth > DEEPEST {
        return false;
    }
    let inner = children(value);
    let branch = matches!(value, Value::Object(_) | Value::Array(_)) && !inner.is_empty();
    let text = shown(value);
    let searched = !query.is_empty();
    let hit = searched && (name.to_lowercase().contains(query) || (!branch && text.to_lowercase().contains(query)));
    let at = out.len();
    let opened = branch && (searched || open.contains(&path));
    out.push(Line { path: path.clone(), depth, name: name.to_owned(), text, kind: kind(value), open: branch.then_some(opened), hit });
    let mut any = hit;
    if opened {
        for (name, value) in inner {
            any |= push(out, child(&path, &name), depth + 1, &name, value, open, query);
        }
    }
    if searched && !any {
        out.truncate(at);
    }
    any
}

fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    }
}

fn child(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Object(fields) => super::format::count(fields.len(), "field"),
        Value::Array(items) => super::format::count(items.len(), "item"),
        other => other.to_string(),
    }
}

fn copied(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::{branches, child, copied, first_open, lines};

    fn names(value: &serde_json::Value, open: &HashSet<String>, query: &str) -> Vec<String> {
        lines(value, open, query).into_iter().map(|line| format!("{}{}", "-".repeat(line.depth), line.name)).collect()
    }

    #[test]
    fn closed_branches_hide_what_is_in_them() {
        let value = json!({"Id": "x", "Config": {"Env": ["A=1", "B=2"]}});
        assert_eq!(names(&value, &HashSet::new(), ""), ["Config", "Id"]);
        assert_eq!(names(&value, &branches(&value), ""), ["Config", "-Env", "--0", "--1", "Id"]);
        assert!(first_open(&value).contains("/Config"));
    }

    #[test]
    fn a_search_shows_what_matches_and_the_way_to_it() {
        let value = json!({"Id": "x", "Config": {"Env": ["A=1", "B=2"], "Tty": false}});
        assert_eq!(names(&value, &HashSet::new(), "b=2"), ["Config", "-Env", "--1"]);
        assert_eq!(names(&value, &HashSet::new(), "tty"), ["Config", "-Tty"]);
        assert!(names(&value, &HashSet::new(), "zzz").is_empty());
    }

    #[test]
    fn names_with_slashes_are_their_own() {
        let value = json!({"a/b": {"~": 1}});
        assert_eq!(value.pointer(&child(&child("", "a/b"), "~")), Some(&json!(1)));
        assert_eq!(copied(&json!("plain")), "plain");
    }

    #[test]
    fn a_deep_or_long_document_has_an_end() {
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert!(lines(&deep, &branches(&deep), "").len() < 70);
        let long = json!((0..5000).collect::<Vec<_>>());
        assert_eq!(lines(&long, &HashSet::new(), "").len(), 2000);
    }
}
