//! Whom sign-in providers send: who they are here, which teams they are in by it, and when nobody stands by them any more.

use std::collections::BTreeSet;

use pilothouse_app::api::providers::ProviderSettings;

use super::{House, HouseError, by_itself};
use crate::{
    access::told_by,
    audit::{Ending, field},
    authn::{Origin, Person},
    clock::now_ms,
    store::{StoreError, identities::IdentityRow, users::UserRow},
};

/// How many names are tried for a new user, when others have them already.
const NAMES: usize = 20;

/// What a provider said of somebody just now.
pub struct Word<'a> {
    pub provider: &'a str,
    pub settings: &'a ProviderSettings,
    pub person: &'a Person,
    /// What to ask again with, sealed.
    pub refresh: Option<Vec<u8>>,
}

/// Why somebody whom a provider vouches for does not come in.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    #[error("You have no account here, and this provider makes none. Ask an administrator.")]
    Unknown,
    #[error("You are in none of the groups that may come in here.")]
    NotInGroup,
    #[error("Your account here is disabled.")]
    Disabled,
    #[error("No free username could be found for you. Ask an administrator.")]
    NoName,
    #[error(transparent)]
    House(#[from] HouseError),
}

impl From<StoreError> for NotAdmitted {
    fn from(error: StoreError) -> Self {
        Self::House(error.into())
    }
}

/// Whether the groups let somebody in.
pub fn in_allowed_group(settings: &ProviderSettings, groups: &BTreeSet<String>) -> bool {
    settings.allowed_groups.is_empty() || settings.allowed_groups.iter().any(|group| groups.contains(group))
}

/// The teams that groups mean.
pub fn teams_of(settings: &ProviderSettings, groups: &BTreeSet<String>) -> BTreeSet<String> {
    settings.group_teams.iter().filter(|(group, _)| groups.contains(*group)).map(|(_, team)| team.clone()).collect()
}

impl House {
    /// Who somebody is here that just signed in at a provider; makes a user of whoever comes for the first time. Their teams by a
    /// provider are exactly what their groups say now, and in force when this returns.
    ///
    /// They are found by issuer and subject alone. A name, or an e-mail address, joins nobody to anybody.
    pub async fn admit(&self, word: Word<'_>, origin: &Origin) -> Result<UserRow, NotAdmitted> {
        let _alone = self.changes.lock().await;
        let Person { issuer, subject, groups, .. } = word.person;
        let known = self.store.identity(issuer, subject).await?;
        if !in_allowed_group(word.settings, groups) {
            if let Some(known) = known.filter(|known| !known.gone) {
                self.end_it(&known, "is in no group that may come in", origin).await?;
            }
            return Err(NotAdmitted::NotInGroup);
        }
        let identity = match known {
            Some(known) => known,
            None if word.settings.create_users() => self.newcomer(&word, origin).await?,
            None => return Err(NotAdmitted::Unknown),
        };
        let user = self.store.user(&identity.username).await?.ok_or(NotAdmitted::Unknown)?;
        if user.disabled {
            return Err(NotAdmitted::Disabled);
        }
        let now = now_ms();
        // Some give what to ask again with at the first sign-in only.
        let refresh = word.refresh.clone().or_else(|| identity.refresh.clone());
        let identity = IdentityRow { provider: word.provider.to_owned(), last_at: now, checked_at: now, refresh, ..identity };
        self.follow(&identity, teams_of(word.settings, groups), origin).await?;
        Ok(user)
    }

    /// The same for somebody who was only asked about. `false` when that ends their rights.
    pub async fn stand_by(&self, identity: &IdentityRow, word: Word<'_>) -> Result<bool, HouseError> {
        let _alone = self.changes.lock().await;
        // They may have signed in, or have been removed, while the provider was asked.
        let Some(known) = self.store.identity(&identity.issuer, &identity.subject).await? else { return Ok(false) };
        if known.gone || known.last_at != identity.last_at {
            return Ok(!known.gone);
        }
        if !in_allowed_group(word.settings, &word.person.groups) {
            self.end_it(&known, "is in no group that may come in", &by_itself()).await?;
            return Ok(false);
        }
        let identity = IdentityRow { checked_at: now_ms(), refresh: word.refresh.clone(), ..known };
        self.follow(&identity, teams_of(word.settings, &word.person.groups), &by_itself()).await?;
        Ok(true)
    }

