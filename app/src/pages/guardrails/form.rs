//! The fields of a guardrail's form.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::kinds::{Form, KINDS, Setting, of_name, taken_apart};
use crate::api::Problem;
use crate::api::audit::SimulateInput;
use crate::api::guardrails::{Guardrail, GuardrailInput, Mode};
use crate::ui::choice::{Choice, Offer};
use crate::ui::{Card, Checkbox, Select, TextArea, TextField};
use crate::widgets::{Submit, TryOut};

/// What is chosen of several where nothing is said.
const USUAL: &str = "medium";

/// The fields that show what is wrong with them.
pub(super) const FIELDS: &[&str] = &["name", "scope", "roles"];

const MODES: &[Offer] = &[
    ("warn", "Warn first", "It lets everything through, and this page tells what it would have stopped."),
    ("enforce", "Enforce", "What it does not allow is refused, at every door."),
];

/// What is filled in. Every setting of every kind has a place of its own, so that changing the kind loses nothing.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub name: RwSignal<String>,
    pub mode: RwSignal<String>,
    pub scope: RwSignal<String>,
    pub roles: RwSignal<String>,
    pub kind: RwSignal<String>,
    texts: StoredValue<BTreeMap<(&'static str, &'static str), RwSignal<String>>>,
    flags: StoredValue<BTreeMap<(&'static str, &'static str), RwSignal<bool>>>,
}

impl Draft {
    pub fn new() -> Self {
        Self::filled("", Mode::Warn, "all", &[], KINDS[0].name, &Map::new())
    }

    pub fn of(guardrail: &Guardrail) -> Self {
        let (kind, values) = taken_apart(&guardrail.rule);
        Self::filled(&guardrail.name, guardrail.mode, &guardrail.scope, &guardrail.roles, kind.name, &values)
    }

    fn filled(name: &str, mode: Mode, scope: &str, roles: &[String], of: &'static str, values: &Map<String, Value>) -> Self {
        let (mut texts, mut flags) = (BTreeMap::new(), BTreeMap::new());
        for (kind, setting) in KINDS.iter().flat_map(|kind| kind.settings.iter().map(move |setting| (kind.name, setting))) {
            let value = values.get(setting.name).filter(|_| kind == of);
            match setting.form {
                Form::Flag => drop(flags.insert((kind, setting.name), RwSignal::new(value == Some(&Value::Bool(true))))),
                Form::OneOf(_) => {
                    let chosen = value.and_then(Value::as_str).unwrap_or(USUAL);
                    texts.insert((kind, setting.name), RwSignal::new(chosen.to_owned()));
                }
                _ => drop(texts.insert((kind, setting.name), RwSignal::new(value.map(written).unwrap_or_default()))),
            }
        }
        let mode = match mode {
            Mode::Enforce => "enforce",
            Mode::Warn => "warn",
        };
        Self {
            name: RwSignal::new(name.to_owned()),
            mode: RwSignal::new(mode.to_owned()),
            scope: RwSignal::new(scope.to_owned()),
            roles: RwSignal::new(roles.join(", ")),
            kind: RwSignal::new(of.to_owned()),
            texts: StoredValue::new(texts),
            flags: StoredValue::new(flags),
        }
    }

    /// What is to be sent.
    ///
    /// # Errors
    /// When a number is none.
    pub fn input(&self) -> Result<GuardrailInput, Problem> {
        let kind = of_name(&self.kind.get_untracked());
        let mut rule = Map::from_iter([("kind".to_owned(), Value::from(kind.name))]);
        for setting in kind.settings {
            let text = || self.text(kind.name, setting).map(|text| text.get_untracked()).unwrap_or_default();
            let value = match setting.form {
                Form::Flag => Value::from(self.flag(kind.name, setting).is_some_and(|flag| flag.get_untracked())),
                Form::Keys => keys(&text()).into(),
                Form::OneOf(_) => text().into(),
                Form::List(_) => text().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().into(),
                Form::Number => match text().trim() {
                    "" => Value::Null,
                    number => number.parse::<u32>().map(Value::from).map_err(|_| wrong(format!("{}: write a whole number.", setting.label)))?,
                },
            };
            rule.insert(setting.name.to_owned(), value);
        }
        let rule = serde_json::from_value(Value::Object(rule)).map_err(|why| wrong(format!("The rule cannot be read: {why}.")))?;
        let mode = if self.mode.with_untracked(|mode| mode == "warn") { Mode::Warn } else { Mode::Enforce };
        let roles = self.roles.with_untracked(|roles| roles.split([',', ' ']).filter(|role| !role.is_empty()).map(str::to_owned).collect());
        let trimmed = |text: RwSignal<String>| text.with_untracked(|text| text.trim().to_owned());
        Ok(GuardrailInput { name: trimmed(self.name), mode, scope: trimmed(self.scope), roles, rule })
    }

