//! Background jobs, one idempotent job a file.

mod belongings;
mod look;
mod touch;

pub use belongings::follow_belongings;
pub use look::look_after_engines;
pub use touch::touch_credentials;
