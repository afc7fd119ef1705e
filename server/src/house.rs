//! Who lives here: users, grants, sessions and tokens, kept in the store and held in memory. Whatever is changed here is
//! in force when the call returns, for live streams too.

mod access;
mod factors;
pub mod identities;

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, MutexGuard};

use access::Without;

use crate::{
    access::{Facts, Grant, Holder, Permission, Policy, Role, Roles, first_setup},
    audit::{Ending, Trail, TrailDown, field},
    authn::{Credential, Credentials, Door, Origin, Principal, SESSION_ABSOLUTE_MS, factors::Factors, password::Passwords, secret},
    backends::{Engines, Registries},
    clock::now_ms,
    operate::Operator,
    store::{
        self, Store, StoreError, certificates::CertificateRow, grants::GrantRow, roles::RoleRow, sessions::SessionRow, tokens::TokenRow,
        users::UserRow,
    },
};

/// Users, grants, sessions and tokens.
pub struct House {
    pub store: Store,
    pub credentials: Arc<Credentials>,
    pub passwords: Passwords,
    /// What is begun with second factors, and what their secrets are sealed with.
    pub factors: Factors,
    operator: Arc<Operator>,
    engines: Arc<Engines>,
    registries: Arc<Registries>,
    /// The SHA-256 of the set-up link's secret, until the first administrator exists.
    setup: Mutex<Option<secret::Hash>>,
    /// Held while something is changed: what is in force is to be what was written last, and what was checked is to hold still.
    changes: Mutex<()>,
}

/// That nobody else changes anything meanwhile. Whoever looks first whether a change gives more than is held looks with this in hand: two
/// changes at once could each be right by what was there before the other.
pub struct Alone<'a> {
    _here: MutexGuard<'a, ()>,
    _everywhere: Option<store::Everywhere>,
}

