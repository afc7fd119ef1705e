//! What can be done to an image, in the list and on its own page.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::images::{Image, ImageRemove, ImageRemoveInput, ImageTag, TagInput};
use crate::ui::format::{bytes, count, short_id};
use crate::ui::{Ask, Button, Confirm, Dialog, Kind, Menu, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateItem, Submit, use_act};

/// What people call an image: its first tag, or the beginning of its id.
pub(super) fn image_name(image: &Image) -> String {
    image.tags.first().cloned().unwrap_or_else(|| short_id(&image.id))
}

/// A menu with what can be done. `after` is called when something was done; `gone` when the image was removed.
#[component]
pub(super) fn ImageActions(
    engine: Signal<String>,
    image: Signal<Image>,
    after: Callback<()>,
    #[prop(optional, into)] gone: Option<Callback<()>>,
) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let open = RwSignal::new(false);
    let tag = Callback::new(move |()| open.set(true));
    let remove = Callback::new(move |()| {
        let (engine, image) = (engine.get_untracked(), image.get_untracked());
        let several = image.tags.len() > 1;
        confirm.ask_ticked(question(&image), move |ticked| {
            // An image with several tags goes only by force.
            let input = ImageRemoveInput { force: ticked || several };
            let done = format!("Removed {}.", image_name(&image));
            act.run::<ImageRemove>(&[&engine, &image.id], &input, done, move |_| {
                // Of what is gone there is nothing to read again.
                gone.unwrap_or(after).run(());
            });
        });
    });
    let label = Signal::derive(move || format!("More for {}", image.with(image_name)));
    let title = Signal::derive(move || format!("Tag {}", image.with(image_name)));
    let id = image.with_untracked(|image| format!("actions-{}", short_id(&image.id)));
    view! {
        <div class="row-actions">
            <Menu id=id label=label icon=icons::MORE icon_only=true kind=Kind::Quiet>
                <GateItem permission="engine.image.tag" engine=engine label="Add a tag" icon=icons::TAG on_press=tag/>
                <GateItem permission="engine.image.remove" engine=engine label="Remove" icon=icons::TRASH danger=true on_press=remove/>
            </Menu>
            <Dialog open=open title=title>
                <TagForm engine=engine image=image open=open after=after/>
            </Dialog>
        </div>
    }
    .into_any()
}

/// What is lost with an image.
fn question(image: &Image) -> Ask {
    let mut ask = Ask::new(format!("Remove {}?", image_name(image)), "Remove")
        .loses(format!("Up to {} of layers, as far as no other image has them too.", bytes(image.size)));
    ask = match image.tags.as_slice() {
        [] | [_] => ask.loses("What is not in a registry must be built again."),
        tags => ask.loses(format!("All of its {}: {}.", count(tags.len(), "tag"), tags.join(", "))),
    };
    if image.used_by.is_empty() {
        return ask;
    }
    ask.loses(format!("Containers are made from it: {}. The engine keeps it while one of them runs.", image.used_by.join(", ")))
        .tick("Remove it even if stopped containers are made from it")
}

#[component]
fn TagForm(engine: Signal<String>, image: Signal<Image>, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (repository, tag) = (submit.error("repository"), submit.error("tag"));
    let error = Signal::derive(move || repository.get().or_else(|| tag.get()));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = parts(&name.get_untracked());
        let done = format!("Tagged as {}:{}.", input.repository, input.tag);
        let id = image.with_untracked(|image| image.id.clone());
        submit.send::<ImageTag>(&[&engine.get_untracked(), &id], &input, move |_| {
            toasts.ok(done);
            open.set(false);
            after.run(());
        });
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="New tag" name="tag" value=name mono=true autocomplete="off" autofocus=true placeholder="registry.example.com/team/app:1.2" error=error
                hint="The tags it has stay. If another image has this one, it loses it."/>
            <FormProblem problem=problem fields=&["repository", "tag"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Add the tag" kind=Kind::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}

/// The repository and the tag of a name; `latest` where none is given. A registry's port is no tag.
fn parts(name: &str) -> TagInput {
    let name = name.trim();
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    };
    TagInput { repository: repository.to_owned(), tag: tag.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_name_is_a_repository_and_a_tag() {
        let split = |name| {
            let input = parts(name);
            (input.repository, input.tag)
        };
        assert_eq!(split("app"), ("app".into(), "latest".into()));
        assert_eq!(split(" host:5000/app "), ("host:5000/app".into(), "latest".into()));
        assert_eq!(split("host:5000/app:1.2"), ("host:5000/app".into(), "1.2".into()));
    }
}
