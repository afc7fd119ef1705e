//! A resource, drawn in each of its states: a skeleton at first, then its content or its problem.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::ProblemView;
use crate::api::Problem;
use crate::ui::badge::Tone;
use crate::ui::page::Callout;

#[derive(Clone, PartialEq)]
enum Phase {
    Waiting,
    Ready,
    Failed(Problem),
}

/// Draws `children` once, with a signal that follows when the resource is read again: what is shown stays until the new is
/// here, and menus, selections and scroll stay as they are.
#[component]
pub fn Loaded<T, F, V>(
    resource: Resource<Result<T, Problem>>,
    /// Of the size of what will come.
    #[prop(into)]
    skeleton: ViewFn,
    children: F,
) -> impl IntoView
where
    T: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let fallback = skeleton.clone();
    view! {
        <Transition fallback=move || fallback.run()>
            {
                let children = children.clone();
                let skeleton = skeleton.clone();
                // Made in here, so that the boundary knows that it waits for this resource.
                let phase = Memo::new(move |before: Option<&Phase>| match resource.get() {
                    None => Phase::Waiting,
                    Some(Ok(_)) => Phase::Ready,
                    // A passing failure takes nothing away that is shown already.
                    Some(Err(problem)) if before == Some(&Phase::Ready) && problem.status >= 500 => Phase::Ready,
                    Some(Err(problem)) => Phase::Failed(problem),
                });
                move || {
                    let phase = phase.get();
                    let children = children.clone();
                    let skeleton = skeleton.clone();
                    let draw = move || match (phase, resource.get_untracked()) {
                        (Phase::Ready, Some(Ok(first))) => view! {
                            <Stale resource=resource/>
                            {children(latest(resource, first))}
                        }
                        .into_any(),
                        (Phase::Failed(problem), _) => {
                            let retry = Callback::new(move |()| resource.refetch());
                            view! { <ProblemView problem=problem retry=retry/> }.into_any()
                        }
                        _ => skeleton.run().into_any(),
                    };
                    // A resource follows even who reads it without tracking: nothing but the phase may draw this anew.
                    Unsuspend::new(move || untrack(draw))
                }
            }
        </Transition>
    }
    .into_any()
}

/// Says that what is shown is old, while it cannot be read again.
#[component]
fn Stale<T>(resource: Resource<Result<T, Problem>>) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let problem = Memo::new(move |_| resource.get().and_then(Result::err));
    move || {
        problem.get().map(|problem| {
            view! {
                <Callout tone=Tone::Warn title="Shown as it was last read".to_owned()>{problem.to_string()}</Callout>
            }
        })
    }
}

/// The last good value of `resource`.
fn latest<T>(resource: Resource<Result<T, Problem>>, first: T) -> Signal<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let value = Memo::new(move |last: Option<&T>| match resource.get() {
        Some(Ok(value)) => value,
        _ => last.cloned().unwrap_or_else(|| first.clone()),
    });
    value.into()
}
