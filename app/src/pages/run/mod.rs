//! From words to something that runs: images are looked for, and one of them is pulled, started, and opened.

mod config;
mod form;
mod search;
mod start;
mod up;

pub use form::RunImage;
pub use search::FindImages;
