//! Who is told at once when the trail has something that is looked for.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::search::Asked;
use crate::api::alerts::{
    Alert, AlertInput, AlertTried, AlertUpdateInput, AuditAlertCreate, AuditAlertDelete, AuditAlertList, AuditAlertTry, AuditAlertUpdate,
};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::format::{count, grouped};
use crate::ui::{Ask, Button, Callout, Checkbox, Confirm, Dialog, Kind, SkeletonText, StateDot, TextField, Time, Toasts, Tone, icons};
use crate::widgets::{FormProblem, GateButton, Loaded, Submit, use_act};

const MANAGE: &str = "system.audit.manage";

const SCOPES: &str = "Say all, labels of engines and registries such as env=prod or env=prod,site=a, engine/NAME, or registry/NAME. The trail does not say which project something was in.";

/// What is offered to begin with: what it is called and looks for, where, how often and within how many minutes.
const PRESETS: &[(&str, &str, &str, &str, &str)] = &[
    ("A denied exec on production", "permission:engine.container.exec outcome:denied", "env=prod", "1", "10"),
    ("Ten failed sign-ins within ten minutes", "operation:SignIn operation:PasskeySignIn operation:SecondFactor outcome:denied", "all", "10", "10"),
    ("A grant of admin", "operation:GrantCreate object:\"role admin on *\" outcome:ok", "all", "1", "10"),
];

/// An alert that is being written: a new one without an id.
#[derive(Clone, Default)]
struct Draft {
    id: Option<String>,
    name: String,
    query: String,
    scope: String,
    times: u32,
    minutes: u32,
    quiet: u32,
    webhook: Option<String>,
    mail: String,
    /// It began with what was being looked for.
    found: bool,
}

impl Draft {
    fn new(query: String) -> Self {
        Self { query, scope: "all".to_owned(), times: 1, minutes: 10, quiet: 15, ..Self::default() }
    }

    fn of(alert: &Alert) -> Self {
        Self {
            id: Some(alert.id.clone()),
            name: alert.name.clone(),
            query: alert.query.clone(),
            scope: alert.scope.clone(),
            times: alert.times,
            minutes: alert.minutes,
            quiet: alert.quiet,
            webhook: alert.webhook.clone(),
            mail: alert.mail.join(", "),
            found: false,
        }
    }
}

/// Where alerts are looked at and written: one dialog, which opens from two places.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    open: RwSignal<bool>,
    draft: RwSignal<Option<Draft>>,
}

impl Desk {
    pub fn new() -> Self {
        Self { open: RwSignal::new(false), draft: RwSignal::new(None) }
    }
}

/// The button that shows all alerts, and their dialog.
#[component]
pub(super) fn Alerts(desk: Desk) -> impl IntoView {
    let Desk { open, draft } = desk;
    Effect::new(move || {
        if !open.get() && draft.with_untracked(Option::is_some) {
            draft.set(None);
        }
    });
    let title = Signal::derive(move || {
        let words = draft.with(|draft| match draft {
            None => "Alerts",
            Some(draft) if draft.found => "Alert me about this",
            Some(draft) if draft.id.is_none() => "A new alert",
            Some(_) => "Change the alert",
        });
        words.to_owned()
    });
    view! {
        <Button label="Alerts" icon=icons::WARNING on_press=Callback::new(move |()| open.set(true))/>
        <Dialog open=open title=title wide=true>
            {move || match draft.get() {
                Some(draft) => view! { <Form draft=draft desk=desk/> }.into_any(),
                None => view! { <All desk=desk/> }.into_any(),
            }}
        </Dialog>
    }
    .into_any()
}

/// The button that makes an alert of what is being looked for.
#[component]
pub(super) fn AlertMe(desk: Desk, asked: Asked) -> impl IntoView {
    let begin = Callback::new(move |()| {
        let query = asked.typed.with_untracked(|typed| without_times(typed.trim()));
        desk.draft.set(Some(Draft { found: true, ..Draft::new(query) }));
        desk.open.set(true);
    });
    view! { <GateButton permission=MANAGE label="Alert me about this" icon=icons::WARNING on_press=begin/> }.into_any()
}

