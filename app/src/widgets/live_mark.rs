//! The mark that says whether changes show by themselves.

use leptos::prelude::*;

use crate::client::Following;
use crate::ui::{StateDot, Tone};

/// A dot and a word for how a followed stream is doing.
#[component]
pub fn LiveMark(
    #[prop(into)] following: Signal<Following>,
    /// What it says while nothing is followed: `Every 5 s`.
    #[prop(default = "Every 5 s")]
    otherwise: &'static str,
) -> impl IntoView {
    let tone = Signal::derive(move || match following.get() {
        Following::Live => Tone::Good,
        Following::Broken(_) => Tone::Warn,
        _ => Tone::Neutral,
    });
    let text = Signal::derive(move || {
        let word = match following.get() {
            Following::Live => "Live",
            Following::Broken(_) => "Reconnecting",
            Following::Ended => "Ended",
            _ => otherwise,
        };
        word.to_owned()
    });
    let title = Signal::derive(move || match following.get() {
        Following::Live => "Changes show as they happen.".to_owned(),
        Following::Broken(problem) | Following::Refused(problem) => problem.to_string(),
        Following::Ended => "There is no more to come.".to_owned(),
        Following::Opening => "On its way.".to_owned(),
    });
    view! { <span class="live-mark"><StateDot text=text tone=tone title=title/></span> }.into_any()
}
