//! Coming in: signing in, and the first set-up.

mod first_setup;
mod passkey;
mod second_step;
mod sign_in;

pub use first_setup::FirstSetup;
pub use sign_in::SignInPage;

use leptos::prelude::*;

use crate::ui::{Icon, icons};

/// What stands around the forms for those who are not in yet.
#[component]
fn Porch(#[prop(into)] title: String, #[prop(into)] about: String, children: Children) -> impl IntoView {
    view! {
        <leptos_meta::Title text=title.clone()/>
        <main class="porch">
            <div class="porch-card">
                <p class="brand"><Icon of=icons::LOGO/>"Pilothouse"</p>
                <h1>{title}</h1>
                <p class="about">{about}</p>
                {children()}
            </div>
        </main>
    }
    .into_any()
}
