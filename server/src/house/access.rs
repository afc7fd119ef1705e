//! Teams, roles and grants: memory and store together.

use std::collections::BTreeSet;

use super::{Alone, House, HouseError, by_itself};
use crate::access;
use crate::audit::{Ending, between, field};
use crate::clock::now_ms;
use crate::config::Told;
use crate::store::{
    declared::Declared,
    grants::GrantRow,
    roles::RoleRow,
    teams::{MemberRow, TeamRow},
    users::UserRow,
};

/// Under which name the store keeps what the settings came to at the last start.
const SETTINGS: &str = "settings";
/// How many changes of the settings file are written down one by one.
const EACH_WRITTEN: usize = 100;

/// What is about to go, for the question whether an administrator would be left.
#[derive(Clone, Copy, Default)]
pub(super) struct Without<'a> {
    pub user: Option<&'a str>,
    pub grant: Option<&'a str>,
    pub team: Option<&'a str>,
    pub member: Option<&'a MemberRow>,
}

impl House {
    pub async fn add_grant(&self, _: &Alone<'_>, grant: &GrantRow) -> Result<(), HouseError> {
        self.store.add_grant(grant).await?;
        self.reload().await;
        Ok(())
    }

    /// `false` when there is no such grant.
    ///
    /// # Errors
    /// [`HouseError::LastAdmin`] when nobody would be left who may do everything.
    pub async fn delete_grant(&self, id: &str) -> Result<bool, HouseError> {
        let _alone = self.alone().await?;
        self.not_the_last_admin(Without { grant: Some(id), ..Without::default() }).await?;
        let found = self.store.delete_grant(id).await?;
        self.reload().await;
        Ok(found)
    }

