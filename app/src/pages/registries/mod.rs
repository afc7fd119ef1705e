//! Registries: the list, adding, changing and removing one; and what each holds, down to one image.

mod add;
mod address;
mod by_name;
mod compare;
mod config;
mod copy;
mod copy_job;
mod declared;
mod delete;
mod differences;
mod draft;
mod edit;
mod facts;
mod form;
mod how;
mod image;
mod layers;
mod list;
mod lost;
mod referrers;
mod registry;
mod remove;
mod repository;
mod rights;
mod row;
mod runs;
mod tag_row;
mod test;

pub use add::AddRegistry;
pub use compare::CompareImages;
pub use edit::EditRegistry;
pub use image::RegistryImage;
pub use list::Registries;
pub use registry::RegistryPage;
pub use repository::RepositoryPage;
//! Registries: what they hold, and what of it goes.

pub mod retention;
//! Registries: what each is bound by.

mod hook_form;
mod hooks;
mod rules;
mod rules_draft;
mod rules_form;

pub use rules::RegistryRulesPage;
