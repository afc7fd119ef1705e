//! Guardrails: rules on what a workload may ask for.

mod add;
mod form;
mod hits;
mod kinds;
mod list;
mod one;

pub use add::AddGuardrail;
pub use list::Guardrails;
pub use one::GuardrailPage;
