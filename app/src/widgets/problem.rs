//! A problem, drawn: what happened, what to do about it, and a way to try again.

use leptos::prelude::*;

use crate::api::{Code, Problem};
use crate::ui::button::Button;
use crate::ui::icon::{Icon, Outlines, icons};

/// Draws `problem` in the place of what could not be drawn.
#[component]
pub fn ProblemView(problem: Problem, #[prop(optional, into)] retry: Option<Callback<()>>) -> impl IntoView {
    let (icon, heading) = words(&problem);
    let heading_is_title = heading == problem.title;
    let again = retry.filter(|_| !matches!(problem.code, Code::Forbidden | Code::NotFound | Code::Unauthenticated));
    view! {
        <div class="empty-state problem" role="alert" data-code=problem.status.to_string()>
            <Icon of=icon/>
            <h2>{heading}</h2>
            {(!heading_is_title).then(|| view! { <p>{problem.title.clone()}</p> })}
            {problem.detail.clone().map(|detail| view! { <p class="detail">{detail}</p> })}
            <div class="actions">
                {again.map(|retry| view! { <Button label="Try again" icon=icons::REFRESH on_press=retry/> })}
                {matches!(problem.code, Code::NotFound | Code::Forbidden).then(|| view! { <a class="button" href="/">"To the overview"</a> })}
                {(problem.code == Code::Unauthenticated).then(|| view! { <a class="button primary" href="/sign-in" rel="external">"Sign in"</a> })}
            </div>
        </div>
    }
    .into_any()
}

fn words(problem: &Problem) -> (Outlines, String) {
    let (icon, heading) = match problem.code {
        Code::Forbidden | Code::CrossOrigin => (icons::LOCK, "You may not see this"),
        Code::NotFound => (icons::SEARCH, "Nothing here"),
        Code::Unauthenticated => (icons::KEY, "You are signed out"),
        Code::BackendUnreachable | Code::BackendTimeout => (icons::SERVER, "No answer"),
        Code::Overloaded | Code::Throttled => (icons::CLOCK, "Too busy right now"),
        _ => (icons::WARNING, ""),
    };
    let heading = if heading.is_empty() { problem.title.clone() } else { heading.to_owned() };
    (icon, heading)
}
