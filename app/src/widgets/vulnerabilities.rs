//! The known holes of an image, and where a vulnerable image runs: for the image's page.

use leptos::prelude::*;

use crate::api::vulnerabilities::{
    Affected, AffectedImage, AffectedList, AffectedQuery, ImageScan, Scan, ScanInput, Severity, SeverityCounts, Vulnerabilities, Vulnerability,
    VulnerabilityList,
};
use crate::api::{Empty, fill};
use crate::client::Client;
use crate::ui::format::{count, short_id};
use crate::ui::{Badge, Button, Card, EmptyState, Rows, SkeletonRows, Time, Tone, icons};

use super::{Loaded, use_act};

fn words(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Critical => ("critical", Tone::Bad),
        Severity::High => ("high", Tone::Bad),
        Severity::Medium => ("medium", Tone::Warn),
        Severity::Low => ("low", Tone::Neutral),
        Severity::Unknown => ("unknown", Tone::Neutral),
    }
}

/// What scanners found in an image. `digest` is the image's own.
#[component]
pub fn ImageVulnerabilities(#[prop(into)] registry: String, #[prop(into)] repository: String, #[prop(into)] digest: String) -> impl IntoView {
    let client = Client::get();
    let params = StoredValue::new([registry, repository, digest]);
    let known = Resource::new(
        || (),
        move |()| params.with_value(|[registry, repository, digest]| client.call::<VulnerabilityList>(&[registry, repository, digest], &Empty {})),
    );
    let asked = RwSignal::new(String::new());
    let act = use_act();
    let scan = move |attached: bool, done: &'static str| {
        params.with_value(|[registry, repository, digest]| {
            act.run::<ImageScan>(&[registry, repository, digest], &ScanInput { attached }, done, move |_| known.refetch());
        });
    };
    view! {
        <Loaded resource=known skeleton=|| view! { <SkeletonRows rows=4 columns=4/> } let:known>
            <Scans known=known/>
            <div class="row-actions">
                <Show when=move || known.with(|known| known.has_scanner)>
                    <Button label="Scan now" busy=act.busy() on_press=move |()| scan(false, "Scanned.")/>
                </Show>
                <Button label="Take attached reports" busy=act.busy() on_press=move |()| scan(true, "The attached reports are taken.")/>
            </div>
            <Holes known=known asked=asked/>
        </Loaded>
        <Where asked=asked/>
    }
    .into_any()
}

/// Who has scanned it, and what they counted.
#[component]
fn Scans(known: Signal<Vulnerabilities>) -> impl IntoView {
    let scans = Signal::derive(move || known.with(|known| known.scans.clone()));
    let none = Memo::new(move |_| scans.with(Vec::is_empty));
    view! {
        <Show when=move || !none.get() fallback=|| view! { <EmptyState icon=icons::LOCK title="Not scanned"
            detail=Signal::stored("Nobody has said what is known of this image. That is not to say that there is nothing.".to_owned())/> }>
            <ul class="plain-list">
                <Rows items=scans key=|scan: &Scan| scan.scanner.clone() row=move |scan| {
                    let scan = scan.get_untracked();
                    let more = (!scan.complete).then_some(" Not all of them are listed.");
                    view! {
                        <li>
                            <span class="mono">{scan.scanner}</span>" "<Counts counts=scan.counts/>" "<Time at=scan.at/>
                            <span class="sub">{format!("by {}", scan.by)}{more}</span>
                        </li>
                    }
                }/>
            </ul>
        </Show>
    }
    .into_any()
}

/// How many holes there are of each severity.
#[component]
fn Counts(counts: SeverityCounts) -> impl IntoView {
    let SeverityCounts { critical, high, medium, low, unknown } = counts;
    let each =
        [(Severity::Critical, critical), (Severity::High, high), (Severity::Medium, medium), (Severity::Low, low), (Severity::Unknown, unknown)];
    let shown: Vec<_> = each.into_iter().filter(|(_, number)| *number > 0).collect();
    if shown.is_empty() {
        return view! { <Badge text="nothing known" tone=Tone::Good/> }.into_any();
    }
    let badge = |(severity, number): (Severity, u32)| {
        let (name, tone) = words(severity);
        view! { <Badge text=format!("{number} {name}") tone=tone/> }
    };
    view! { <span class="badges">{shown.into_iter().map(badge).collect_view()}</span> }.into_any()
}

