//! The page with what a registry is bound by, whoever asks: tags that stay, quotas, limits; and who is told.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::hooks::Hooks;
use super::rules_form::RulesForm;
use super::tabs::{RULES, RegistryTabs, refused};
use crate::api::registry_rules::{QuotaCountInput, QuotaUse, RegistryQuotaCount, RegistryRulesGet, RegistryRulesShown};
use crate::api::{Empty, Problem};
use crate::client::Client;
use crate::ui::format::{bytes, grouped};
use crate::ui::{Button, PageHead, SkeletonText, StateDot, Time, Toasts, Tone, icons, meter::Meter};
use crate::widgets::{FormProblem, Loaded, Submit, Within, use_me};

pub(super) type Read = Resource<Result<RegistryRulesShown, Problem>>;

#[component]
pub fn RegistryRulesPage() -> impl IntoView {
    let params = use_params_map();
    let registry = Memo::new(move |_| params.with(|params| params.get("registry")).unwrap_or_default());
    move || view! { <Page registry=registry.get()/> }
}

/// Why the rules of this registry cannot be changed here, if they cannot.
pub(super) fn lacks(registry: &str) -> Signal<Option<String>> {
    Signal::stored(use_me().cannot_change(&["registry.rules.manage"], Within::Whole(registry)))
}

#[component]
fn Page(registry: String) -> impl IntoView {
    let title = format!("Rules of {registry}");
    let about = "They bind everybody, administrators too, at the door and in the console.".to_owned();
    let parts =
        refused(use_me().cannot_see(&[RULES], Within::Whole(&registry))).unwrap_or_else(|| view! { <Parts registry=registry.clone()/> }.into_any());
    view! {
        <PageHead title=title back=("/registries".to_owned(), "Registries".to_owned()) about=Signal::stored(about)/>
        <RegistryTabs registry=registry/>
        {parts}
    }
    .into_any()
}

#[component]
fn Parts(registry: String) -> impl IntoView {
    let client = Client::get();
    let rules: Read = {
        let registry = registry.clone();
        Resource::new(|| (), move |()| client.call::<RegistryRulesGet>(&[&registry], &Empty {}))
    };
    let (of_rules, of_hooks) = (registry.clone(), registry);
    view! {
        <Loaded resource=rules skeleton=|| view! { <SkeletonText lines=12/> } let:shown>
            <Used registry=of_rules.clone() shown=shown read=rules/>
            <RulesForm registry=of_rules.clone() shown=shown read=rules/>
        </Loaded>
        <Hooks registry=of_hooks/>
    }
    .into_any()
}

/// How much of each quota is used.
#[component]
fn Used(registry: String, shown: Signal<RegistryRulesShown>, read: Read) -> impl IntoView {
    let any = Memo::new(move |_| shown.with(|shown| !shown.uses.is_empty()));
    let registry = StoredValue::new(registry);
    let lines = move || {
        let RegistryRulesShown { rules, uses } = shown.get();
        let lines = rules.quotas.into_iter().zip(uses).map(|(quota, used)| {
            view! { <Line registry=registry.get_value() bytes_at_most=quota.bytes tags_at_most=quota.tags used=used read=read/> }
        });
        lines.collect_view()
    };
    view! {
        <Show when=move || any.get()>
            <section class="card flush">
                <header class="card-head"><h2>"How full it is"</h2><small>"Each blob once, and each tag"</small></header>
                <ul class="plain-list alerts">{lines}</ul>
            </section>
        </Show>
    }
    .into_any()
}

/// How much of how much, from 0 to 1; what may hold nothing is full.
fn share(used: u64, most: u64) -> f64 {
    if most == 0 { 1.0 } else { used as f64 / most as f64 }
}

#[component]
fn Line(registry: String, bytes_at_most: Option<u64>, tags_at_most: Option<u64>, used: QuotaUse, read: Read) -> impl IntoView {
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let reason = lacks(&registry);
    let name = if used.prefix.is_empty() { registry.clone() } else { format!("{registry}/{}", used.prefix) };
    let size = bytes_at_most.map(|most| {
        let text = format!("{} of {}", bytes(used.bytes), bytes(most));
        view! { <Meter share=Signal::stored(share(used.bytes, most)) text=Signal::stored(text) label=Signal::stored(format!("Bytes of {name}"))/> }
    });
    let tags = tags_at_most.map(|most| {
        let text = format!("{} of {} tags", grouped(used.tags), grouped(most));
        view! { <Meter share=Signal::stored(share(used.tags, most)) text=Signal::stored(text) label=Signal::stored(format!("Tags of {name}"))/> }
    });
    let counted = match used.counted_at {
        Some(at) => view! { <span class="sub">"Counted "<Time at=Signal::stored(at)/></span> }.into_any(),
        None => {
            let text = Signal::stored("What was there before is not counted yet".to_owned());
            view! { <StateDot text=text tone=Signal::stored(Tone::Warn)/> }.into_any()
        }
    };
    let count = Callback::new(move |()| {
        let input = QuotaCountInput { prefix: used.prefix.clone() };
        submit.send::<RegistryQuotaCount>(&[&registry], &input, move |counted| {
            match counted.problem {
                None => toasts.ok("It is counted."),
                Some(why) => toasts.failed("Not all of it was counted.", Some(why)),
            }
            read.refetch();
        });
    });
    view! {
        <li>
            <div><span class="name">{name}</span>{size}{tags}{counted}</div>
            <div class="row-actions"><Button label="Count what is there" icon=icons::REFRESH reason=reason busy=busy on_press=count/></div>
            <FormProblem problem=problem fields=&[]/>
        </li>
    }
    .into_any()
}
