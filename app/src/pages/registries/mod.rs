//! Registries: what each is bound by.

mod hook_form;
mod hooks;
mod rules;
mod rules_draft;
mod rules_form;

pub use rules::RegistryRulesPage;
