//! Where a container's image came from, and whether its tag means something newer by now.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::containers::ContainerDetail;
use crate::api::repositories::{ContainerOrigin, Origin};
use crate::api::{Empty, fill};
use crate::client::Client;
use crate::ui::{Badge, Time, Tone};

/// A line among the facts; nothing where the image came from no registry that you may pull it from.
///
/// It is asked for once the page stands: a registry that is slow keeps nobody waiting.
#[component]
pub(super) fn CameFrom(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let client = Client::get();
    let id = Memo::new(move |_| detail.with(|detail| detail.summary.id.clone()));
    let origin = RwSignal::new(None::<Origin>);
    Effect::new(move || {
        let call = client.call::<ContainerOrigin>(&[&engine.get(), &id.get()], &Empty {});
        spawn_local(async move {
            if let Ok(found) = call.await {
                let _ = origin.try_set(Some(found));
            }
        });
    });
    move || {
        let (name, here, newer) = origin.with(|origin| origin.as_ref().and_then(words))?;
        let newer = newer.map(|(href, asked)| {
            let asked = asked.map(|at| view! { <small>"asked "<Time at=at/></small> });
            view! { <div class="flow"><a href=href><Badge text="A newer image for this tag exists" tone=Tone::Info/></a>{asked}</div> }
        });
        Some(view! { <dt>"Came from"</dt><dd><a class="mono" href=here>{name}</a>{newer}</dd> })
    }
}

/// A page's address, and when the registry was asked.
type Newer = (String, Option<i64>);

/// What it is called there, the address of its page, and of the newer one's.
fn words(origin: &Origin) -> Option<(String, String, Option<Newer>)> {
    let (registry, repository) = (origin.registry.as_deref()?, origin.repository.as_deref()?);
    let page = |reference: &str| fill("/registries/{registry}/repositories/{repository}/images/{reference}", &[registry, repository, reference]);
    let tag = origin.tag.as_deref();
    let name = format!("{registry}/{repository}{}", tag.map(|tag| format!(":{tag}")).unwrap_or_default());
    let here = page(origin.digests.first().map(String::as_str).or(tag)?);
    let newer = origin.newer.as_ref().and(tag).map(|tag| (page(tag), origin.checked_at));
    Some((name, here, newer))
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::api::repositories::Origin;

    fn origin(newer: Option<&str>) -> Origin {
        Origin {
            image: "h:5000/team/app:1".into(),
            digests: vec!["sha256:aa".into()],
            registry: Some("reg".into()),
            repository: Some("team/app".into()),
            tag: Some("1".into()),
            newer: newer.map(Into::into),
            checked_at: Some(5),
        }
    }

    #[test]
    fn it_leads_to_the_image_that_runs_and_the_newer_one_to_its_tag() {
        let here = "/registries/reg/repositories/team%2Fapp/images/sha256%3Aaa".to_owned();
        assert_eq!(words(&origin(None)), Some(("reg/team/app:1".into(), here.clone(), None)));
        let newer = ("/registries/reg/repositories/team%2Fapp/images/1".to_owned(), Some(5));
        assert_eq!(words(&origin(Some("sha256:bb"))), Some(("reg/team/app:1".into(), here, Some(newer))));
    }

    #[test]
    fn what_came_from_nowhere_has_no_line() {
        assert_eq!(words(&Origin { registry: None, ..origin(None) }), None);
    }
}
