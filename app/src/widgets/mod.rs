//! Parts that know the API: the shell around every page, who is asking and what they may do, lists, forms and actions.

pub mod access_pages;
pub mod act;
mod docker_login;
pub mod form;
pub mod gate;
pub mod list;
pub mod live_mark;
pub mod loaded;
pub mod me;
pub mod paged;
pub mod palette;
pub mod problem;
mod registries;
mod runs_of;
pub mod shell_nav;
pub mod try_out;
mod used_by;
mod viewing;

pub use access_pages::access_pages;
pub use act::{Act, Target, use_act};
pub use docker_login::{DockerLogin, UNKNOWN_HOST, docker_host};
pub use form::{FormProblem, Submit};
pub use gate::{Gate, GateButton, GateItem, GateLink};
pub use list::ListState;
pub use live_mark::LiveMark;
pub use loaded::Loaded;
pub use me::{ByEngine, Engines, Who, use_engine, use_engines, use_me};
pub use paged::{NextPages, Paged};
pub use palette::offer_commands;
pub use problem::ProblemView;
pub use registries::{Within, read_registries, registry_names, sees_registries};
pub use runs_of::{RunLines, RunsOf};
pub use shell_nav::{Frame, health_of};
pub use try_out::TryOut;
pub use used_by::{USE_FACETS, UseFilter, UsedBy};
