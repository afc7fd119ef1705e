//! The listener, the layers, and the router: every mount on one screen.

pub mod headers;
mod heads;
mod listener;
pub mod origin;
mod probes;
mod proxies;
mod router;

pub use listener::{Limits, serve};
pub use probes::Probes;
pub use proxies::Proxies;
pub use router::{Doors, Front};