/// A search without its times: an alert looks at what comes.
fn without_times(query: &str) -> String {
    let is_time = |part: &&str| ["after:", "before:", "from:", "to:"].iter().any(|field| part.starts_with(field));
    query.split(' ').filter(|part| !is_time(part)).collect::<Vec<_>>().join(" ")
}

#[component]
fn All(desk: Desk) -> impl IntoView {
    let client = Client::get();
    let alerts = Resource::new(|| (), move |()| client.call::<AuditAlertList>(&[], &Empty {}));
    let again = Callback::new(move |()| alerts.refetch());
    let add = Callback::new(move |()| desk.draft.set(Some(Draft::new(String::new()))));
    view! {
        <p>
            "An alert tells somebody, by a webhook or by mail, as soon as the trail has something that it looks for. Nothing is lost while a receiver is away: \
             what it has not taken is sent again until it does."
        </p>
        <section class="card flush">
            <header class="card-head"><h2>"Alerts"</h2><small>"Who is told of what, and when they last were"</small></header>
            <Loaded resource=alerts skeleton=|| view! { <SkeletonText lines=3/> } let:page>
                <List page=page desk=desk again=again/>
            </Loaded>
        </section>
        <footer class="form-actions">
            <GateButton permission=MANAGE label="Add an alert" kind=Kind::Primary icon=icons::PLUS on_press=add/>
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
        </footer>
    }
    .into_any()
}

#[component]
fn List(page: Signal<Page<Alert>>, desk: Desk, again: Callback<()>) -> impl IntoView {
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let tried = RwSignal::new(None::<(String, AlertTried)>);
    let rows = move || {
        let alerts = page.get().items;
        if alerts.is_empty() {
            return view! { <p class="card-note">"There is no alert yet: nobody is told."</p> }.into_any();
        }
        let submit = submit.clone();
        let rows = alerts.into_iter().map(move |alert| view! { <Line alert=alert submit=submit.clone() desk=desk tried=tried again=again/> });
        view! { <ul class="plain-list alerts" aria-busy=move || busy.get().to_string()>{rows.collect_view()}</ul> }.into_any()
    };
    view! {
        {rows}
        <FormProblem problem=problem fields=&[]/>
    }
    .into_any()
}

