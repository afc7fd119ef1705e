//! Who is asking, which engines there are, and which one the page is about.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::api::engines::{Engine, EngineList};
use crate::api::session::{MeOutput, Whose};
use crate::api::{ListQuery, Page, Problem};
use crate::client::Client;

/// Who is asking. In the context of every page inside the shell.
#[derive(Clone, Debug)]
pub struct Who(pub Arc<MeOutput>);

impl Default for Who {
    fn default() -> Self {
        Self(Arc::new(MeOutput { username: String::new(), session: None, grants: Vec::new(), needs_factor: false, viewer: None }))
    }
}

impl Who {
    pub fn username(&self) -> &str {
        &self.0.username
    }

    /// Whether `permission` is held on `engine` (`None` for what belongs to no engine), or on something there.
    pub fn may(&self, permission: &str, engine: Option<&str>) -> bool {
        self.0.may(permission, engine, &Whose::Anybody)
    }

    /// Who is really there, while they look with the rights of [`Who::username`].
    pub fn viewer(&self) -> Option<&str> {
        self.0.viewer.as_deref()
    }

    /// Why it cannot be done: the permission is missing, or one looks with another's rights, and that changes nothing.
    pub fn lacks(&self, permission: &str, engine: Option<&str>) -> Option<String> {
        self.lacks_for(permission, engine, &Whose::Anybody)
    }

    /// As [`Who::lacks`], for a thing that is `whose`.
    pub fn lacks_for(&self, permission: &str, engine: Option<&str>, whose: &Whose) -> Option<String> {
        if !self.0.may(permission, engine, whose) {
            return Some(match (engine, whose) {
                // Who has it on another project wonders why not here.
                (Some(engine), Whose::Project(project)) if self.may(permission, Some(engine)) => {
                    format!("you need {permission} on project {project} of {engine}")
                }
                (Some(engine), _) => format!("you need {permission} on {engine}"),
                (None, _) => format!("you need {permission}"),
            });
        }
        (self.viewer().is_some() && !only_looks(permission)).then(|| "go back to your own rights first".to_owned())
    }
}

/// Whether a permission only looks, by its verb. For what a page says: the server decides.
fn only_looks(permission: &str) -> bool {
    const LOOKS: [&str; 12] =
        ["list", "info", "events", "inspect", "logs", "stats", "processes", "changes", "environment", "export", "explain", "review"];
    permission.rsplit('.').next().is_some_and(|verb| LOOKS.contains(&verb))
}

/// Who is asking. Outside of the shell: nobody, who may nothing.
pub fn use_me() -> Who {
    use_context().unwrap_or_default()
}

/// The engines one may see, read once for the whole console. Read it inside a `Transition`, or with [`Engines::names`].
#[derive(Clone, Copy)]
pub struct Engines(pub Resource<Result<Page<Engine>, Problem>>);

impl Engines {
    pub(super) fn provide(client: &Client) -> Self {
        let client = client.clone();
        let query = ListQuery { limit: Some(500), sort: Some("name".to_owned()), ..ListQuery::default() };
        let engines = Self(Resource::new(|| (), move |()| client.call::<EngineList>(&[], &query)));
        provide_context(engines);
        engines
    }

    /// Reads them again: call it after one was added, changed or removed.
    pub fn refetch(&self) {
        self.0.refetch();
    }

    pub fn all(&self) -> Vec<Engine> {
        match self.0.get() {
            Some(Ok(page)) => page.items,
            _ => Vec::new(),
        }
    }
}

/// The engines, from the shell.
pub fn use_engines() -> Option<Engines> {
    use_context()
}

/// The name of the engine in the page's address.
pub fn use_engine() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get("engine")).unwrap_or_default())
}

/// A page about one engine: drawn anew when the address names another, so that nothing of the one shows under the other's name.
#[component]
pub fn ByEngine<F, V>(children: F) -> impl IntoView
where
    F: Fn(String) -> V + Send + 'static,
    V: IntoView + 'static,
{
    let engine = use_engine();
    move || {
        let engine = engine.get();
        // Nothing that the page reads while it is made draws it anew.
        untrack(|| children(engine))
    }
}

/// The engine that the address is about, for what stands around the pages.
pub fn use_current_engine() -> Memo<Option<String>> {
    let path = use_location().pathname;
    Memo::new(move |_| path.with(|path| engine_of(path)))
}

fn engine_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("/on/")?.split('/').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Who, engine_of};
    use crate::api::session::{MeOutput, MyGrant, Whose};

    #[test]
    fn whoever_looks_as_another_changes_nothing() {
        let permissions = ["system.user.list", "system.user.create"].map(str::to_owned).to_vec();
        let grants = vec![MyGrant { role: "r".into(), scope: "all".into(), team: None, until: None, engines: Vec::new(), permissions }];
        let me = MeOutput { username: "ana".into(), session: None, grants, needs_factor: false, viewer: Some("admin".into()) };
        let looking = Who(Arc::new(me.clone()));
        assert_eq!(looking.lacks("system.user.list", None), None);
        assert_eq!(looking.lacks("system.user.create", None).as_deref(), Some("go back to your own rights first"));
        assert_eq!(looking.lacks("system.user.delete", None).as_deref(), Some("you need system.user.delete"));
        assert_eq!(Who(Arc::new(MeOutput { viewer: None, ..me })).lacks("system.user.create", None), None);
    }

    #[test]
    fn a_right_on_a_project_is_for_its_things() {
        let grant = |scope: &str, permission: &str| MyGrant {
            role: "r".into(),
            scope: scope.into(),
            team: None,
            until: None,
            engines: vec!["a".into()],
            permissions: vec![permission.into()],
        };
        let grants = vec![grant("engine/a/project/shop", "engine.container.stop"), grant("env=prod", "engine.container.list")];
        let me = Who(Arc::new(MeOutput { username: "ana".into(), session: None, grants, needs_factor: false, viewer: None }));
        let stop = |whose: &Whose| me.lacks_for("engine.container.stop", Some("a"), whose);
        assert_eq!(stop(&Whose::Anybody), None);
        assert_eq!(stop(&Whose::labelled(Some("shop"))), None);
        assert_eq!(stop(&Whose::labelled(Some("blog"))).as_deref(), Some("you need engine.container.stop on project blog of a"));
        assert_eq!(stop(&Whose::labelled(None)).as_deref(), Some("you need engine.container.stop on a"));
        assert_eq!(me.lacks_for("engine.container.list", Some("a"), &Whose::Nobody), None);
    }

    #[test]
    fn the_address_names_the_engine() {
        assert_eq!(engine_of("/on/demo/containers/x"), Some("demo".into()));
        assert_eq!(engine_of("/on/demo"), Some("demo".into()));
        assert_eq!(engine_of("/on/"), None);
        assert_eq!(engine_of("/engines"), None);
        assert_eq!(engine_of("/audit"), None);
    }
}
