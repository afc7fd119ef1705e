//! The listener, the layers, and the router: every mount on one screen.

pub mod headers;
mod heads;
mod identity;
mod listener;
pub mod origin;
mod probes;
mod proxies;
mod router;
mod tls;

pub use listener::{Limits, Peer, serve};
pub use probes::Probes;
pub use proxies::Proxies;
pub use router::{Doors, Front};
pub use tls::{Shown, Tls};
