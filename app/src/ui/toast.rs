//! Short messages that come up in the corner: what was done, or why it was not.

use std::time::Duration;

use leptos::prelude::*;

use super::button::{Button, Kind};
use super::icon::{Icon, icons};

#[derive(Clone, PartialEq)]
struct Toast {
    id: u64,
    bad: bool,
    title: String,
    detail: Option<String>,
}

/// Says things in the corner. From the context, wherever the shell is drawn.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<(u64, Vec<Toast>)>);

impl Toasts {
    /// Makes the one that [`ToastHost`] shows.
    pub fn provide() {
        provide_context(Self(RwSignal::default()));
    }

    /// The shell's. Outside of it, one that nobody shows.
    pub fn get() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::default()))
    }

    /// Says that something was done.
    pub fn ok(&self, title: impl Into<String>) {
        let id = self.add(false, title.into(), None);
        let toasts = *self;
        set_timeout(move || toasts.close(id), Duration::from_secs(5));
    }

    /// Says that something failed. It stays until it is closed.
    pub fn failed(&self, title: impl Into<String>, detail: Option<String>) {
        self.add(true, title.into(), detail);
    }

    fn add(&self, bad: bool, title: String, detail: Option<String>) -> u64 {
        const MOST: usize = 4;
        let mut id = 0;
        let _ = self.0.try_update(|(last, toasts)| {
            *last += 1;
            id = *last;
            toasts.push(Toast { id, bad, title, detail });
            let surplus = toasts.len().saturating_sub(MOST);
            toasts.drain(..surplus);
        });
        id
    }

    fn close(&self, id: u64) {
        let _ = self.0.try_update(|(_, toasts)| toasts.retain(|toast| toast.id != id));
    }
}

/// Where the messages are shown. Once, in the shell.
#[component]
pub fn ToastHost() -> impl IntoView {
    let toasts = Toasts::get();
    let show = move |toast: Toast| {
        let id = toast.id;
        view! {
            <div class="toast" data-tone=if toast.bad { "bad" } else { "good" }>
                <Icon of=if toast.bad { icons::WARNING } else { icons::CHECK }/>
                <div class="words">
                    <strong>{toast.title}</strong>
                    {toast.detail.map(|detail| view! { <p>{detail}</p> })}
                </div>
                <Button
                    label="Dismiss"
                    kind=Kind::Quiet
                    icon=icons::CLOSE
                    icon_only=true
                    on_press=Callback::new(move |()| toasts.close(id))
                />
            </div>
        }
    };
    view! {
        <div class="toasts" role="status" aria-live="polite" aria-relevant="additions">
            <For each=move || toasts.0.with(|(_, toasts)| toasts.clone()) key=|toast| toast.id children=show/>
        </div>
    }
    .into_any()
}
