//! Background jobs, one idempotent job a file.

mod alerts;
mod belongings;
mod checkpoint;
mod hear;
mod look;
mod registries;
mod renew;
mod retention;
mod touch;
mod verify;

pub use alerts::look_for_alerts;
pub use belongings::follow_belongings;
pub use checkpoint::make_checkpoints;
pub use hear::{Hearer, hear};
pub use look::look_after_engines;
pub use registries::tidy_registries;
pub use renew::renew_certificate;
pub use retention::{archive_and_prune, keep_trail};
pub use touch::touch_credentials;
pub use verify::verify_trail;