#[component]
fn Holes(known: Signal<Vulnerabilities>, asked: RwSignal<String>) -> impl IntoView {
    let items = Signal::derive(move || known.with(|known| known.items.iter().cloned().enumerate().collect::<Vec<_>>()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    view! {
        <Show when=move || any.get()>
            <div class="table-box" tabindex="0" role="region" aria-label="Known holes">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Hole"</th>
                            <th scope="col">"Severity"</th>
                            <th scope="col">"In"</th>
                            <th scope="col">"Gone in"</th>
                            <th scope="col">"Found by"</th>
                            <th scope="col">"Where"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|(n, hole): &(usize, Vulnerability)| format!("{}-{n}", hole.id)
                            row=move |hole| view! { <Hole hole=hole.get_untracked().1 asked=asked/> }/>
                    </tbody>
                </table>
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn Hole(hole: Vulnerability, asked: RwSignal<String>) -> impl IntoView {
    let Vulnerability { id, severity, package, version, fixed, title, scanner } = hole;
    let (name, tone) = words(severity);
    let pressed = id.clone();
    view! {
        <tr>
            <td class="main"><span class="name">{id}</span><span class="sub">{title}</span></td>
            <td data-label="Severity"><Badge text=name tone=tone/></td>
            <td data-label="In">{format!("{package} {version}")}</td>
            <td data-label="Gone in">{fixed.unwrap_or_else(|| "not yet".to_owned())}</td>
            <td data-label="Found by">{scanner}</td>
            <td data-label="Where"><Button label="Where it runs" on_press=move |()| asked.set(pressed.clone())/></td>
        </tr>
    }
    .into_any()
}

/// Which images have the hole that was asked for, and what runs of them.
#[component]
fn Where(asked: RwSignal<String>) -> impl IntoView {
    let client = Client::get();
    let affected = Resource::new(
        move || asked.get(),
        move |id| {
            // Nothing was asked for yet.
            let call = (!id.is_empty()).then(|| client.call::<AffectedList>(&[], &AffectedQuery { id }));
            async move {
                match call {
                    Some(call) => call.await,
                    None => Ok(Affected { items: Vec::new(), complete: true, silent_engines: Vec::new() }),
                }
            }
        },
    );
    let title = move || format!("Where {} is", asked.get());
    view! {
        <div hidden=move || asked.with(String::is_empty)>
            <Card>
                <h2>{title}</h2>
                <Loaded resource=affected skeleton=|| view! { <SkeletonRows rows=2 columns=2/> } let:affected>
                    <Images affected=affected/>
                </Loaded>
            </Card>
        </div>
    }
    .into_any()
}

#[component]
fn Images(affected: Signal<Affected>) -> impl IntoView {
    let items = Signal::derive(move || affected.with(|affected| affected.items.clone()));
    let silent = move || {
        affected.with(|affected| {
            let silent = affected.silent_engines.join(", ");
            (!silent.is_empty()).then(|| view! { <p class="muted">{format!("These engines did not answer: {silent}.")}</p> })
        })
    };
    let cut = move || affected.with(|affected| (!affected.complete).then(|| view! { <p class="muted">"There are more images with it."</p> }));
    view! {
        <ul class="plain-list">
            <Rows items=items key=|image: &AffectedImage| format!("{}/{}@{}", image.registry, image.repository, image.digest)
                row=move |image| view! { <OneImage image=image.get_untracked()/> }/>
        </ul>
        {silent}
        {cut}
    }
    .into_any()
}

#[component]
fn OneImage(image: AffectedImage) -> impl IntoView {
    let page = fill("/registries/{registry}/repositories/{repository}/images/{digest}", &[&image.registry, &image.repository, &image.digest]);
    let name = format!("{}/{} {}", image.registry, image.repository, short_id(&image.digest));
    let runs = match image.runs.len() {
        0 => "runs nowhere that you see".to_owned(),
        runs => format!("{} made from it", count(runs, "container")),
    };
    let container = |run: &crate::api::repositories::Run| {
        let page = fill("/on/{engine}/containers/{id}", &[&run.engine, &run.container]);
        view! { <li><a href=page>{format!("{} on {}", run.name, run.engine)}</a>" "<Badge text=run.state.clone()/></li> }
    };
    view! {
        <li>
            <a href=page>{name}</a>" "<span class="sub">{runs}</span>
            <ul class="plain-list">{image.runs.iter().map(container).collect_view()}</ul>
        </li>
    }
    .into_any()
}
