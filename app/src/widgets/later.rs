//! What is asked for by the browser alone, once the page is there: who is asked may take longer than a page can wait.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::Problem;

/// An answer that comes later.
pub struct Later<T: Send + Sync + 'static> {
    answer: RwSignal<Option<Result<T, Problem>>>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Later<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Later<T> {}

impl<T: Clone + Send + Sync + 'static> Later<T> {
    /// Asks when the page is there, and anew when a signal that `ask` reads changes.
    pub fn new<F>(ask: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, Problem>> + 'static,
    {
        let (answer, again) = (RwSignal::new(None), RwSignal::new(0_u32));
        Effect::new(move || {
            again.track();
            let asked = ask();
            spawn_local(async move {
                let found = asked.await;
                // Its part of the page may be gone by now.
                let _ = answer.try_set(Some(found));
            });
        });
        Self { answer, again }
    }

    /// What came of it so far, and what comes yet.
    pub fn get(self) -> Option<Result<T, Problem>> {
        self.answer.get()
    }

    /// Puts what is newer in its place.
    pub fn set(self, newer: T) {
        self.answer.set(Some(Ok(newer)));
    }

    /// Forgets what went wrong, and asks once more.
    pub fn retry(self) -> Callback<()> {
        Callback::new(move |()| {
            self.answer.set(None);
            self.again.update(|n| *n += 1);
        })
    }
}
