//! Who lives here: users, grants, sessions and tokens, kept in the store and held in memory. Whatever is changed here is
//! in force when the call returns, for live streams too.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{
    access::{Grant, Policy, Role},
    authn::{Credential, Credentials, Origin, Principal, SESSION_ABSOLUTE_MS, password::Passwords, secret},
    clock::now_ms,
    operate::Operator,
    store::{Result, Store, grants::GrantRow, sessions::SessionRow, tokens::TokenRow, users::UserRow},
};

/// Users, grants, sessions and tokens.
pub struct House {
    pub store: Store,
    pub credentials: Arc<Credentials>,
    pub passwords: Passwords,
    operator: Arc<Operator>,
    /// The SHA-256 of the set-up link's secret, until the first administrator exists.
    setup: Mutex<Option<secret::Hash>>,
}

/// A secret that was just made, and its row.
pub struct Made<T> {
    pub secret: String,
    pub row: T,
}

/// The policy as the store has it.
pub async fn load_policy(store: &Store) -> Result<Policy> {
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
        Self { store, credentials, passwords: Passwords::default(), operator, setup: Mutex::new(None) }
    }

    async fn reload(&self) -> Result<()> {
        self.operator.set_policy(load_policy(&self.store).await?);
        Ok(())
    }

    /// The secret of a new set-up link, if the first administrator is still to be made.
    pub async fn open_setup(&self) -> std::result::Result<Option<String>, String> {
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

    /// Makes the first administrator: once in the life of the database.
    pub async fn make_first_admin(&self, username: &str, password_hash: &str, grant_id: &str) -> Result<()> {
        self.store.add_first_admin(username, password_hash, grant_id, now_ms()).await?;
        *self.setup.lock().await = None;
        self.reload().await
    }

    pub async fn add_user(&self, user: &UserRow) -> Result<()> {
        self.store.add_user(user).await?;
        self.reload().await
    }

    /// Changes a user; disabling them or changing their password ends their sessions. `keep` is a session that goes on.
    pub async fn update_user(&self, username: &str, disabled: Option<bool>, hash: Option<&str>, keep: Option<&str>) -> Result<bool> {
        let found = self.store.update_user(username, disabled, hash).await?;
        if disabled == Some(true) || hash.is_some() {
            self.store.delete_sessions_of(username, keep).await?;
            self.credentials.remove(|known| matches!(&known.credential, Credential::Session(id) if &*known.user == username && keep != Some(id)));
        }
        self.reload().await?;
        Ok(found)
    }

    pub async fn delete_user(&self, username: &str) -> Result<()> {
        self.store.delete_user(username).await?;
        self.credentials.remove(|known| &*known.user == username);
        self.reload().await
    }

    pub async fn add_grant(&self, grant: &GrantRow) -> Result<()> {
        self.store.add_grant(grant).await?;
        self.reload().await
    }

    pub async fn delete_grant(&self, id: &str) -> Result<bool> {
        let found = self.store.delete_grant(id).await?;
        self.reload().await?;
        Ok(found)
    }

    /// Begins a session. Its id and secret are new at each sign-in, whatever cookie came.
    pub async fn begin_session(&self, username: &str, origin: &Origin, secret: String, id: String) -> Result<Made<SessionRow>> {
        let now = now_ms();
        let row = SessionRow {
            id,
            hash: secret::hash(&secret).to_vec(),
            username: username.to_owned(),
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

    pub async fn end_session(&self, id: &str) -> Result<()> {
        self.store.delete_session(id).await?;
        self.credentials.remove(|known| matches!(&known.credential, Credential::Session(known) if &**known == id));
        self.operator.rights_changed();
        Ok(())
    }

    pub async fn add_token(&self, row: &TokenRow) -> Result<()> {
        self.store.add_token(row).await?;
        self.credentials.add_token(row);
        Ok(())
    }

    pub async fn revoke_token(&self, id: &str) -> Result<()> {
        self.store.delete_token(id).await?;
        self.credentials.remove(|known| matches!(&known.credential, Credential::Token(known) if &**known == id));
        self.operator.rights_changed();
        Ok(())
    }

    /// Forgets the tokens that were bound to an engine that is no more; the store has forgotten them already.
    pub fn engine_gone(&self, name: &str) {
        self.credentials.remove(|known| known.engine.as_deref() == Some(name));
        self.operator.rights_changed();
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
}
