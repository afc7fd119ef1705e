//! How a registry frees what nothing refers to any more: retention takes names away, and space is freed elsewhere.

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::registry_retention::{BackendKind, RetentionStorage, StorageAdvice};
use crate::client::Client;
use crate::ui::{Card, CodeBlock, SkeletonText};
use crate::widgets::Loaded;

#[component]
pub(super) fn Storage(registry: String) -> impl IntoView {
    let client = Client::get();
    let advice = Resource::new(|| (), move |()| client.call::<RetentionStorage>(&[&registry], &Empty {}));
    view! {
        <Card title="Freeing the space">
            <p>"What is deleted cannot be pulled any more. The space of its layers is freed by the registry itself, as it does that:"</p>
            <Loaded resource=advice skeleton=|| view! { <SkeletonText lines=3/> } let:advice>
                <Advice advice=advice/>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Advice(advice: Signal<StorageAdvice>) -> impl IntoView {
    move || {
        match advice.with(|advice| advice.backend) {
        BackendKind::Distribution => view! { <Distribution/> }.into_any(),
        BackendKind::Harbor => view! {
            <p>
                "Harbor frees it by its garbage collection: \"Clean Up\" in its administration, by hand or by a schedule, or "
                <code>"POST /api/v2.0/system/gc/schedule"</code>
                ". It may go on meanwhile. What was deleted within the last two hours is left for the next time."
            </p>
        }
        .into_any(),
        BackendKind::Gitlab => view! {
            <p>
                "GitLab.com frees it by itself, within some days. A GitLab of your own does so by itself where its registry keeps its metadata in a \
                 database; else somebody runs "<code>"gitlab-ctl registry-garbage-collect"</code>" on its machine, which stops the registry meanwhile."
            </p>
        }
        .into_any(),
        BackendKind::Github => view! {
            <p>"GitHub frees it by itself. It does not let manifests be deleted by this way, but by its own API for packages: a run says so, and stops."</p>
        }
        .into_any(),
        BackendKind::DockerHub => view! {
            <p>"Docker Hub frees it by itself. It does not let manifests be deleted by this way, but on its own pages: a run says so, and stops."</p>
        }
        .into_any(),
        BackendKind::Ecr => view! { <p>"ECR frees it by itself, at once. It has lifecycle policies of its own, which know nothing of what runs here."</p> }.into_any(),
    }
    }
}

#[component]
fn Distribution() -> impl IntoView {
    view! {
        <p>
            "It frees nothing by itself. Somebody runs this on its machine, while it takes no pushes: stopped, or with "
            <code>"storage.maintenance.readonly.enabled: true"</code>" in its configuration. What is pushed meanwhile may be lost. \
             The first line only says what would go."
        </p>
        <CodeBlock text="registry garbage-collect --dry-run /etc/docker/registry/config.yml\nregistry garbage-collect /etc/docker/registry/config.yml"
            label="Lines for the shell of the registry's machine"/>
        <p>
            "Leave "<code>"--delete-untagged"</code>" out with versions before 3: it takes away the images of indexes that still have a tag. \
             It deletes only what its configuration allows: "<code>"storage.delete.enabled: true"</code>". Start it again afterwards, for what it remembers of layers."
        </p>
    }
    .into_any()
}
