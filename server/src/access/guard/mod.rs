//! Guardrails: rules on what a workload may ask for. Pure.
//!
//! Whatever comes through a door is reduced to one [`Workload`] ([`reduce()`]), and [`judge`] judges nothing but that: so no door and
//! no field of the API is another way round a rule. [`fields`] says of every field of every body how it is treated; one that it does
//! not know is refused wherever a rule is in force.

pub mod fields;
pub mod image;
pub mod path;
mod reduce;
mod rule;
mod workload;

use std::borrow::Cow;

pub use pilothouse_app::api::guardrails::{Namespace, Rule};

pub use reduce::{Ask, Unread, exec, reduce, service, taken_over, updated, volume};
pub use rule::{check as check_rule, exception};
pub use workload::{HostPath, Join, Kind, NewNetwork, Port, Remote, Swarm, User, Workload};

use super::Scope;

/// What a rule does with what it does not allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It is let through, and written down.
    Warn,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Warn => "warn",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Mode::Enforce, Mode::Warn].into_iter().find(|mode| mode.name() == name)
    }
}

/// A rule that is in force somewhere, for somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Guardrail {
    pub id: String,
    pub name: String,
    pub mode: Mode,
    pub scope: Scope,
    /// For whoever acts by one of these roles; empty for everybody.
    pub roles: Vec<String>,
    pub rule: Rule,
}

/// What a rule found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The id and the name of the guardrail.
    pub id: String,
    pub name: String,
    /// One sentence that says what it does not allow.
    pub sentence: String,
}

/// What all the rules found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdict {
    /// The first that stops it.
    pub stopped: Option<Finding>,
    /// Those that would stop it, were they not only to warn.
    pub warned: Vec<Finding>,
}

impl Guardrail {
    fn finding(&self, sentence: String) -> Finding {
        Finding { id: self.id.clone(), name: self.name.clone(), sentence }
    }

    /// That it does not allow `what`.
    pub fn objects_to(&self, what: &str) -> Finding {
        self.finding(format!("The guardrail \"{}\" does not allow {what} here.{}", self.name, rule::advice(&self.rule)))
    }

    /// What this one says of a workload.
    fn judge(&self, workload: &Workload) -> Option<Finding> {
        rule::objection(&self.rule, workload).map(|what| self.objects_to(&what))
    }
}

/// What `guardrails` say of a workload: all of them are in force for whoever asks.
pub fn judge(guardrails: &[Guardrail], workload: &Workload) -> Verdict {
    let mut verdict = Verdict::default();
    for guardrail in guardrails {
        let Some(finding) = guardrail.judge(workload) else { continue };
        match guardrail.mode {
            Mode::Enforce => verdict.stopped = verdict.stopped.or(Some(finding)),
            Mode::Warn => verdict.warned.push(finding),
        }
    }
    verdict
}

/// What `guardrails` say of a request that cannot be judged, because of `why`: the first that is enforced stops it, for it cannot be
/// known what it would say.
pub fn unjudgeable(guardrails: &[Guardrail], why: &str) -> Verdict {
    let finding = |guardrail: &Guardrail| guardrail.finding(format!("The guardrail \"{}\" is in force here, and {why}.", guardrail.name));
    let of = |mode| guardrails.iter().find(move |guardrail| guardrail.mode == mode);
    Verdict { stopped: of(Mode::Enforce).map(finding), warned: of(Mode::Warn).map(finding).into_iter().collect() }
}

/// A text from a stranger as it may stand in a sentence: one short visible line.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 120;
    if text.len() <= LONGEST && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text.into();
    }
    let cut: String = text.chars().take(LONGEST).collect();
    cut.escape_debug().to_string().into()
}

/// What an image is called, as it may stand in a sentence.
pub fn image_name(text: &str) -> String {
    shown(text).into_owned()
}

#[cfg(test)]
mod tests;
