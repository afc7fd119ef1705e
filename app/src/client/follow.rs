//! A live stream that is kept up: opened again when it breaks, ever more slowly, for as long as its owner lives.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use super::{Client, LiveHandle};
use crate::api::{Live, Problem};

/// The wait before the second try; it doubles from try to try.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How a followed stream is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Following {
    /// Not open yet.
    Opening,
    /// Open: what happens is told.
    Live,
    /// It broke, and will be tried again.
    Broken(Problem),
    /// It was refused in a way that trying again will not change.
    Refused(Problem),
    /// It said that there is no more.
    Ended,
}

impl Following {
    fn broken(problem: Problem) -> Self {
        if matches!(problem.status, 400..=428) { Self::Refused(problem) } else { Self::Broken(problem) }
    }
}

/// Follows `L` from when the page has come alive until it is left; begins anew whenever `target` changes.
///
/// `target` gives the path's parameters and the input, or `None` to follow nothing.
pub fn follow<L: Live>(target: impl Fn() -> Option<(Vec<String>, L::Input)> + 'static, on_item: impl Fn(L::Item) + 'static) -> ReadSignal<Following> {
    let (state, set_state) = signal(Following::Opening);
    let client = Client::get();
    let on_item = Arc::new(on_item);
    let tries = RwSignal::new(0_u32);
    let wait = StoredValue::new(FIRST_WAIT);
    // The effect's value is the open stream: it is dropped, and so ended, when the effect runs again or is disposed of.
    Effect::new(move |_earlier: Option<Option<LiveHandle>>| {
        tries.track();
        let (params, input) = target()?;
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        let on_item = on_item.clone();
        Some(client.stream::<L>(
            &params,
            &input,
            move || {
                wait.set_value(FIRST_WAIT);
                set_state.set(Following::Live);
            },
            move |item| on_item(item),
            move |end| {
                let state = end.map_or_else(Following::broken, |()| Following::Ended);
                if matches!(state, Following::Broken(_)) {
                    let pause = wait.get_value();
                    wait.set_value((pause * 2).min(LONGEST_WAIT));
                    let again = move || {
                        let _ = tries.try_update(|n| *n = n.wrapping_add(1));
                    };
                    set_timeout(again, pause);
                }
                set_state.set(state);
            },
        ))
    });
    state
}

#[cfg(test)]
mod tests {
    use super::Following;
    use crate::api::{Code, Problem};

    #[test]
    fn a_missing_right_is_not_asked_for_again_and_again() {
        assert!(matches!(Following::broken(Problem::new(Code::Forbidden, "no")), Following::Refused(_)));
        assert!(matches!(Following::broken(Problem::new(Code::NotFound, "no")), Following::Refused(_)));
        assert!(matches!(Following::broken(Problem::new(Code::BackendUnreachable, "gone")), Following::Broken(_)));
        assert!(matches!(Following::broken(Problem::new(Code::Overloaded, "busy")), Following::Broken(_)));
    }
}
