//! Guardrails that the settings declare.

use pilothouse_app::api::guardrails::{Mode, Rule};
use serde::Deserialize;

use crate::{access::guard, guardrails::Draft};

/// A guardrail that the file declares: applied at each start, and not to be changed anywhere else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardrailSection {
    pub name: String,
    #[serde(default)]
    pub mode: Mode,
    pub scope: String,
    #[serde(default)]
    pub roles: Vec<String>,
    pub rule: Rule,
}

impl GuardrailSection {
    pub fn draft(&self) -> Draft<'_> {
        let mode = match self.mode {
            Mode::Enforce => guard::Mode::Enforce,
            Mode::Warn => guard::Mode::Warn,
        };
        Draft { name: &self.name, mode, scope: &self.scope, roles: &self.roles, rule: &self.rule }
    }
}
