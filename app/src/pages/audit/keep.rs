//! How long records are kept, and what is held whatever the rules say.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::audit::{AuditRuleApply, AuditRuleCreate, AuditRuleDelete, AuditRuleList, KeepRule, KeepRuleInput};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Ask, Button, Confirm, Dialog, Kind, SkeletonText, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Loaded, Submit, use_me};

#[component]
pub(super) fn Keep() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Button label="Retention" icon=icons::CLOCK on_press=Callback::new(move |()| open.set(true))/>
        <Dialog open=open title="How long records are kept" wide=true>
            <Rules/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Rules() -> impl IntoView {
    let client = Client::get();
    let rules = Resource::new(|| (), move |()| client.call::<AuditRuleList>(&[], &Empty {}));
    let again = Callback::new(move |()| rules.refetch());
    let may = use_me().may("system.audit.manage", None);
    view! {
        <p>
            "Without a rule everything is kept. A rule lets go what it finds after so many days; of several that find the same, the longest counts. \
             A hold keeps what it finds, whatever the rules say. Of what goes the place in the chain stays, so that the chain still proves what is left; \
             and each time the trail says how many records went, and by which rule."
        </p>
        <Loaded resource=rules skeleton=|| view! { <SkeletonText lines=3/> } let:page>
            <List page=page again=again/>
        </Loaded>
        {may.then(|| view! { <Add again=again/> })}
        <Apply/>
    }
    .into_any()
}

#[component]
fn List(page: Signal<Page<KeepRule>>, again: Callback<()>) -> impl IntoView {
    let submit = Submit::new();
    let problem = submit.problem;
    let rows = move || {
        let rules = page.get().items;
        if rules.is_empty() {
            return view! { <p class="muted">"There is no rule: everything is kept."</p> }.into_any();
        }
        let submit = submit.clone();
        let rows = rules.into_iter().map(move |rule| {
            let how = rule.days.map_or_else(|| "held".to_owned(), |days| format!("kept for {}", count(days as usize, "day")));
            let finds = if rule.query.is_empty() { "everything".to_owned() } else { rule.query };
            let (submit, id, label) = (submit.clone(), rule.id, format!("Remove {}", rule.name));
            let remove = Callback::new(move |()| submit.send::<AuditRuleDelete>(&[&id], &Empty {}, move |_| again.run(())));
            view! {
                <li>
                    <span>{rule.name}": "{how}<span class="sub mono">{finds}</span></span>
                    <GateButton permission="system.audit.manage" label=label icon=icons::TRASH icon_only=true on_press=remove/>
                </li>
            }
        });
        view! { <ul class="plain-list">{rows.collect_view()}</ul> }.into_any()
    };
    view! { {rows}<FormProblem problem=problem fields=&[]/> }.into_any()
}

#[component]
fn Add(again: Callback<()>) -> impl IntoView {
    let (name, query, days) = (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, query_error, days_error) = (submit.error("name"), submit.error("query"), submit.error("days"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let text = days.get_untracked();
        // What is no number is none that a rule takes, and the server says so.
        let wanted = if text.trim().is_empty() { None } else { Some(text.trim().parse().unwrap_or(0)) };
        let input = KeepRuleInput { name: name.get_untracked().trim().to_owned(), query: query.get_untracked().trim().to_owned(), days: wanted };
        submit.send::<AuditRuleCreate>(&[], &input, move |rule| {
            toasts.ok(format!("Added {}.", rule.name));
            for field in [name, query, days] {
                field.set(String::new());
            }
            again.run(());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <TextField label="Name" name="name" value=name autocomplete="off" placeholder="Plain reads" error=name_error/>
            <TextField label="What it finds" name="query" value=query required=false mono=true autocomplete="off" placeholder="change:no" error=query_error
                hint="As in the search, without times. Left empty, it finds everything."/>
            <TextField label="Days" name="days" value=days required=false autocomplete="off" placeholder="30" error=days_error
                hint="Leave it empty to hold what it finds."/>
            <FormProblem problem=problem fields=&["name", "query", "days"]/>
            <footer class="form-actions"><Button label="Add the rule" kind=Kind::Primary submit=true busy=busy/></footer>
        </form>
    }
    .into_any()
}

#[component]
fn Apply() -> impl IntoView {
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let confirm = Confirm::get();
    let apply = Callback::new(move |()| {
        let submit = submit.clone();
        let ask = Ask::new("Apply the rules now?", "Apply the rules").loses("What no rule keeps any longer is removed from the trail for good.");
        confirm.ask(ask, move || {
            submit.send::<AuditRuleApply>(&[], &Empty {}, move |gone| match gone.records {
                0 => toasts.ok("The rules let nothing go now."),
                records => toasts.ok(format!("{} went.", count(usize::try_from(records).unwrap_or(usize::MAX), "record"))),
            });
        });
    });
    view! {
        <footer class="form-actions apply">
            <GateButton permission="system.audit.manage" label="Apply the rules now" busy=busy on_press=apply/>
            <span class="muted">"It happens by itself once a day."</span>
        </footer>
        <FormProblem problem=problem fields=&[]/>
    }
    .into_any()
}
