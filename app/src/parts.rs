//! The browser half comes in parts, so that the first page needs only its own: what all pages share is in the main one, and each of
//! the others holds the pages of an area. A part is loaded with the first page that lies in it; the rest follow once that page works.
//!
//! Nothing outside of this file may name a page's code: what the main part names, it contains.

use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::FutureExt;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_meta::Title;

use crate::api::{Code, Problem};
use crate::pages::access::{Explain, Grants, Matrix, Review};
use crate::pages::account::{Account, Tokens, UseDocker};
use crate::pages::audit::Audit;
use crate::pages::containers::{ContainerForm, ContainerPage, Containers};
use crate::pages::device::Device;
use crate::pages::engines::{AddEngine, EditEngine, Engines};
use crate::pages::events::Events;
use crate::pages::guardrails::{AddGuardrail, GuardrailPage, Guardrails};
use crate::pages::images::{ImagePage, Images};
use crate::pages::networks::{NetworkPage, Networks};
use crate::pages::overview::Overview;
use crate::pages::people::{AddPerson, People, Person};
use crate::pages::providers::{AddProvider, EditProvider, Providers};
use crate::pages::recordings::{RecordingPage, RecordingRules, Recordings};
use crate::pages::reference::Reference;
use crate::pages::registries::retention::{Retention, RetentionPlanPage};
use crate::pages::registries::{
    AddRegistry, CompareImages, EditRegistry, Registries, RegistryImage, RegistryPage, RegistryRulesPage, RepositoryPage,
};
use crate::pages::robots::{AddRobot, RobotPage, Robots};
use crate::pages::roles::{AddRole, RolePage, Roles};
use crate::pages::run::{FindImages, RunImage};
use crate::pages::session::{FirstSetup, SignInPage};
use crate::pages::teams::{AddTeam, TeamPage, Teams};
use crate::pages::volumes::Volumes;
use crate::ui::skeleton::SkeletonText;
use crate::widgets::problem::ProblemView;

/// A part of the browser half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Signing in, and the first administrator.
    Session,
    /// The overview.
    Overview,
    /// What stands on one engine, and what is to.
    Engine,
    /// Registries, and what they hold.
    Registries,
    /// Tokens, the audit trail, the list of engines.
    House,
    /// People, teams, robots, roles, and who may do what.
    Access,
}

impl Part {
    /// All of them, in the order in which they are loaded when there is time.
    pub const ALL: [Self; 6] = [Self::Overview, Self::Engine, Self::House, Self::Registries, Self::Access, Self::Session];

