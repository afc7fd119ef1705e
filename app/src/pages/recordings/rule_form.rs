//! The form that makes a rule, or changes one.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::recordings::{Record, RecordingRule, RecordingRuleCreate, RecordingRuleInput, RecordingRuleUpdate, RecordingRuleUpdateInput};
use crate::ui::choice::{Choice, Offer};
use crate::ui::{Button, Card, Checkbox, Kind, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Submit};

const RECORDS: &[Offer] = &[
    ("always", "Always", "Terminals there are recorded."),
    ("never", "Never", "Nothing is kept of what passes through them. The audit trail still says that they were opened."),
];

#[component]
pub(super) fn RuleForm(editing: RwSignal<Option<RecordingRule>>, after: Callback<()>) -> impl IntoView {
    let (scope, record) = (RwSignal::new(String::new()), RwSignal::new("always".to_owned()));
    let (strict, input) = (RwSignal::new(false), RwSignal::new(false));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let fill = move |rule: Option<&RecordingRule>| {
        scope.set(rule.map(|rule| rule.scope.clone()).unwrap_or_default());
        record.set(if rule.is_some_and(|rule| rule.record == Record::Never) { "never" } else { "always" }.to_owned());
        strict.set(rule.is_some_and(|rule| rule.strict));
        input.set(rule.is_some_and(|rule| rule.input));
        problem.set(None);
    };
    Effect::new(move |_| editing.with(|rule| untrack(|| fill(rule.as_ref()))));
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let chosen = if record.with_untracked(|record| record == "never") { Record::Never } else { Record::Always };
            let (scope, strict, input) = (scope.with_untracked(|scope| scope.trim().to_owned()), strict.get_untracked(), input.get_untracked());
            let done = move |rule: RecordingRule| {
                toasts.ok(format!("The rule for {} is in force.", rule.scope));
                editing.set(None);
                // Where nothing was being changed nothing has changed, so it is emptied here.
                fill(None);
                after.run(());
            };
            match editing.get_untracked() {
                Some(rule) => {
                    let update = RecordingRuleUpdateInput { scope: Some(scope), record: Some(chosen), strict: Some(strict), input: Some(input) };
                    submit.send::<RecordingRuleUpdate>(&[&rule.id], &update, done);
                }
                None => submit.send::<RecordingRuleCreate>(&[], &RecordingRuleInput { scope, record: chosen, strict, input }, done),
            }
        }
    };
    let scope_error = submit.error("scope");
    let changes = Memo::new(move |_| editing.with(Option::is_some));
    let label = Signal::derive(move || if changes.get() { "Save" } else { "Make the rule" }.to_owned());
    let cancel = Callback::new(move |()| editing.set(None));
    view! {
        <form method="post" class="form recording-rule" on:submit=send>
            <Card title="A rule">
                <TextField label="Where" name="rule-scope" value=scope mono=true autocomplete="off" placeholder="env=prod" error=scope_error
                    hint="all, engine/NAME, engine/NAME/project/PROJECT, or labels of engines such as env=prod."/>
                <Choice label="Recorded" name="rule-record" value=record options=RECORDS/>
                <Show when=move || record.with(|record| record == "always")>
                    <Checkbox label="No session without a recording" checked=strict
                        hint="Where it cannot be written nothing is started, and what runs ends. Otherwise the session goes on, and the recording says what is missing."/>
                    <Checkbox label="Keep what is typed too" checked=input
                        hint="Passwords as well. Without it, only what the program shows is kept."/>
                </Show>
            </Card>
            <FormProblem problem=problem fields=&["scope"]/>
            <footer class="form-actions">
                <Button label=label kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                <Show when=move || changes.get()><Button label="Cancel" on_press=cancel/></Show>
            </footer>
        </form>
    }
    .into_any()
}