    fn text(&self, kind: &'static str, setting: &Setting) -> Option<RwSignal<String>> {
        self.texts.with_value(|texts| texts.get(&(kind, setting.name)).copied())
    }

    fn flag(&self, kind: &'static str, setting: &Setting) -> Option<RwSignal<bool>> {
        self.flags.with_value(|flags| flags.get(&(kind, setting.name)).copied())
    }
}

fn wrong(title: String) -> Problem {
    Problem::new(crate::api::Code::InvalidInput, title)
}

/// The keys of a text, one after the other: PEM, or a line without it each.
fn keys(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match found.last_mut().filter(|_| open) {
            Some(key) => *key += &format!("\n{line}"),
            None => found.push(line.to_owned()),
        }
        open = line.starts_with("-----BEGIN") || open && !line.starts_with("-----END");
    }
    found
}

/// A value as it stands in its field.
fn written(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[component]
pub(super) fn Fields(draft: Draft, submit: Submit) -> impl IntoView {
    let [name_error, scope_error, roles_error] = ["name", "scope", "roles"].map(|field| submit.error(field));
    let kinds = Signal::stored(KINDS.iter().map(|kind| (kind.name.to_owned(), kind.words.to_owned())).collect::<Vec<_>>());
    let about = move || draft.kind.with(|kind| of_name(kind).about);
    let settings = move || {
        let kind = draft.kind.with(|kind| of_name(kind));
        kind.settings.iter().map(|setting| view! { <Field draft=draft kind=kind.name setting=setting/> }).collect_view()
    };
    let tried = Callback::new(move |()| Ok(SimulateInput { guardrail: Some(draft.input()?), ..SimulateInput::default() }));
    view! {
        <Card>
            <TextField label="Name" name="guardrail-name" value=draft.name mono=true autofocus=true autocomplete="off" placeholder="no-privileged" error=name_error
                hint="Whoever is stopped by it is told this name. 1 to 63 of a-z, 0-9 and -."/>
            <Select label="What it is about" name="guardrail-kind" value=draft.kind options=kinds/>
            <p class="muted">{about}</p>
            {settings}
        </Card>
        <Card title="Where and for whom">
            <TextField label="Where" name="guardrail-scope" value=draft.scope mono=true autocomplete="off" placeholder="all" error=scope_error
                hint="all, engine/NAME, engine/NAME/project/PROJECT, or labels such as env=prod. A rule on images may be for registry/NAME or registry/NAME/repository/PREFIX, too."/>
            <TextField label="Only for these roles" name="guardrail-roles" value=draft.roles mono=true autocomplete="off" required=false placeholder="deployer, operator"
                error=roles_error hint="Empty: for everybody, administrators too."/>
            <Choice label="What it does" name="guardrail-mode" value=draft.mode options=MODES/>
            <TryOut input=tried/>
        </Card>
    }
    .into_any()
}

#[component]
fn Field(draft: Draft, kind: &'static str, setting: &'static Setting) -> impl IntoView {
    let hint = setting.hint.to_owned();
    let name = format!("{kind}-{}", setting.name);
    match setting.form {
        Form::Flag => draft.flag(kind, setting).map(|flag| view! { <Checkbox label=setting.label checked=flag hint=hint/> }.into_any()),
        Form::List(example) => draft.text(kind, setting).map(|text| {
            view! { <TextArea label=setting.label name=name value=text rows=3 required=false placeholder=example hint=hint/> }.into_any()
        }),
        Form::Keys => draft.text(kind, setting).map(|text| {
            let example = "-----BEGIN PUBLIC KEY-----\nMFkwEwYH...\n-----END PUBLIC KEY-----";
            view! { <TextArea label=setting.label name=name value=text rows=5 required=false placeholder=example hint=hint/> }.into_any()
        }),
        Form::OneOf(choices) => draft.text(kind, setting).map(|text| {
            let options = Signal::stored(choices.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned())).collect::<Vec<_>>());
            view! { <Select label=setting.label name=name value=text options=options/> }.into_any()
        }),
        Form::Number => draft.text(kind, setting).map(|text| {
            view! { <TextField label=setting.label name=name value=text kind="number" required=false autocomplete="off" hint=hint/> }.into_any()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn keys_stand_one_after_the_other() {
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\nBBBB\n-----END PUBLIC KEY-----";
        assert_eq!(keys(&format!("{pem}\n\n{pem}\nCCCC\n")), [pem, pem, "CCCC"]);
        assert!(keys(" \n").is_empty());
    }
}