/// Where it comes from what nobody asked for: a provider that is asked again, a settings file at a start.
fn by_itself() -> Origin {
    Origin { door: Door::Start, address: "-".into(), client: "".into() }
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// Nobody would be left who may do everything.
    #[error("this would leave nobody who may do everything")]
    LastAdmin,
    /// Somebody else changed it in the meantime.
    #[error("it was changed in the meantime")]
    Changed,
    #[error("the audit trail cannot be written")]
    TrailDown,
    #[error(transparent)]
    NoRandomness(#[from] secret::NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TrailDown> for HouseError {
    fn from(_: TrailDown) -> Self {
        Self::TrailDown
    }
}

/// A secret that was just made, and its row.
pub struct Made<T> {
    pub secret: String,
    pub row: T,
}

/// A change of rights that is tried out, and not made.
#[derive(Default)]
pub struct Proposal {
    /// A role as it is to be: one that there is, or a new one.
    pub role: Option<Role>,
    /// A grant that is to be made.
    pub grant: Option<GrantRow>,
    /// The id of a grant that is to be taken back.
    pub without: Option<String>,
}

/// The policy as the store has it, on these engines and registries.
pub async fn load_policy(store: &Store, engines: &Engines, registries: &Registries) -> store::Result<Policy> {
    policy_with(store, engines, registries, Proposal::default()).await
}

/// The policy as it would be.
pub async fn policy_with(store: &Store, engines: &Engines, registries: &Registries, proposal: Proposal) -> store::Result<Policy> {
    let Proposal { role, grant, without } = proposal;
    let changed = role.as_ref().map(|role| role.name.clone());
    let kept = store.roles().await?.into_iter().map(role_of).filter(|role| changed.as_ref() != Some(&role.name));
    let roles = Roles::with(kept.chain(role));
    let gone = store.gone_users().await?;
    let may = |user: &UserRow| !user.disabled && !gone.contains(&user.username);
    let users = store.users().await?.into_iter().map(|user| (user.username.clone(), may(&user))).collect();
    let members = store.members().await?.into_iter().map(|member| (member.team, member.username)).collect();
    // A role that no longer exists grants nothing.
    let rows = store.grants().await?.into_iter().filter(|row| without.as_ref() != Some(&row.id)).chain(grant);
    let grants = rows.filter_map(|row| {
        let holder = match (row.username, row.team) {
            (Some(user), None) => Holder::User(user),
            (None, Some(team)) => Holder::Team(team),
            _ => return None,
        };
        Some(Grant { id: row.id, holder, role: roles.named(&row.role)?.clone(), scope: row.scope.parse().ok()?, until: row.until })
    });
    let grants = grants.collect();
    let engines = engines.list().into_iter().map(|engine| (engine.name.clone(), engine.labels.clone())).collect();
    let registries = registries.list().into_iter().map(|registry| (registry.name.clone(), registry.labels.clone())).collect();
    Ok(Policy::new(Facts { users, members, grants, roles, engines, registries }))
}

/// A role as it is kept. A permission that there is not any more gives nothing.
fn role_of(row: RoleRow) -> Role {
    let names: Vec<String> = serde_json::from_str(&row.permissions).unwrap_or_default();
    let permissions = names.iter().filter_map(|name| Permission::named(name)).collect();
    Role { name: row.name, summary: row.summary, permissions, built_in: false }
}

impl House {
    pub fn new(
        store: Store,
        credentials: Arc<Credentials>,
        operator: Arc<Operator>,
        engines: Arc<Engines>,
        registries: Arc<Registries>,
        passwords: Passwords,
        factors: Factors,
    ) -> Self {
        Self { store, credentials, passwords, factors, operator, engines, registries, setup: Mutex::new(None), changes: Mutex::new(()) }
    }

    /// Puts in force what is written. Does not give up: a right that was taken away on disk must not go on.
    async fn reload(&self) {
        loop {
            match load_policy(&self.store, &self.engines, &self.registries).await {
                Ok(policy) => {
                    self.operator.set_policy(policy);
                    return self.reload_factor_rules().await;
                }
                Err(error) => {
                    tracing::error!(%error, "A change is written and not in force yet.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// The secret of a new set-up link, if the first administrator is still to be made.
    pub async fn open_setup(&self) -> Result<Option<String>, String> {
        if self.store.is_set_up().await.map_err(|e| e.to_string())? {
            return Ok(None);
        }
        let link = secret::random(43).map_err(|e| e.to_string())?;
        *self.setup.lock().await = Some(secret::hash(&link));
        Ok(Some(link))
    }

    /// Whether `link` is the secret of the set-up link. The comparison is of hashes, so its time tells nothing.
    pub async fn is_setup_link(&self, link: &str) -> bool {
        self.setup.lock().await.is_some_and(|hash| hash == secret::hash(link))
    }

    /// Makes the first administrator: once in the life of the database. `proof` is what showed that whoever asks holds the machine.
    pub async fn make_first_admin(&self, username: &str, password_hash: &str, proof: &str, origin: &Origin) -> Result<(), HouseError> {
        let id = secret::id()?;
        let mut entry = self.operator.trail().begin_as(None, origin, &first_setup(username, proof)).await?;
        entry.changed(vec![field("username", None, Some(username)), field("role", None, Some("admin on all"))]);
        let _alone = self.changes.lock().await;
        let made = async {
            self.store.add_first_admin(username, password_hash, &id, now_ms()).await?;
            *self.setup.lock().await = None;
            self.reload().await;
            Ok(())
        };
        let made: store::Result<()> = made.await;
        entry.finish(match &made {
            Ok(()) => Ending::ok(200),
            Err(StoreError::Exists) => Ending::failed(409),
            Err(_) => Ending::failed(503),
        });
        Ok(made?)
    }

    /// Waits until nobody else changes anything, at any replica. What they changed before is in force here then.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn alone(&self) -> store::Result<Alone<'_>> {
        let here = self.changes.lock().await;
        let everywhere = self.store.alone().await?;
        if everywhere.is_some() {
            self.reload().await;
        }
        Ok(Alone { _here: here, _everywhere: everywhere })
    }

    /// Puts in force what another replica may have changed of users and their rights.
    pub async fn rights_were_changed(&self) {
        let _alone = self.changes.lock().await;
        self.reload().await;
    }

    /// Puts in force what another replica may have changed of sessions, tokens and certificates.
    pub async fn credentials_were_changed(&self) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.credentials.read_again(&self.store).await?;
        self.operator.rights_changed();
        Ok(())
    }

    /// Looks whether a cookie or token that is not known here was made by another replica just now, or used there all the time.
    pub async fn learn(&self, secret: &str) {
        if !self.store.is_shared() || self.credentials.find(secret).is_some() {
            return;
        }
        if let Err(error) = self.learn_of(&secret::hash(secret)).await {
            tracing::warn!(%error, "It cannot be looked up whether a credential is known elsewhere.");
        }
    }

    async fn learn_of(&self, hash: &secret::Hash) -> store::Result<()> {
        // What is wrong keeps nobody waiting.
        if self.store.token_of(hash).await?.is_none() && self.store.session_of(hash).await?.is_none() {
            return Ok(());
        }
        let _alone = self.changes.lock().await;
        if let Some(row) = self.store.token_of(hash).await? {
            self.credentials.add_token(&row);
        }
        if let Some(row) = self.store.session_of(hash).await? {
            self.credentials.add_session(&row);
        }
        Ok(())
    }

    pub async fn add_user(&self, user: &UserRow) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        self.store.add_user(user).await?;
        self.reload().await;
        Ok(())
    }

    /// Changes a user; disabling them or changing their password ends their sessions. `keep` is a session that goes on.
    ///
    /// # Errors
    /// [`HouseError::LastAdmin`] when nobody would be left who may do everything.
    pub async fn update_user(
        &self,
        _: &Alone<'_>,
        username: &str,
        disabled: Option<bool>,
        hash: Option<&str>,
        keep: Option<&str>,
    ) -> Result<bool, HouseError> {
        if disabled == Some(true) {
            self.not_the_last_admin(Without { user: Some(username), ..Without::default() }).await?;
        }
        let found = self.store.update_user(username, disabled, hash, keep).await?;
        if disabled == Some(true) || hash.is_some() {
            self.credentials.remove(|known| matches!(&known.credential, Credential::Session(id) if &*known.user == username && keep != Some(id)));
        }
        self.reload().await;
        Ok(found)
    }

    /// # Errors
    /// As of [`House::update_user`].
    pub async fn delete_user(&self, username: &str) -> Result<(), HouseError> {
        let _alone = self.alone().await?;
        self.not_the_last_admin(Without { user: Some(username), ..Without::default() }).await?;
        self.store.delete_user(username).await?;
        self.credentials.remove(|known| &*known.user == username);
        self.reload().await;
        Ok(())
    }

    /// Begins a session of `user`, whose password was right, or who proved by `factor` who they are (empty when they did not). Its id
    /// and secret are new at each sign-in, whatever cookie came.
    ///
    /// # Errors
    /// [`HouseError::Changed`] when the user is not any more what the password was compared with.
    pub async fn begin_session(
        &self,
        user: &UserRow,
        origin: &Origin,
        secret: String,
        id: String,
        factor: &str,
    ) -> Result<Made<SessionRow>, HouseError> {
        let _alone = self.changes.lock().await;
        let same = |now: &UserRow| !now.disabled && now.password_hash == user.password_hash;
        if !self.store.user(&user.username).await?.is_some_and(|now| same(&now)) {
            return Err(HouseError::Changed);
        }
        let now = now_ms();
        let row = SessionRow {
            id,
            hash: secret::hash(&secret).to_vec(),
            username: user.username.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now + SESSION_ABSOLUTE_MS,
            address: origin.address.to_string(),
            client: origin.client.to_string(),
            factor: factor.to_owned(),
            factor_at: if factor.is_empty() { 0 } else { now },
            viewing_as: None,
        };
        self.store.add_session(&row).await?;
        self.credentials.add_session(&row);
        Ok(Made { secret, row })
    }

    pub async fn end_session(&self, id: &str) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.delete_session(id).await?;
        self.credentials.remove(|known| matches!(&known.credential, Credential::Session(known) if &**known == id));
        self.operator.rights_changed();
        Ok(())
    }

    pub async fn add_token(&self, row: &TokenRow) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.add_token(row).await?;
        self.credentials.add_token(row);
        Ok(())
    }

    /// Lets a token end at `at`, if it does not end sooner.
    pub async fn shorten_token(&self, row: &TokenRow, at: i64) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        let row = TokenRow { expires_at: row.expires_at.min(at), ..row.clone() };
        self.store.set_token_expiry(&row.id, row.expires_at).await?;
        self.credentials.add_token(&row);
        self.operator.rights_changed();
        Ok(())
    }

    pub async fn revoke_token(&self, id: &str) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.delete_token(id).await?;
        self.credentials.remove(|known| matches!(&known.credential, Credential::Token(known) if &**known == id));
        self.operator.rights_changed();
        Ok(())
    }

    pub async fn add_certificate(&self, row: &CertificateRow) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.add_certificate(row).await?;
        self.credentials.add_certificate(row);
        Ok(())
    }

    pub async fn revoke_certificate(&self, id: &str) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.revoke_certificate(id, now_ms()).await?;
        self.credentials.remove(|known| matches!(&known.credential, Credential::Certificate(known) if &**known == id));
        self.operator.rights_changed();
        Ok(())
    }

    /// Forgets the tokens and certificates that were bound to an engine that is no more; the store has forgotten them already.
    pub async fn engine_gone(&self, name: &str) {
        self.credentials.remove(|known| known.engine.as_deref() == Some(name));
        self.targets_changed().await;
    }

    /// An engine or a registry came, went or has other labels: grants on labels may reach it now, or not any more.
    pub async fn targets_changed(&self) {
        let _alone = self.changes.lock().await;
        self.reload().await;
    }

    /// Lets a session look with the rights of `user`, or again with its owner's.
    pub async fn view_as(&self, session: &str, user: Option<&str>) -> store::Result<()> {
        let _alone = self.changes.lock().await;
        self.store.set_viewing_as(session, user).await?;
        self.credentials.view_as(session, user);
        self.operator.rights_changed();
        Ok(())
    }

    /// Where what happens here is written down.
    pub fn trail(&self) -> &Trail {
        self.operator.trail()
    }

    /// Ends every live stream: Pilothouse stops.
    pub fn end_streams(&self) {
        self.operator.stop();
    }

    /// The principal of a session cookie or a token.
    pub fn principal(&self, secret: &str, origin: &Origin) -> Option<Principal> {
        let known = self.credentials.find(secret)?;
        Some(Principal { subject: known.subject(), credential: known.credential.clone(), origin: origin.clone() })
    }

    /// The principal of a credential that stands behind something which was shown, such as a token for a registry, if it is in force.
    pub fn behind(&self, credential: &Credential, origin: &Origin) -> Option<Principal> {
        let known = self.credentials.find_by_id(credential)?;
        Some(Principal { subject: known.subject(), credential: known.credential.clone(), origin: origin.clone() })
    }

    /// The principal of a client certificate, whose key was proved by the connection.
    pub fn certified(&self, fingerprint: &secret::Hash, origin: &Origin) -> Option<Principal> {
        let known = self.credentials.find_certificate(fingerprint)?;
        Some(Principal { subject: known.subject(), credential: known.credential.clone(), origin: origin.clone() })
    }
}
