//! What an image is in short: its summary, the tags that mean it, and the platforms of an index.

use leptos::prelude::*;

use super::address::At;
use crate::api::repositories::{ManifestDetail, ManifestKind, ManifestSummary, PlatformImage};
use crate::ui::format::{bytes, short_id};
use crate::ui::{CopyButton, Facts, Time};

/// What it is, with its platforms: `Image for linux/amd64`.
pub(super) fn kind_words(summary: &ManifestSummary) -> String {
    let kind = match summary.kind {
        ManifestKind::Image => "Image",
        ManifestKind::Index => "Index",
        ManifestKind::Artifact => "Artifact",
    };
    match summary.platforms.as_slice() {
        [] => kind.to_owned(),
        [one] => format!("{kind} for {one}"),
        many => format!("{kind} of {} platforms", many.len()),
    }
}

#[component]
pub(super) fn Summary(detail: Signal<ManifestDetail>) -> impl IntoView {
    let digest = Memo::new(move |_| detail.with(|detail| detail.summary.digest.clone()));
    let made = Memo::new(move |_| detail.with(|detail| detail.summary.created_at));
    let made = move || match made.get() {
        Some(at) => view! { <Time at=at/> }.into_any(),
        None => view! { <span class="none">"It does not say"</span> }.into_any(),
    };
    let platforms = move || match detail.with(|detail| detail.summary.platforms.join(", ")) {
        none if none.is_empty() => "None".to_owned(),
        some => some,
    };
    let artifact = move || {
        let kind = detail.with(|detail| detail.artifact_type.clone());
        kind.map_or_else(|| view! { <span class="none">"None"</span> }.into_any(), |kind| view! { <code>{kind}</code> }.into_any())
    };
    view! {
        <Facts>
            <dt>"Digest"</dt>
            <dd class="with-copy"><code>{move || digest.get()}</code><CopyButton text=digest label="Copy the digest"/></dd>
            <dt>"Kind"</dt>
            <dd>{move || detail.with(|detail| kind_words(&detail.summary))}</dd>
            <dt>"Platforms"</dt>
            <dd>{platforms}</dd>
            <dt>"Size"</dt>
            <dd>{move || detail.with(|detail| format!("{} compressed", bytes(detail.summary.size)))}</dd>
            <dt>"Made"</dt>
            <dd>{made}</dd>
            <dt>"Media type"</dt>
            <dd><code>{move || detail.with(|detail| detail.summary.media_type.clone())}</code></dd>
            <dt>"Artifact type"</dt>
            <dd>{artifact}</dd>
        </Facts>
    }
    .into_any()
}

/// The tags that mean this digest.
#[component]
pub(super) fn Tags(at: StoredValue<At>, detail: Signal<ManifestDetail>) -> impl IntoView {
    let tags = Memo::new(move |_| detail.with(|detail| (detail.tags.clone(), detail.tags_are_complete)));
    let line = move |tag: String| {
        let href = at.with_value(|at| at.image_page(&tag));
        view! { <li><a href=href>{tag}</a></li> }
    };
    move || {
        let (tags, complete) = tags.get();
        let none = tags.is_empty().then(|| view! { <p class="none">"None. It is known by its digest alone."</p> });
        let more = (!complete).then(|| view! { <p class="list-note">"There are too many tags to ask for each: others may mean it, too."</p> });
        view! {
            <div>
                {none.filter(|_| complete)}
                <ul class="flow">{tags.into_iter().map(line).collect_view()}</ul>
                {more}
            </div>
        }
        .into_any()
    }
}

/// The image for each platform of an index.
#[component]
pub(super) fn Platforms(at: StoredValue<At>, detail: Signal<ManifestDetail>) -> impl IntoView {
    let images = Memo::new(move |_| detail.with(|detail| detail.images.clone()));
    let row = move |image: PlatformImage| {
        let href = at.with_value(|at| at.image_page(&image.digest));
        view! {
            <tr>
                <td class="main"><a class="name" href=href>{image.platform}</a></td>
                <td data-label="Digest">
                    <span class="with-copy"><code>{short_id(&image.digest)}</code><CopyButton text=image.digest label="Copy the digest"/></span>
                </td>
                <td data-label="Size" class="number">{bytes(image.size)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-box bare" tabindex="0" role="region" aria-label="Platforms">
            <table class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Platform"</th>
                        <th scope="col">"Digest"</th>
                        <th scope="col" class="number">"Size"</th>
                    </tr>
                </thead>
                <tbody>{move || images.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::kind_words;
    use crate::api::repositories::{ManifestKind, ManifestSummary};

    #[test]
    fn what_it_is_says_for_what_machines() {
        let words = |kind, platforms: &[&str]| {
            let platforms = platforms.iter().map(|platform| (*platform).to_owned()).collect();
            kind_words(&ManifestSummary { digest: String::new(), media_type: String::new(), kind, platforms, size: 0, created_at: None })
        };
        assert_eq!(words(ManifestKind::Image, &["linux/amd64"]), "Image for linux/amd64");
        assert_eq!(words(ManifestKind::Index, &["linux/amd64", "linux/arm64"]), "Index of 2 platforms");
        assert_eq!(words(ManifestKind::Artifact, &[]), "Artifact");
    }
}
