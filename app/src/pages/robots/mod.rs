//! Robots: accounts of machines, with tokens and neither a password nor a session.

mod add;
mod list;
mod robot;
mod rotate;
mod tokens;

pub use add::AddRobot;
pub use list::Robots;
pub use robot::RobotPage;
