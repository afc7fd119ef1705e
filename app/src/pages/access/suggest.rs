//! Names to choose from, read in the browser: a page works without them.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ListQuery;
use crate::api::people::{PermissionList, RobotList, UserList};
use crate::api::{Empty, Endpoint, Page};
use crate::client::Client;
use crate::widgets::use_me;

/// The names of people and of robots, as far as one may list them.
#[derive(Clone, Copy)]
pub(crate) struct Accounts {
    people: RwSignal<Vec<String>>,
    robots: RwSignal<Vec<String>>,
}

impl Accounts {
    pub(crate) fn read() -> Self {
        let all = || ListQuery { limit: Some(500), ..ListQuery::default() };
        Self {
            people: suggest::<UserList, _>("system.user.list", all(), |user| user.username),
            robots: suggest::<RobotList, _>("system.robot.list", all(), |robot| robot.name),
        }
    }

    pub(crate) fn all(&self) -> Signal<Vec<String>> {
        let Self { people, robots } = *self;
        Signal::derive(move || people.with(|people| people.iter().cloned().chain(robots.get()).collect()))
    }

    /// The page of whoever goes by this name.
    pub(crate) fn href(&self, name: &str) -> String {
        let area = if self.robots.with(|robots| robots.iter().any(|robot| robot == name)) { "robots" } else { "people" };
        format!("/{area}/{name}")
    }
}

/// Every permission.
pub(crate) fn suggest_permissions() -> Signal<Vec<String>> {
    suggest::<PermissionList, _>("system.role.list", Empty {}, |permission| permission.name).into()
}

fn suggest<E, T>(permission: &'static str, input: E::Input, name: fn(T) -> String) -> RwSignal<Vec<String>>
where
    E: Endpoint<Output = Page<T>>,
    E::Input: Send + Sync,
    T: 'static,
{
    let (client, me) = (Client::get(), use_me());
    let names = RwSignal::new(Vec::new());
    Effect::new(move || {
        if !me.may(permission, None) {
            return;
        }
        let call = client.call::<E>(&[], &input);
        spawn_local(async move {
            let Ok(page) = call.await else { return };
            // The reader may have gone on by now.
            let _ = names.try_set(page.items.into_iter().map(name).collect());
        });
    });
    names
}
