//! Background jobs, one idempotent job a file.

mod look;
mod touch;

pub use look::look_after_engines;
pub use touch::touch_credentials;