#[component]
fn Line(alert: Alert, submit: Submit, desk: Desk, tried: RwSignal<Option<(String, AlertTried)>>, again: Callback<()>) -> impl IntoView {
    let (word, tone) = state(&alert);
    let draft = Draft::of(&alert);
    let (toasts, act, confirm) = (Toasts::get(), use_act(), Confirm::get());
    let (id, name, enabled) = (alert.id.clone(), alert.name.clone(), alert.enabled);
    let test = {
        let (submit, id) = (submit.clone(), id.clone());
        Callback::new(move |()| {
            let of = id.clone();
            submit.send::<AuditAlertTry>(&[&id], &Empty {}, move |answer| tried.set(Some((of, answer))));
        })
    };
    let switch = {
        let (id, name) = (id.clone(), name.clone());
        Callback::new(move |()| {
            let (name, input) = (name.clone(), AlertUpdateInput { enabled: Some(!enabled), ..AlertUpdateInput::default() });
            submit.send::<AuditAlertUpdate>(&[&id], &input, move |_| {
                toasts.ok(format!("Switched {name} {}.", if enabled { "off" } else { "on" }));
                again.run(());
            });
        })
    };
    let edit = Callback::new(move |()| desk.draft.set(Some(draft.clone())));
    let remove = {
        let (id, name) = (id.clone(), name.clone());
        Callback::new(move |()| {
            let ask =
                Ask::new(format!("Remove the alert {name}?"), "Remove").loses("Nobody is told any more of what it finds; what waits is not sent.");
            let (id, done) = (id.clone(), format!("Removed {name}."));
            confirm.ask(ask, move || act.run::<AuditAlertDelete>(&[&id], &Empty {}, done.clone(), move |_| again.run(())));
        })
    };
    let came = {
        let (id, name) = (id, name.clone());
        move || tried.get().filter(|(of, _)| *of == id).map(|(_, tried)| view! { <Tried name=name.clone() tried=tried/> })
    };
    let fired = match alert.fired_at {
        Some(at) => {
            let of = format!(", of {}", count(usize::try_from(alert.fired_records).unwrap_or(usize::MAX), "record"));
            view! { <span class="sub">"Fired "<Time at=Signal::stored(at)/>{of}</span> }.into_any()
        }
        None => view! { <span class="sub">"It has not fired yet."</span> }.into_any(),
    };
    let wrong = alert.error.clone().filter(|_| matches!(tone, Tone::Warn | Tone::Bad)).map(|why| view! { <span class="sub breaks">{why}</span> });
    let switch_label = format!("Switch {name} {}", if enabled { "off" } else { "on" });
    view! {
        <li>
            <div>
                <span class="name">{name.clone()}</span>" "<StateDot text=Signal::stored(word) tone=Signal::stored(tone)/>
                <span class="sub mono breaks">{finds(&alert)}</span>
                <span class="sub breaks">{rule(&alert)}</span>
                {fired}
                {wrong}
            </div>
            <div class="row-actions">
                <GateButton permission=MANAGE label=format!("Send a test of {name}") icon=icons::ACTIVITY icon_only=true on_press=test/>
                <GateButton permission=MANAGE label=format!("Edit {name}") icon=icons::EDIT icon_only=true on_press=edit/>
                <GateButton permission=MANAGE label=switch_label icon=if enabled { icons::PAUSE } else { icons::PLAY } icon_only=true on_press=switch/>
                <GateButton permission=MANAGE label=format!("Remove {name}") icon=icons::TRASH icon_only=true on_press=remove/>
            </div>
            <div class="alert-tried" role="status">{came}</div>
        </li>
    }
    .into_any()
}

/// What came of a test.
#[component]
fn Tried(name: String, tried: AlertTried) -> impl IntoView {
    let (tone, title) =
        if tried.ok { (Tone::Good, format!("The test of {name} arrived")) } else { (Tone::Bad, format!("The test of {name} did not arrive")) };
    let rows = tried.sent.into_iter().map(|sent| view! { <li class="breaks">{sent.to}": "{sent.message}</li> });
    view! { <Callout tone=tone title=title><ul>{rows.collect_view()}</ul></Callout> }.into_any()
}

/// How it stands, in words.
fn state(alert: &Alert) -> (String, Tone) {
    let failed_last = alert.error_at.is_some_and(|error| alert.sent_at.is_none_or(|sent| error > sent));
    if !alert.enabled {
        ("Off".to_owned(), Tone::Neutral)
    } else if alert.waiting > 0 && alert.error.is_some() && failed_last {
        (format!("{} not taken yet", grouped(alert.waiting)), Tone::Warn)
    } else if failed_last || (alert.error.is_some() && alert.error_at.is_none()) {
        ("Did not arrive".to_owned(), Tone::Bad)
    } else {
        ("On".to_owned(), Tone::Good)
    }
}

fn finds(alert: &Alert) -> String {
    if alert.query.is_empty() { "everything".to_owned() } else { alert.query.clone() }
}