    /// The part in which the page at `path` lies. For an address without a page it does not matter.
    pub fn of(path: &str) -> Self {
        match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            ["sign-in" | "setup"] => Self::Session,
            [""] => Self::Overview,
            ["on", _, "edit"] => Self::House,
            ["on", ..] | ["run"] | ["search", "images"] => Self::Engine,
            ["registries", ..] | ["add", "registry"] => Self::Registries,
            ["people" | "teams" | "robots" | "roles" | "grants" | "access", ..] => Self::Access,
            ["add", "person" | "team" | "robot" | "role"] => Self::Access,
            _ => Self::House,
        }
    }

    /// The part in which the page lies that is being drawn.
    #[cfg(feature = "ssr")]
    pub fn of_request() -> Option<Self> {
        let url = use_context::<leptos_router::location::RequestUrl>()?.parse().ok()?;
        Some(Self::of(url.path()))
    }

    /// Its name in the build.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Overview => "overview",
            Self::Engine => "engine",
            Self::Registries => "registries",
            Self::House => "house",
            Self::Access => "access",
        }
    }

    /// Loads it, unless it is here already. Whether it is here then.
    pub async fn load(self) -> bool {
        let loaded = match self {
            Self::Session => load_session().await,
            Self::Overview => load_overview().await,
            Self::Engine => load_engine().await,
            Self::Registries => load_registries().await,
            Self::House => load_house().await,
            Self::Access => load_access().await,
        };
        if loaded.is_ok() {
            HERE.fetch_or(self.bit(), Ordering::Relaxed);
        }
        loaded.is_ok()
    }

    /// Can its pages be drawn at once? The server has them all.
    fn is_here(self) -> bool {
        !cfg!(target_arch = "wasm32") || HERE.load(Ordering::Relaxed) & self.bit() != 0
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A bit for each part that is loaded.
static HERE: AtomicU8 = AtomicU8::new(0);

/// The pages of a part, a view for each; and how they are reached from the rest.
macro_rules! part {
    ($part:ident $name:ident $load:ident, $pages:ident: $($page:ident),+ $(,)?) => {
        #[derive(Clone, Copy, Debug)]
        pub enum $pages {
            $($page),+
        }

        #[wasm_split($name, wasm_split_path = ::leptos::wasm_split, preload($load), fallible)]
        fn $name(page: $pages) -> Result<AnyView, SplitLoaderError> {
            Ok(match page {
                $($pages::$page => $page().into_any()),+
            })
        }

        impl $pages {
            /// The page, as soon as its part is here.
            pub fn view(self) -> AnyView {
                later(Part::$part, move || $name(self))
            }
        }
    };
}

part!(Session session load_session, OfSession: SignInPage, FirstSetup);
part!(Overview overview load_overview, OfOverview: Overview);
part!(
    Engine engine load_engine, OfEngine:
    Containers, ContainerForm, ContainerPage, Images, ImagePage, Volumes, Networks, NetworkPage, Events, FindImages, RunImage,
);
part!(
    Registries registries load_registries, OfRegistries:
    Registries, AddRegistry, EditRegistry, RegistryPage, RepositoryPage, RegistryImage, CompareImages, Retention, RetentionPlanPage,
    RegistryRulesPage,
);
part!(
    House house load_house, OfHouse:
    Engines, EditEngine, AddEngine, Audit, Guardrails, GuardrailPage, AddGuardrail, Tokens, UseDocker, Account, Device,
    Reference, Providers, EditProvider, AddProvider, Recordings, RecordingPage, RecordingRules,
);
part!(
    Access access load_access, OfAccess:
    People, Person, AddPerson, Teams, TeamPage, AddTeam, Robots, RobotPage, AddRobot, Roles, RolePage, AddRole, Grants, Explain, Matrix, Review,
);

#[derive(Clone, Copy)]
enum State {
    Here,
    OnItsWay,
    Missing,
}

/// Draws a page of `part`. While a page is taken over from the server its part is here already, so that both draw the same.
fn later<F>(part: Part, page: impl Fn() -> F + Send + 'static) -> AnyView
where
    F: Future<Output = Result<AnyView, SplitLoaderError>>,
{
    #[cfg(feature = "ssr")]
    debug_assert_eq!(Part::of_request().unwrap_or(part), part, "the page lies in another part than `Part::of` says of its address");
    let state = RwSignal::new(if part.is_here() { State::Here } else { State::OnItsWay });
    let load = move || {
        leptos::task::spawn_local(async move {
            let now = if part.load().await { State::Here } else { State::Missing };
            // The reader may have gone to another page by now.
            let _ = state.try_set(now);
        });
    };
    if !part.is_here() {
        load();
    }
    let again = move |()| {
        state.set(State::OnItsWay);
        load();
    };
    let draw = move || match state.get() {
        // What a page reads while it is built must not build it anew.
        State::Here => untrack(|| page().now_or_never()).and_then(Result::ok).unwrap_or_else(|| missing(again)),
        State::OnItsWay => view! { <Title text="Loading"/><SkeletonText lines=6/> }.into_any(),
        State::Missing => missing(again),
    };
    draw.into_any()
}

fn missing(again: impl Fn(()) + Copy + Send + Sync + 'static) -> AnyView {
    let problem = Problem::new(Code::BackendUnreachable, "This page could not be loaded.").detail("The connection to Pilothouse may be down.");
    view! { <Title text="Not loaded"/><ProblemView problem retry=Callback::new(again)/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn each_address_has_its_part() {
        for (path, part) in [
            ("/", Part::Overview),
            ("/sign-in", Part::Session),
            ("/setup", Part::Session),
            ("/on/a/containers", Part::Engine),
            ("/on/a/containers/new", Part::Engine),
            ("/on/a/images/b", Part::Engine),
            ("/on/a/edit", Part::House),
            ("/search/images", Part::Engine),
            ("/run", Part::Engine),
            ("/engines", Part::House),
            ("/people/a", Part::Access),
            ("/add/role", Part::Access),
            ("/add/engine", Part::House),
            ("/access/review", Part::Access),
            ("/registries", Part::Registries),
            ("/registries/hub/repositories/team%2Fapp/images/1", Part::Registries),
            ("/add/registry", Part::Registries),
            ("/nowhere", Part::House),
        ] {
            assert_eq!(Part::of(path), part, "{path}");
        }
    }

    #[test]
    fn a_bit_for_each() {
        let bits = Part::ALL.iter().fold(0, |bits, part| bits | part.bit());
        assert_eq!(bits.count_ones() as usize, Part::ALL.len());
    }
}
