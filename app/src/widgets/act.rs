//! Doing one thing, or the same thing to many, and saying what came of it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{Endpoint, Problem};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::toast::Toasts;

/// What a thing done to many is done to: the path's parameters, and the name people know it by.
#[derive(Clone, Debug)]
pub struct Target {
    pub params: Vec<String>,
    pub name: String,
}

/// Does things. It outlives the part of the page that made it; what is to be done afterwards is left when that part is gone.
#[derive(Clone, Copy)]
pub struct Act {
    client: StoredValue<Client>,
    toasts: Toasts,
    running: RwSignal<usize>,
}

/// The client of every [`Act`] below, held by the shell.
#[derive(Clone, Copy)]
struct Shared(StoredValue<Client>);

impl Act {
    pub(super) fn provide() {
        provide_context(Shared(StoredValue::new(Client::get())));
    }
}

/// The page's [`Act`].
pub fn use_act() -> Act {
    let Shared(client) = use_context().unwrap_or_else(|| Shared(StoredValue::new(Client::get())));
    Act { client, toasts: Toasts::get(), running: RwSignal::new(0) }
}

impl Act {
    /// Whether something is on its way.
    pub fn busy(&self) -> Signal<bool> {
        let running = self.running;
        Signal::derive(move || running.get() > 0)
    }

    /// Does one thing; says `done` in the corner, or what went wrong. `then` gets the output when it worked.
    pub fn run<E: Endpoint>(&self, params: &[&str], input: &E::Input, done: impl Into<String>, then: impl FnOnce(E::Output) + 'static) {
        let Some(call) = self.client.try_with_value(|client| client.call::<E>(params, input)) else { return };
        let (toasts, running, done) = (self.toasts, self.running, done.into());
        let _ = running.try_update(|n| *n += 1);
        spawn_local(async move {
            let answer = call.await;
            let still_here = running.try_update(|n| *n = n.saturating_sub(1)).is_some();
            match answer {
                Ok(output) => {
                    toasts.ok(done);
                    if still_here {
                        then(output);
                    }
                }
                Err(problem) => toasts.failed(problem.title, problem.detail),
            }
        });
    }

    /// Does the same to many, one after the other, and goes on when one fails. `did` is the word for it: `Stopped`.
    pub fn run_all<E: Endpoint>(&self, targets: Vec<Target>, input: E::Input, did: &'static str, noun: &'static str, then: impl FnOnce() + 'static)
    where
        E::Input: Clone,
    {
        let Some(client) = self.client.try_get_value() else { return };
        let (toasts, running) = (self.toasts, self.running);
        let _ = running.try_update(|n| *n += 1);
        spawn_local(async move {
            let mut failed: Vec<(String, Problem)> = Vec::new();
            let total = targets.len();
            for target in targets {
                let params: Vec<&str> = target.params.iter().map(String::as_str).collect();
                if let Err(problem) = client.call::<E>(&params, &input).await {
                    failed.push((target.name, problem));
                }
            }
            let still_here = running.try_update(|n| *n = n.saturating_sub(1)).is_some();
            if let Some((title, detail)) = report(total, &failed, noun) {
                toasts.failed(title, Some(detail));
            } else {
                toasts.ok(format!("{did} {}.", count(total, noun)));
            }
            if still_here {
                then();
            }
        });
    }
}

/// What to say when some failed.
fn report(total: usize, failed: &[(String, Problem)], noun: &str) -> Option<(String, String)> {
    const NAMED: usize = 3;
    if failed.is_empty() {
        return None;
    }
    let mut reasons: Vec<String> = failed.iter().take(NAMED).map(|(name, problem)| format!("{name}: {problem}")).collect();
    if failed.len() > NAMED {
        reasons.push(format!("and {} more.", failed.len() - NAMED));
    }
    Some((format!("{} of {} failed.", failed.len(), count(total, noun)), reasons.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::api::{Code, Problem};

    #[test]
    fn failures_are_counted_and_the_first_are_named() {
        assert_eq!(report(3, &[], "container"), None);
        let failed: Vec<_> = ["a", "b", "c", "d"].map(|name| (name.to_owned(), Problem::new(Code::Conflict, "It runs."))).into();
        let said = report(5, &failed, "container").unwrap_or_default();
        assert_eq!(said.0, "4 of 5 containers failed.");
        assert_eq!(said.1, "a: It runs. b: It runs. c: It runs. and 1 more.");
    }
}
