//! Who may do what, and why: the grants of all, one answer explained, a whole place, and what is not used. What the pages of people,
//! teams and robots share is here too.

mod explain;
mod give;
mod grants;
mod groups;
mod held;
mod holder;
mod matrix;
mod matrix_detail;
mod place;
mod place_registry;
mod review;
mod suggest;
mod tabs;
mod take;
mod words;

pub use explain::Explain;
pub use grants::Grants;
pub(crate) use groups::by_area;
pub(crate) use held::{HeldCard, HeldRead, read_held};
pub(crate) use holder::Holder;
pub use matrix::Matrix;
pub use review::Review;
pub(crate) use suggest::Accounts;
pub(crate) use tabs::AccessTabs;
pub(crate) use take::{TakeBack, declared_reason};
pub(crate) use words::{grant_words, holder_href, holder_kind, words};