    pub async fn add_team(&self, team: &TeamRow) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        Ok(self.store.add_team(team).await?)
    }

    /// `false` when there is no such team.
    ///
    /// # Errors
    /// As of [`House::delete_grant`].
    pub async fn delete_team(&self, name: &str) -> Result<bool, HouseError> {
        let _alone = self.alone().await?;
        self.not_the_last_admin(Without { team: Some(name), ..Without::default() }).await?;
        let found = self.store.delete_team(name).await?;
        self.reload().await;
        Ok(found)
    }

    pub async fn add_member(&self, _: &Alone<'_>, member: &MemberRow) -> Result<(), HouseError> {
        self.store.add_member(member).await?;
        self.reload().await;
        Ok(())
    }

    /// # Errors
    /// As of [`House::delete_grant`].
    pub async fn remove_member(&self, member: &MemberRow) -> Result<(), HouseError> {
        let _alone = self.alone().await?;
        self.not_the_last_admin(Without { member: Some(member), ..Without::default() }).await?;
        self.store.remove_member(member).await?;
        self.reload().await;
        Ok(())
    }

    /// Makes `teams` the teams that a provider puts a user in, no more and no fewer.
    pub async fn set_teams(&self, username: &str, source: &str, teams: &[String]) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        if self.store.set_teams(username, source, teams).await? {
            self.reload().await;
        }
        Ok(())
    }

    pub async fn add_role(&self, role: &RoleRow) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        self.store.add_role(role).await?;
        self.reload().await;
        Ok(())
    }

    /// `false` when there is no such role.
    pub async fn update_role(&self, _: &Alone<'_>, name: &str, summary: &str, permissions: &str) -> Result<bool, HouseError> {
        let found = self.store.update_role(name, summary, permissions).await?;
        self.reload().await;
        Ok(found)
    }

    /// Removes a role with the grants of it. `false` when there is no such role.
    pub async fn delete_role(&self, name: &str) -> Result<bool, HouseError> {
        let _alone = self.changes.lock().await;
        let found = self.store.delete_role(name).await?;
        self.reload().await;
        Ok(found)
    }

    /// Puts in the place of what the settings file declared at the last start what it declares now, and writes down what that changes.
    pub async fn apply_declared(&self, declared: &Declared) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        let before = self.declared().await?.words();
        let after = declared.words();
        let new = after.difference(&before).map(|words| format!("+ {words}"));
        let mut changes: Vec<String> = new.chain(before.difference(&after).map(|words| format!("- {words}"))).collect();
        if changes.len() > EACH_WRITTEN {
            changes = vec![format!("{} changes", changes.len())];
        }
        let mut entries = Vec::new();
        for about in changes {
            let told = match about.split_at_checked(2) {
                Some(("+ ", words)) => vec![field("declared", None, Some(words))],
                Some(("- ", words)) => vec![field("declared", Some(words), None)],
                _ => Vec::new(),
            };
            let mut entry = self.trail().begin_as(None, &by_itself(), &access::declared(about)).await?;
            entry.changed(told);
            entries.push(entry);
        }
        let done = self.store.apply_declared(declared, now_ms()).await;
        self.reload().await;
        for entry in entries {
            entry.finish(if done.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
        }
        Ok(done?)
    }

    /// Writes down in what the settings are not what they were at the last start: a record for each thing that they are about.
    pub async fn write_down_settings(&self, told: &Told) -> Result<(), HouseError> {
        let _alone = self.alone().await?;
        let kept = self.store.meta(SETTINGS).await?;
        let before: Told = kept.as_deref().and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
        let about: BTreeSet<&String> = before.keys().chain(told.keys()).filter(|about| before.get(*about) != told.get(*about)).collect();
        let mut entries = Vec::new();
        for about in about.into_iter().take(EACH_WRITTEN) {
            let mut entry = self.trail().begin_as(None, &by_itself(), &access::declared(about.clone())).await?;
            entry.changed(between(before.get(about), told.get(about)));
            entries.push(entry);
        }
        let done = self.store.set_meta(SETTINGS, &serde_json::to_string(told).unwrap_or_default()).await;
        for entry in entries {
            entry.finish(if done.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
        }
        Ok(done?)
    }

    /// What the settings file declared at the last start.
    async fn declared(&self) -> Result<Declared, HouseError> {
        let users = self.store.users().await?.into_iter().filter(|user| user.declared);
        Ok(Declared {
            users: users
                .map(|user| {
                    let kind = if user.is_robot() { "robot" } else { "user" };
                    (user.username, kind)
                })
                .collect(),
            teams: self.store.teams().await?.into_iter().filter(|team| team.declared).collect(),
            members: self.store.members().await?.into_iter().filter(|member| member.source == "settings").collect(),
            roles: self.store.roles().await?.into_iter().filter(|role| role.declared).collect(),
            grants: self.store.grants().await?.into_iter().filter(|grant| grant.declared).collect(),
        })
    }

    /// Makes sure that somebody who may do everything, and can sign in, is left without what is about to go.
    pub(super) async fn not_the_last_admin(&self, without: Without<'_>) -> Result<(), HouseError> {
        let can_sign_in = |user: &UserRow| !user.disabled && user.password_hash.is_some();
        let active: Vec<String> = self.store.users().await?.into_iter().filter(can_sign_in).map(|user| user.username).collect();
        let grants = self.store.grants().await?;
        let members = self.store.members().await?;
        let left = |without: Without| {
            let stays = |user: &String| active.contains(user) && without.user != Some(user.as_str());
            let member = |team: &String| {
                let mut of = members.iter().filter(|member| member.team == *team && without.member != Some(*member));
                without.team != Some(team.as_str()) && of.any(|member| stays(&member.username))
            };
            // One that ends by itself is no stay.
            let is_admin = |grant: &&GrantRow| {
                grant.role == "admin" && grant.scope == "all" && grant.until.is_none() && without.grant != Some(grant.id.as_str())
            };
            grants.iter().filter(is_admin).any(|grant| grant.username.as_ref().is_some_and(stays) || grant.team.as_ref().is_some_and(member))
        };
        if left(Without::default()) && !left(without) { Err(HouseError::LastAdmin) } else { Ok(()) }
    }
}
