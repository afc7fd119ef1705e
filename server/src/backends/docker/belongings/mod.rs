//! What on an engine belongs to which project.
//!
//! Ownership follows labels, not ids, so that it survives that a container is made anew: the value of `pilothouse.project`, else of
//! `com.docker.compose.project`, else of `com.docker.stack.namespace`. A command in a container belongs to whom the container does, a task to whom
//! its service does. A volume without a label belongs to the projects whose containers mounted it; an image to those whose containers are
//! made of it, and to those that pulled it or named it.
//!
//! The index is kept from the engine's events ([`follow`]). What it does not know yet, because an event is still on its way, is asked for
//! once, by itself.

mod claims;
mod cut;
mod find;
mod follow;
mod index;
mod made;
mod settle;

pub use claims::{Claim, Claimed};
pub use cut::{Cut, cut_event, event_reaches, hide_value, hide_values};
pub use follow::follow;
pub use index::{Belongings, Project};
pub use made::{Images, Made, digest_of};
pub use settle::{not_found, settle};

/// The labels that say which project a thing belongs to, the first that is there and not empty.
pub const LABELS: [&str; 3] = [OWN_LABEL, "com.docker.compose.project", "com.docker.stack.namespace"];

/// The label that is put on what somebody makes with a right on a project. It weighs most: a container gets its image's labels, too, and
/// those must not put it into another project.
pub const OWN_LABEL: &str = "pilothouse.project";

/// The project that labels put a thing in.
pub fn project_of<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
    LABELS.iter().find_map(|key| get(key).filter(|value| !value.is_empty()))
}