/// When it fires, where, and who is told.
fn rule(alert: &Alert) -> String {
    let often = match alert.times {
        1 => "At each record".to_owned(),
        times => format!("At {} within {}", count(times as usize, "record"), count(alert.minutes as usize, "minute")),
    };
    let scope = if alert.scope == "all" { String::new() } else { format!(", on {}", alert.scope) };
    let places: Vec<&str> = alert.webhook.iter().map(String::as_str).chain(alert.mail.iter().map(String::as_str)).collect();
    format!("{often}{scope}; quiet for {}; to {}", count(alert.quiet as usize, "minute"), places.join(", "))
}

#[component]
fn Form(draft: Draft, desk: Desk) -> impl IntoView {
    let text = |text: String| RwSignal::new(text);
    let (name, query, scope) = (text(draft.name), text(draft.query), text(draft.scope));
    let (times, minutes, quiet) = (text(draft.times.to_string()), text(draft.minutes.to_string()), text(draft.quiet.to_string()));
    let (url, secret, mail, without) = (text(String::new()), text(String::new()), text(draft.mail), RwSignal::new(false));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let error = |field: &'static str| submit.error(field);
    let (name_error, query_error, scope_error) = (error("name"), error("query"), error("scope"));
    // The API's sentence offers projects, too, and those no alert takes.
    let scope_error = Signal::derive(move || scope_error.with(Option::is_some).then(|| SCOPES.to_owned()));
    let (times_error, minutes_error, quiet_error) = (error("times"), error("minutes"), error("quiet"));
    let (url_error, secret_error, mail_error) = (error("url"), error("secret"), error("mail"));
    let presets = draft.id.is_none().then(|| {
        let offered = PRESETS.iter().map(|(called, finds, on, often, within)| {
            let take = Callback::new(move |()| {
                for (field, value) in [(name, called), (query, finds), (scope, on), (times, often), (minutes, within)] {
                    field.set((*value).to_owned());
                }
            });
            view! { <Button label=*called on_press=take/> }
        });
        view! {
            <section class="begin-with" aria-labelledby="begin-with">
                <h3 id="begin-with">"Begin with"</h3>
                <div class="form-actions">{offered.collect_view()}</div>
            </section>
        }
    });
    let had = draft.webhook.is_some();
    let hint = match &draft.webhook {
        Some(at) => format!("It is at {at}. Leave this empty to keep it; another address needs another secret."),
        None => "https://, or http:// to this very machine. It is not shown again.".to_owned(),
    };
    let label = if draft.id.is_some() { "Change it" } else { "Add the alert" };
    let id = draft.id;
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let said = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        let given = |field: RwSignal<String>| Some(said(field)).filter(|text| !text.is_empty());
        // What is no number is none that an alert takes, and the server says so.
        let number = |field: RwSignal<String>| Some(said(field).parse().unwrap_or(u32::MAX));
        let addresses: Vec<String> = mail.get_untracked().split([',', ';', ' ', '\n']).filter(|text| !text.is_empty()).map(str::to_owned).collect();
        let secret = Some(secret.get_untracked()).filter(|secret| !secret.is_empty());
        let done = move |alert: Alert, did: &str| {
            toasts.ok(format!("{did} {}.", alert.name));
            desk.draft.set(None);
        };
        match &id {
            None => {
                let input = AlertInput {
                    name: said(name),
                    query: said(query),
                    scope: given(scope),
                    times: number(times),
                    minutes: number(minutes),
                    quiet: number(quiet),
                    url: given(url),
                    secret,
                    mail: addresses,
                };
                submit.send::<AuditAlertCreate>(&[], &input, move |alert| done(alert, "Added"));
            }
            Some(id) => {
                let input = AlertUpdateInput {
                    name: Some(said(name)),
                    query: Some(said(query)),
                    scope: Some(given(scope).unwrap_or_else(|| "all".to_owned())),
                    times: number(times),
                    minutes: number(minutes),
                    quiet: number(quiet),
                    url: if without.get_untracked() { Some(String::new()) } else { given(url) },
                    secret: secret.filter(|_| !without.get_untracked()),
                    mail: Some(addresses),
                    enabled: None,
                };
                submit.send::<AuditAlertUpdate>(&[id], &input, move |alert| done(alert, "Changed"));
            }
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            {presets}
            <TextField label="Name" name="name" value=name autofocus=true autocomplete="off" placeholder="Denied on production" error=name_error/>
            <TextField label="What it looks for" name="query" value=query required=false mono=true autocomplete="off" placeholder="outcome:denied" error=query_error
                hint="As in the search, without times. Left empty, it finds everything."/>
            <TextField label="On" name="scope" value=scope required=false mono=true autocomplete="off" placeholder="env=prod" error=scope_error
                hint="all, labels of engines and registries such as env=prod, engine/NAME, or registry/NAME."/>
            <TextField label="Records until it fires" name="times" value=times kind="number" autocomplete="off" error=times_error/>
            <TextField label="Within minutes" name="minutes" value=minutes kind="number" autocomplete="off" error=minutes_error/>
            <TextField label="Then quiet for minutes" name="quiet" value=quiet kind="number" autocomplete="off" error=quiet_error
                hint="What is found meanwhile is told of behind them, together."/>
            <TextField label="Mail to" name="mail" value=mail required=false autocomplete="off" placeholder="ops@example.com" error=mail_error
                hint="Addresses, with commas between them."/>
            <TextField label="Webhook" name="url" value=url required=false mono=true autocomplete="off" placeholder="https://hooks.example/alerts" error=url_error hint=hint/>
            <TextField label="Its secret" name="secret" value=secret kind="password" required=false autocomplete="off" error=secret_error
                hint="What its messages are signed with: 16 characters at least. It is never shown again."/>
            {had.then(|| view! { <Checkbox label="No webhook any more" checked=without/> })}
            <FormProblem problem=problem fields=&["name", "query", "scope", "times", "minutes", "quiet", "url", "secret", "mail"]/>
            <footer class="form-actions">
                <Button label=label kind=Kind::Primary submit=true busy=busy/>
                <Button label="Back to all alerts" on_press=Callback::new(move |()| desk.draft.set(None))/>
            </footer>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert() -> Alert {
        Alert {
            id: "a".to_owned(),
            name: "Denied".to_owned(),
            query: String::new(),
            scope: "all".to_owned(),
            times: 1,
            minutes: 10,
            quiet: 15,
            webhook: Some("https://hooks.example".to_owned()),
            mail: vec!["ops@example.com".to_owned()],
            enabled: true,
            created_at: 0,
            created_by: "ana".to_owned(),
            fired_at: None,
            fired_records: 0,
            waiting: 0,
            sent_at: None,
            error: None,
            error_at: None,
        }
    }

    #[test]
    fn what_it_said_last_counts() {
        let failed = Alert { error: Some("away".to_owned()), error_at: Some(2), ..alert() };
        assert_eq!(state(&alert()).1, Tone::Good);
        assert_eq!(state(&Alert { waiting: 1, ..failed.clone() }), ("1 not taken yet".to_owned(), Tone::Warn));
        assert_eq!(state(&failed).1, Tone::Bad);
        assert_eq!(state(&Alert { sent_at: Some(3), ..failed.clone() }).1, Tone::Good);
        assert_eq!(state(&Alert { enabled: false, ..failed }).1, Tone::Neutral);
    }

    #[test]
    fn it_says_when_it_fires_and_who_is_told() {
        assert_eq!(rule(&alert()), "At each record; quiet for 15 minutes; to https://hooks.example, ops@example.com");
        let often = Alert { times: 10, minutes: 1, scope: "env=prod".to_owned(), mail: Vec::new(), ..alert() };
        assert_eq!(rule(&often), "At 10 records within 1 minute, on env=prod; quiet for 15 minutes; to https://hooks.example");
        assert_eq!(without_times("user:ana after:2d outcome:denied before:2026-11-01"), "user:ana outcome:denied");
    }
}
