//! Draws the lines of a log by hand: thousands of them come and go in a frame, and nothing about a line changes but its marks.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::log_lines::{Kept, Line};
use crate::api::containers::LogStream;

/// So far from the end it still counts as the end.
const NEAR: i32 = 24;

/// The element that holds the lines, one a child, in the order in which they are kept.
#[derive(Clone, Copy)]
pub struct Screen(pub NodeRef<html::Div>);

impl Screen {
    fn element(self) -> Option<HtmlElement> {
        self.0.try_get_untracked().flatten().map(|node| node.unchecked_into())
    }

    /// Draws the last `added` lines below the others, and takes those away that are no longer kept.
    pub fn append(self, kept: &Kept, added: usize) {
        let Some(list) = self.element() else { return };
        let first = kept.lines.len().saturating_sub(added);
        for line in kept.lines.iter().skip(first) {
            if let Some(drawn) = draw(kept, line) {
                drop(list.append_child(&drawn));
            }
        }
        let surplus = (list.child_element_count() as usize).saturating_sub(kept.lines.len());
        for _ in 0..surplus {
            if let Some(first) = list.first_element_child() {
                first.remove();
            }
        }
    }

    pub fn clear(self) {
        if let Some(list) = self.element() {
            list.set_text_content(None);
        }
    }

    /// Draws those lines again whose marks have changed.
    pub fn mark(self, kept: &Kept, changed: &[bool]) {
        let mut next = self.element().and_then(|list| list.first_element_child());
        for (line, changed) in kept.lines.iter().zip(changed) {
            let Some(element) = next else { return };
            next = element.next_element_sibling();
            if *changed {
                drop(element.class_list().toggle_with_force("hit", line.hits > 0));
                if let Some(text) = element.last_element_child() {
                    text.set_text_content(None);
                    fill(&text, kept, line);
                }
            }
        }
    }

    pub fn to_end(self) {
        if let Some(list) = self.element() {
            list.set_scroll_top(list.scroll_height());
        }
    }

    pub fn is_at_end(self) -> bool {
        self.element().is_none_or(|list| list.scroll_height() - list.scroll_top() - list.client_height() <= NEAR)
    }

    /// Shows the mark `step` further than the one that is shown now; tells its number, from one.
    pub fn show_mark(self, step: i32) -> Option<usize> {
        let marks = self.element()?.query_selector_all("mark").ok()?;
        let count = i32::try_from(marks.length()).ok().filter(|count| *count > 0)?;
        let mark = |index: i32| marks.get(index as u32).and_then(|node| node.dyn_into::<Element>().ok());
        let now = (0..count).find(|index| mark(*index).is_some_and(|mark| mark.class_list().contains("now")));
        // The first look is at the newest.
        let next = now.map_or(count - 1, |now| (now + step).rem_euclid(count));
        if let Some(last) = now.and_then(mark) {
            drop(last.class_list().remove_1("now"));
        }
        let shown = mark(next)?;
        drop(shown.class_list().add_1("now"));
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Center);
        shown.scroll_into_view_with_scroll_into_view_options(&options);
        Some(next as usize + 1)
    }
}

fn draw(kept: &Kept, line: &Line) -> Option<Element> {
    let element = made("div", if line.hits > 0 { "log-line hit" } else { "log-line" })?;
    let time = made("time", "")?;
    let (date, clock) = moment(&line.at);
    let day = made("span", "day")?;
    day.set_text_content(Some(date));
    drop(time.append_child(&day));
    drop(time.append_with_str_1(clock));
    drop(time.set_attribute("title", &line.at));
    let text = made("span", "log-text")?;
    fill(&text, kept, line);
    if line.stream == LogStream::Stderr {
        drop(element.set_attribute("data-stream", "stderr"));
        drop(element.set_attribute("title", "Standard error"));
    }
    drop(element.append_child(&time));
    drop(element.append_child(&text));
    Some(element)
}

/// Text only: what a container prints is never anything else.
fn fill(element: &Element, kept: &Kept, line: &Line) {
    for piece in kept.pieces(line) {
        if piece.class.is_empty() && !piece.hit {
            drop(element.append_with_str_1(piece.text));
        } else if let Some(part) = made(if piece.hit { "mark" } else { "span" }, piece.class) {
            part.set_text_content(Some(piece.text));
            drop(element.append_child(&part));
        }
    }
}

fn made(tag: &str, class: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    Some(element)
}

/// The day and the time of `2026-11-24T10:41:02.123456789Z`, as `11-24 ` and `10:41:02.123`.
fn moment(at: &str) -> (&str, &str) {
    (at.get(5..10).unwrap_or_default(), at.get(11..23).or_else(|| at.get(11..19)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_time_is_cut_to_what_is_read() {
        assert_eq!(moment("2026-11-24T10:41:02.123456789Z"), ("11-24", "10:41:02.123"));
        assert_eq!(moment("2026-11-24T10:41:02Z"), ("11-24", "10:41:02"));
        assert_eq!(moment(""), ("", ""));
        assert_eq!(moment("\u{e9}\u{e9}\u{e9}"), ("", ""));
    }
}
