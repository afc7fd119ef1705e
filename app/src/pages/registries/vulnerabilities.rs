//! What scanners know of an image, and where a vulnerable image runs.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::vulnerabilities::{
    Affected, AffectedImage, AffectedList, AffectedQuery, ImageScan, Scan, ScanInput, Severity, SeverityCounts, Vulnerabilities, Vulnerability,
    VulnerabilityList,
};
use crate::api::{Empty, Problem, fill};
use crate::client::Client;
use crate::ui::format::{count, short_id};
use crate::ui::{Badge, Button, Callout, EmptyState, Kind, Rows, SkeletonRows, Time, Tone, icons};
use crate::widgets::{Later, ProblemView, Within, use_act, use_me};

fn words(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Critical => ("critical", Tone::Bad),
        Severity::High => ("high", Tone::Bad),
        Severity::Medium => ("medium", Tone::Warn),
        Severity::Low => ("low", Tone::Neutral),
        Severity::Unknown => ("unknown", Tone::Neutral),
    }
}

/// What scanners found in an image. `digest` is the image's own. Asked for by the browser alone, when the page is there: the registry is
/// asked whether it has it.
#[component]
pub(super) fn ImageVulnerabilities(#[prop(into)] registry: String, #[prop(into)] repository: String, #[prop(into)] digest: String) -> impl IntoView {
    let client = Client::get();
    let reason = Signal::stored(use_me().cannot_change(&["registry.repository.scan"], Within::Repository(&registry, &repository)));
    let params = StoredValue::new([registry, repository, digest]);
    let ask =
        move || params.with_value(|[registry, repository, digest]| client.call::<VulnerabilityList>(&[registry, repository, digest], &Empty {}));
    let found = Later::new(ask);
    let asked = RwSignal::new(String::new());
    let act = use_act();
    let scan = Callback::new(move |attached: bool| {
        let done = if attached { "The attached reports are taken." } else { "Scanned." };
        params.with_value(|[registry, repository, digest]| {
            act.run::<ImageScan>(&[registry, repository, digest], &ScanInput { attached }, done, move |known| found.set(known));
        });
    });
    let shown = move || match found.get() {
        None => view! { <SkeletonRows rows=2 columns=4/> }.into_any(),
        Some(Err(problem)) => view! { <ProblemView problem=problem retry=found.retry()/> }.into_any(),
        Some(Ok(known)) => view! { <Known known=Signal::stored(known) busy=act.busy() reason=reason scan=scan asked=asked/> }.into_any(),
    };
    view! {
        <div class="stack">
            {shown}
            <Where asked=asked/>
        </div>
    }
    .into_any()
}

#[component]
fn Known(
    known: Signal<Vulnerabilities>,
    busy: Signal<bool>,
    reason: Signal<Option<String>>,
    scan: Callback<bool>,
    asked: RwSignal<String>,
) -> impl IntoView {
    let has_scanner = known.with_untracked(|known| known.has_scanner);
    view! {
        <Scans known=known/>
        <div class="row-actions">
            {has_scanner.then(|| view! {
                <Button label="Scan now" icon=icons::SEARCH reason=reason busy=busy on_press=Callback::new(move |()| scan.run(false))/>
            })}
            <Button label="Take attached reports" icon=icons::DOWNLOAD reason=reason busy=busy on_press=Callback::new(move |()| scan.run(true))/>
        </div>
        <Holes known=known asked=asked/>
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
            <div class="table-box bare" tabindex="0" role="region" aria-label="Known vulnerabilities">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Vulnerability"</th>
                            <th scope="col">"Severity"</th>
                            <th scope="col">"In"</th>
                            <th scope="col">"Gone in"</th>
                            <th scope="col">"Found by"</th>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
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
    let (pressed, label) = (id.clone(), format!("Where {id} is"));
    view! {
        <tr>
            <td class="main"><span class="name">{id}</span><span class="sub">{title}</span></td>
            <td data-label="Severity"><Badge text=name tone=tone/></td>
            <td data-label="In">{format!("{package} {version}")}</td>
            <td data-label="Gone in">{fixed.unwrap_or_else(|| "not yet".to_owned())}</td>
            <td data-label="Found by">{scanner}</td>
            <td class="actions"><Button label=label kind=Kind::Quiet icon=icons::SEARCH icon_only=true on_press=Callback::new(move |()| asked.set(pressed.clone()))/></td>
        </tr>
    }
    .into_any()
}

/// Which images have the hole that was asked for, and what runs of them.
#[component]
fn Where(asked: RwSignal<String>) -> impl IntoView {
    let client = Client::get();
    let found = RwSignal::new(None::<Result<Affected, Problem>>);
    let again = RwSignal::new(0_u32);
    Effect::new(move || {
        again.track();
        let id = asked.get();
        found.set(None);
        // Nothing was asked for yet.
        if id.is_empty() {
            return;
        }
        let call = client.call::<AffectedList>(&[], &AffectedQuery { id: id.clone() });
        spawn_local(async move {
            let answer = call.await;
            // Another one may have been asked for by now.
            if asked.try_get_untracked() == Some(id) {
                let _ = found.try_set(Some(answer));
            }
        });
    });
    let shown = move || match found.get() {
        None => view! { <SkeletonRows rows=2 columns=2/> }.into_any(),
        Some(Err(problem)) => view! { <ProblemView problem=problem retry=Callback::new(move |()| again.update(|n| *n += 1))/> }.into_any(),
        Some(Ok(affected)) => view! { <Images affected=Signal::stored(affected)/> }.into_any(),
    };
    let any = Memo::new(move |_| asked.with(|id| !id.is_empty()));
    view! {
        <div role="status">
            <Show when=move || any.get()>
                <section class="stack">
                    <h3>{move || format!("Where {} is", asked.get())}</h3>
                    {shown}
                </section>
            </Show>
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
            (!silent.is_empty()).then(|| {
                view! { <Callout tone=Tone::Warn title="Not all engines answered">{format!("What runs on {silent} is not known.")}</Callout> }
            })
        })
    };
    let none = move || items.with(Vec::is_empty).then(|| view! { <p class="none">"No image that you may pull is known to have it."</p> });
    let cut = move || affected.with(|affected| (!affected.complete).then(|| view! { <p class="muted">"There are more images with it."</p> }));
    view! {
        {none}
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