    /// Ends what somebody may do by a provider: their sessions, and all that their tokens may, until they sign in again.
    pub async fn let_go(&self, identity: &IdentityRow, why: &str) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        let now = self.store.identity(&identity.issuer, &identity.subject).await?;
        match now.filter(|now| !now.gone && now.last_at == identity.last_at) {
            Some(now) => self.end_it(&now, why, &by_itself()).await,
            None => Ok(()),
        }
    }

    /// Writes down and puts in force what a provider says of somebody. What changes nothing is not written down.
    async fn follow(&self, identity: &IdentityRow, teams: BTreeSet<String>, origin: &Origin) -> Result<(), HouseError> {
        let before = self.store.teams_by_provider(&identity.username).await?;
        let after = self.store.existing_teams(&teams).await?;
        if before == after && !identity.gone {
            self.store.stand_by(identity, &after).await?;
            return Ok(());
        }
        let joined = after.difference(&before).map(|team| format!(" +{team}"));
        let left = before.difference(&after).map(|team| format!(" -{team}"));
        let changes: String = joined.chain(left).collect();
        let permit = told_by(&identity.provider, format!("{}{changes}", identity.username));
        let mut entry = self.trail().begin_as(None, origin, &permit).await?;
        let names =
            |teams: &BTreeSet<String>| Some(teams.iter().map(String::as_str).collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty());
        entry.changed(vec![field("teams", names(&before).as_deref(), names(&after).as_deref())]);
        let done = self.store.stand_by(identity, &after).await;
        self.reload().await;
        entry.finish(if done.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
        Ok(done?)
    }

    async fn end_it(&self, identity: &IdentityRow, why: &str, origin: &Origin) -> Result<(), HouseError> {
        let username = &identity.username;
        let mut entry = self.trail().begin_as(None, origin, &told_by(&identity.provider, format!("{username} {why}"))).await?;
        entry.changed(vec![field("stands", Some("yes"), None)]);
        let done = self.store.let_go(username).await;
        if done.is_ok() {
            self.credentials.remove(|known| matches!(known.credential, crate::authn::Credential::Session(_)) && &*known.user == username);
        }
        self.reload().await;
        entry.finish(if done.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
        Ok(done?)
    }

    /// Makes a user of whoever comes for the first time. A name that somebody has already is theirs: the newcomer gets another.
    async fn newcomer(&self, word: &Word<'_>, origin: &Origin) -> Result<IdentityRow, NotAdmitted> {
        let now = now_ms();
        let (name, provider) = (&word.person.name, word.provider);
        let others = (2..NAMES).map(|n| format!("{name}-{n}"));
        for username in [name.clone(), format!("{name}-{provider}")].into_iter().chain(others).filter(|name| name.len() <= 64) {
            if self.store.user(&username).await?.is_some() {
                continue;
            }
            let identity = IdentityRow {
                issuer: word.person.issuer.clone(),
                subject: word.person.subject.clone(),
                provider: provider.to_owned(),
                username,
                created_at: now,
                last_at: now,
                checked_at: now,
                refresh: None,
                gone: false,
            };
            let permit = told_by(provider, format!("{} is new", identity.username));
            let mut entry = self.trail().begin_as(None, origin, &permit).await.map_err(HouseError::from)?;
            entry.changed(vec![field("username", None, Some(&identity.username))]);
            let made = self.store.add_identity(&identity).await;
            self.reload().await;
            entry.finish(if made.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
            made?;
            return Ok(identity);
        }
        Err(NotAdmitted::NoName)
    }
}
