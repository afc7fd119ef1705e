//! Background jobs, one idempotent job a file.

mod belongings;
mod look;
mod renew;
mod touch;

pub use belongings::follow_belongings;
pub use look::look_after_engines;
pub use renew::renew_certificate;
pub use touch::touch_credentials;
