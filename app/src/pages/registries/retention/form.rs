//! The form that makes a rule, or changes one.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::words::{place, weekdays};
use crate::api::registry_retention::{
    Every, KEEPS_NOTHING, Keep, RetentionRule, RetentionRuleCreate, RetentionRuleInput, RetentionRuleUpdate, Schedule,
};
use crate::ui::{Button, Card, Checkbox, Kind, Select, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Submit};

const FIELDS: &[&str] = &["prefix", "keep.newest", "keep.patterns", "keep.younger_days", "keep.pulled_days", "schedule"];

/// What is being typed.
#[derive(Clone, Copy)]
struct Draft {
    prefix: RwSignal<String>,
    newest: RwSignal<String>,
    patterns: RwSignal<String>,
    younger: RwSignal<String>,
    pulled: RwSignal<String>,
    every: RwSignal<String>,
    weekday: RwSignal<String>,
    hour: RwSignal<String>,
    /// That it keeps nothing of itself is meant.
    nothing: RwSignal<bool>,
}

impl Draft {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (prefix, newest, patterns, younger, pulled) = (text(), text(), text(), text(), text());
        Self { prefix, newest, patterns, younger, pulled, every: text(), weekday: text(), hour: text(), nothing: RwSignal::new(false) }
    }

    fn fill(&self, rule: Option<&RetentionRule>) {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let keep = rule.map(|rule| rule.keep.clone()).unwrap_or_default();
        let schedule = rule.map(|rule| rule.schedule).unwrap_or_default();
        self.prefix.set(rule.map(|rule| rule.prefix.clone()).unwrap_or_default());
        self.newest.set(number(keep.newest));
        self.patterns.set(keep.patterns.join(" "));
        self.younger.set(number(keep.younger_days));
        self.pulled.set(number(keep.pulled_days));
        let every = match schedule.every {
            Every::Never => "never",
            Every::Day => "day",
            Every::Week => "week",
        };
        self.every.set(every.to_owned());
        self.weekday.set(schedule.weekday.to_string());
        self.hour.set(schedule.hour.to_string());
        self.nothing.set(rule.is_some_and(|rule| rule.keep.is_nothing()));
    }

    fn keep(&self) -> Keep {
        // What is no number is none that a rule takes, and the server says so.
        let number = |text: RwSignal<String>| text.with(|text| (!text.trim().is_empty()).then(|| text.trim().parse().unwrap_or(0)));
        let patterns = self.patterns.with(|text| text.split_whitespace().map(str::to_owned).collect());
        Keep { newest: number(self.newest), patterns, younger_days: number(self.younger), pulled_days: number(self.pulled) }
    }

    fn input(&self) -> RetentionRuleInput {
        let every = self.every.with_untracked(|every| match every.as_str() {
            "day" => Every::Day,
            "week" => Every::Week,
            _ => Every::Never,
        });
        let number = |text: RwSignal<String>| text.with_untracked(|text| text.trim().parse().unwrap_or(u8::MAX));
        let (weekday, hour) = match every {
            Every::Never => (0, 0),
            Every::Day => (0, number(self.hour)),
            Every::Week => (number(self.weekday), number(self.hour)),
        };
        RetentionRuleInput {
            prefix: self.prefix.with_untracked(|prefix| prefix.trim().trim_matches('/').to_owned()),
            keep: untrack(|| self.keep()),
            schedule: Schedule { every, weekday, hour },
            sentence: self.nothing.get_untracked().then(|| KEEPS_NOTHING.to_owned()),
        }
    }
}

fn schedules() -> Vec<(String, String)> {
    let one = |key: &str, words: &str| (key.to_owned(), words.to_owned());
    vec![one("never", "When somebody runs it"), one("day", "Every day"), one("week", "Every week")]
}

#[component]
pub(super) fn RuleForm(registry: String, editing: RwSignal<Option<RetentionRule>>, after: Callback<()>) -> impl IntoView {
    let draft = Draft::new();
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    Effect::new(move |_| {
        editing.with(|rule| untrack(|| draft.fill(rule.as_ref())));
        problem.set(None);
    });
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let done = move |rule: RetentionRule| {
                toasts.ok(format!("The rule for {} is kept.", place(&rule.prefix)));
                editing.set(None);
                // Where nothing was being changed nothing has changed, so it is emptied here.
                draft.fill(None);
                after.run(());
            };
            match editing.get_untracked() {
                Some(rule) => submit.send::<RetentionRuleUpdate>(&[&registry, &rule.id], &draft.input(), done),
                None => submit.send::<RetentionRuleCreate>(&[&registry], &draft.input(), done),
            }
        }
    };
    let [prefix, newest, patterns, younger, pulled, schedule] =
        ["prefix", "keep.newest", "keep.patterns", "keep.younger_days", "keep.pulled_days", "schedule"].map(|name| submit.error(name));
    let changes = Memo::new(move |_| editing.with(Option::is_some));
    let label = Signal::derive(move || if changes.get() { "Save the rule" } else { "Make the rule" }.to_owned());
    let cancel = Callback::new(move |()| editing.set(None));
    let is_nothing = Memo::new(move |_| draft.keep().is_nothing());
    let every = draft.every;
    view! {
        <form method="post" class="form" on:submit=send>
            <Card title="A rule">
                <TextField label="Repositories" name="retention-prefix" value=draft.prefix required=false mono=true autocomplete="off"
                    placeholder="team/app" error=prefix hint="The repository of this name and those below it. Left empty, all of the registry."/>
                <TextField label="Keep the newest" name="retention-newest" value=draft.newest required=false autocomplete="off" placeholder="20"
                    error=newest hint="So many tags of each repository, by when they were pushed, or the image was made."/>
                <TextField label="Keep tags like" name="retention-patterns" value=draft.patterns required=false mono=true autocomplete="off"
                    placeholder="latest v*.*" error=patterns hint="With spaces between. * is any text, ? is one character."/>
                <TextField label="Keep what is younger than, in days" name="retention-younger" value=draft.younger required=false autocomplete="off"
                    placeholder="30" error=younger/>
                <TextField label="Keep what was pulled within, in days" name="retention-pulled" value=draft.pulled required=false autocomplete="off"
                    placeholder="90" error=pulled hint="Through Pilothouse, as the audit trail has it. Where the trail does not reach back so far, everything stays."/>
                <Select label="Run it" name="retention-every" value=draft.every options=Signal::stored(schedules()) error=schedule
                    hint="By its schedule it deletes without a question, so you need the right to delete there."/>
                <Show when=move || every.with(|every| every == "week")>
                    <Select label="On" name="retention-weekday" value=draft.weekday options=Signal::stored(weekdays())/>
                </Show>
                <Show when=move || every.with(|every| every == "day" || every == "week")>
                    <TextField label="At the hour, in UTC" name="retention-hour" value=draft.hour autocomplete="off" placeholder="3"/>
                </Show>
                <Show when=move || is_nothing.get()>
                    <Checkbox label=KEEPS_NOTHING checked=draft.nothing hint="Nothing above says what to keep. Is that meant?"/>
                </Show>
            </Card>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions">
                <Button label=label kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                <Show when=move || changes.get()><Button label="Cancel" on_press=cancel/></Show>
            </footer>
        </form>
    }
    .into_any()
}
