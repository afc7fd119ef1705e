//! Who lives here: users, grants, sessions and tokens, kept in the store and held in memory. Whatever is changed here is
//! in force when the call returns, for live streams too.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    access::{Grant, Policy, Role, first_setup},
    audit::{Ending, Trail, TrailDown},
    authn::{Credential, Credentials, Origin, Principal, SESSION_ABSOLUTE_MS, password::Passwords, secret},
    clock::now_ms,
    operate::Operator,
    store::{self, Store, StoreError, certificates::CertificateRow, grants::GrantRow, sessions::SessionRow, tokens::TokenRow, users::UserRow},
};

/// Users, grants, sessions and tokens.
pub struct House {
    pub store: Store,
    pub credentials: Arc<Credentials>,
    pub passwords: Passwords,
    operator: Arc<Operator>,
    /// The SHA-256 of the set-up link's secret, until the first administrator exists.
    setup: Mutex<Option<secret::Hash>>,
    /// Held while something is changed: what is in force is to be what was written last, and what was checked is to hold still.
    changes: Mutex<()>,
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

/// The policy as the store has it.
pub async fn load_policy(store: &Store) -> store::Result<Policy> {
    let active = store.users().await?.into_iter().filter(|user| !user.disabled).map(|user| user.username);
    // A role that no longer exists grants nothing.
    let grants = store.grants().await?.into_iter().filter_map(|row| {
        let grant = Grant { id: row.id, user: row.username, role: Role::named(&row.role)?, scope: row.scope.parse().ok()? };
        Some(grant)
    });
    Ok(Policy::new(active, grants))
}

impl House {
    pub fn new(store: Store, credentials: Arc<Credentials>, operator: Arc<Operator>) -> Self {
        Self { store, credentials, passwords: Passwords::default(), operator, setup: Mutex::new(None), changes: Mutex::new(()) }
    }

    /// Puts in force what is written. Does not give up: a right that was taken away on disk must not go on.
    async fn reload(&self) {
        loop {
            match load_policy(&self.store).await {
                Ok(policy) => return self.operator.set_policy(policy),
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
        let entry = self.operator.trail().begin_as(None, origin, &first_setup(username, proof)).await?;
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
    pub async fn update_user(&self, username: &str, disabled: Option<bool>, hash: Option<&str>, keep: Option<&str>) -> Result<bool, HouseError> {
        let _alone = self.changes.lock().await;
        if disabled == Some(true) {
            self.not_the_last_admin(|grant| grant.username == username).await?;
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
        let _alone = self.changes.lock().await;
        self.not_the_last_admin(|grant| grant.username == username).await?;
        self.store.delete_user(username).await?;
        self.credentials.remove(|known| &*known.user == username);
        self.reload().await;
        Ok(())
    }

    pub async fn add_grant(&self, grant: &GrantRow) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        self.store.add_grant(grant).await?;
        self.reload().await;
        Ok(())
    }

    /// # Errors
    /// As of [`House::update_user`].
    pub async fn delete_grant(&self, id: &str) -> Result<bool, HouseError> {
        let _alone = self.changes.lock().await;
        self.not_the_last_admin(|grant| grant.id == id).await?;
        let found = self.store.delete_grant(id).await?;
        self.reload().await;
        Ok(found)
    }

    /// Makes sure that somebody who may do everything, and can sign in, is left without the grants that `goes` says of.
    async fn not_the_last_admin(&self, goes: impl Fn(&GrantRow) -> bool) -> Result<(), HouseError> {
        let can_sign_in = |user: &UserRow| !user.disabled && user.password_hash.is_some();
        let active: Vec<String> = self.store.users().await?.into_iter().filter(can_sign_in).map(|user| user.username).collect();
        let grants = self.store.grants().await?;
        let is_admin = |grant: &&GrantRow| grant.role == "admin" && grant.scope == "all" && active.contains(&grant.username);
        let (going, staying): (Vec<_>, Vec<_>) = grants.iter().filter(is_admin).partition(|grant| goes(grant));
        if going.is_empty() || !staying.is_empty() { Ok(()) } else { Err(HouseError::LastAdmin) }
    }

    /// Begins a session of `user`, whose password was right. Its id and secret are new at each sign-in, whatever cookie came.
    ///
    /// # Errors
    /// [`HouseError::Changed`] when the user is not any more what the password was compared with.
    pub async fn begin_session(&self, user: &UserRow, origin: &Origin, secret: String, id: String) -> Result<Made<SessionRow>, HouseError> {
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
    pub fn engine_gone(&self, name: &str) {
        self.credentials.remove(|known| known.engine.as_deref() == Some(name));
        self.operator.rights_changed();
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

    /// The principal of a client certificate, whose key was proved by the connection.
    pub fn certified(&self, fingerprint: &secret::Hash, origin: &Origin) -> Option<Principal> {
        let known = self.credentials.find_certificate(fingerprint)?;
        Some(Principal { subject: known.subject(), credential: known.credential.clone(), origin: origin.clone() })
    }
}
