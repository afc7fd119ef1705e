//! Teams: people and robots who hold the same roles.

mod add;
mod list;
mod members;
mod source;
mod summary;
mod team;

pub use add::AddTeam;
pub use list::Teams;
pub use team::TeamPage;
