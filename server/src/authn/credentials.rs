//! The credentials in force, in memory: a request is let in without a query.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use crate::{
    access::Subject,
    clock::now_ms,
    store::{Store, certificates::CertificateRow, sessions::SessionRow, tokens::TokenRow},
};

use super::{Credential, secret};

/// A session ends after this long without a request, in ms: 8 hours.
pub const SESSION_IDLE_MS: i64 = 8 * 3_600_000;
/// A session ends this long after signing in, in ms: 7 days.
pub const SESSION_ABSOLUTE_MS: i64 = 7 * 86_400_000;

/// A credential's id, and when it was last used.
pub type Used = (String, i64);

/// What was used since it was last written.
#[derive(Default)]
pub struct UsedSince {
    pub sessions: Vec<Used>,
    pub tokens: Vec<Used>,
    pub certificates: Vec<Used>,
}

/// One credential in force.
pub struct Known {
    pub credential: Credential,
    pub user: Arc<str>,
    /// The one engine it is good for.
    pub engine: Option<Arc<str>>,
    /// With whose rights it looks, if not with its owner's.
    viewing_as: RwLock<Option<Arc<str>>>,
    expires_at: i64,
    /// How long it may lie unused, in ms.
    idle_ms: Option<i64>,
    last_used: AtomicI64,
    /// When a second factor last proved it; 0 for never.
    proved_at: AtomicI64,
    /// `last_used` as it is on disk.
    written: AtomicI64,
}

impl Known {
    fn stands(&self, now: i64) -> bool {
        now < self.expires_at && self.idle_ms.is_none_or(|idle| now < self.last_used.load(Ordering::Relaxed) + idle)
    }

    pub fn subject(&self) -> Subject {
        let viewing_as = self.viewing_as.read().unwrap_or_else(PoisonError::into_inner).clone();
        match viewing_as {
            Some(user) => Subject { user, bound_to: self.engine.clone(), viewer: Some(self.user.clone()) },
            None => Subject { user: self.user.clone(), bound_to: self.engine.clone(), viewer: None },
        }
    }

    /// When a second factor last proved it; 0 for never.
    pub fn proved_at(&self) -> i64 {
        self.proved_at.load(Ordering::Relaxed)
    }

    pub fn last_used(&self) -> i64 {
        self.last_used.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Maps {
    by_hash: HashMap<secret::Hash, Arc<Known>>,
    /// Certificates, apart from the secrets: theirs are no secrets.
    by_fingerprint: HashMap<secret::Hash, Arc<Known>>,
    by_id: HashMap<String, Arc<Known>>,
}

/// Every session, token and certificate in force.
#[derive(Default)]
pub struct Credentials {
    maps: RwLock<Maps>,
}

impl Credentials {
    /// Reads what is in force from the store.
    pub async fn load(store: &Store) -> crate::store::Result<Self> {
        let credentials = Self::default();
        for session in store.sessions().await? {
            credentials.add_session(&session);
        }
        for token in store.tokens().await? {
            credentials.add_token(&token);
        }
        for certificate in store.certificates().await?.iter().filter(|row| row.revoked_at.is_none()) {
            credentials.add_certificate(certificate);
        }
        Ok(credentials)
    }

    /// Takes over what is kept, whoever wrote it: what came, what went, and how sessions stand. When something was last used is known better here.
    pub async fn read_again(&self, store: &Store) -> crate::store::Result<()> {
        let (sessions, tokens) = (store.sessions().await?, store.tokens().await?);
        let certificates: Vec<_> = store.certificates().await?.into_iter().filter(|row| row.revoked_at.is_none()).collect();
        let of_sessions = sessions.iter().map(|row| Credential::Session(row.id.as_str().into()));
        let of_tokens = tokens.iter().map(|row| Credential::Token(row.id.as_str().into()));
        let of_certificates = certificates.iter().map(|row| Credential::Certificate(row.id.as_str().into()));
        let kept: HashSet<String> = of_sessions.chain(of_tokens).chain(of_certificates).map(|credential| credential.to_string()).collect();
        self.remove(|known| !kept.contains(&known.credential.to_string()));
        for row in &sessions {
            match self.by_id(&Credential::Session(row.id.as_str().into())) {
                Some(known) => {
                    known.proved_at.store(row.factor_at, Ordering::Relaxed);
                    known.last_used.fetch_max(row.last_used_at, Ordering::Relaxed);
                    self.view_as(&row.id, row.viewing_as.as_deref());
                }
                None => self.add_session(row),
            }
        }
        for row in &tokens {
            let known = self.by_id(&Credential::Token(row.id.as_str().into()));
            if known.is_none_or(|known| known.expires_at != row.expires_at) {
                self.add_token(row);
            }
        }
        for row in certificates.iter().filter(|row| self.by_id(&Credential::Certificate(row.id.as_str().into())).is_none()) {
            self.add_certificate(row);
        }
        Ok(())
    }

    pub fn add_session(&self, row: &SessionRow) {
        let known = Known {
            credential: Credential::Session(row.id.as_str().into()),
            user: row.username.as_str().into(),
            viewing_as: RwLock::new(row.viewing_as.as_deref().map(Arc::from)),
            engine: None,
            expires_at: row.expires_at,
            idle_ms: Some(SESSION_IDLE_MS),
            last_used: AtomicI64::new(row.last_used_at),
            proved_at: AtomicI64::new(row.factor_at),
            written: AtomicI64::new(row.last_used_at),
        };
        self.add(&row.hash, known);
    }

    pub fn add_token(&self, row: &TokenRow) {
        let last = row.last_used_at.unwrap_or(0);
        let known = Known {
            credential: Credential::Token(row.id.as_str().into()),
            user: row.username.as_str().into(),
            viewing_as: RwLock::default(),
            engine: row.engine.as_deref().map(Arc::from),
            expires_at: row.expires_at,
            idle_ms: None,
            last_used: AtomicI64::new(last),
            proved_at: AtomicI64::new(0),
            written: AtomicI64::new(last),
        };
        self.add(&row.hash, known);
    }

    pub fn add_certificate(&self, row: &CertificateRow) {
        let last = row.last_used_at.unwrap_or(0);
        let known = Known {
            credential: Credential::Certificate(row.id.as_str().into()),
            user: row.username.as_str().into(),
            viewing_as: RwLock::default(),
            proved_at: AtomicI64::new(0),
            engine: row.engine.as_deref().map(Arc::from),
            expires_at: row.expires_at,
            idle_ms: None,
            last_used: AtomicI64::new(last),
            written: AtomicI64::new(last),
        };
        self.add(&row.fingerprint, known);
    }

    fn add(&self, hash: &[u8], known: Known) {
        let Ok(hash) = secret::Hash::try_from(hash) else { return };
        let known = Arc::new(known);
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        maps.by_id.insert(known.credential.to_string(), known.clone());
        let by = if matches!(known.credential, Credential::Certificate(_)) { &mut maps.by_fingerprint } else { &mut maps.by_hash };
        by.insert(hash, known);
    }

    /// The credential that `secret` is, if it is in force; it counts as used now.
    pub fn find(&self, secret: &str) -> Option<Arc<Known>> {
        let hash = secret::hash(secret);
        let known = self.maps.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(&hash)?.clone();
        Self::use_now(known)
    }

    /// The certificate of this fingerprint, whose key was proved by the connection, if it is in force; it counts as used now.
    pub fn find_certificate(&self, fingerprint: &secret::Hash) -> Option<Arc<Known>> {
        let known = self.maps.read().unwrap_or_else(PoisonError::into_inner).by_fingerprint.get(fingerprint)?.clone();
        Self::use_now(known)
    }

    /// The session or token of this id, if it is in force; it counts as used now.
    pub fn find_by_id(&self, credential: &Credential) -> Option<Arc<Known>> {
        Self::use_now(self.by_id(credential)?)
    }

    fn use_now(known: Arc<Known>) -> Option<Arc<Known>> {
        let now = now_ms();
        if !known.stands(now) {
            return None;
        }
        known.last_used.store(now, Ordering::Relaxed);
        Some(known)
    }

    /// Whether `credential` is still in force.
    pub fn stands(&self, credential: &Credential) -> bool {
        self.by_id(credential).is_some_and(|known| known.stands(now_ms()))
    }

    pub fn by_id(&self, credential: &Credential) -> Option<Arc<Known>> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&credential.to_string()).cloned()
    }

    /// Whether `user` has a session or a token that is in force.
    pub fn has_any(&self, user: &str) -> bool {
        let now = now_ms();
        self.maps.read().unwrap_or_else(PoisonError::into_inner).by_id.values().any(|known| &*known.user == user && known.stands(now))
    }

    /// Notes when a second factor last proved the sessions that `which` says of; 0 for never.
    pub fn proved(&self, at: i64, which: impl Fn(&Known) -> bool) {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        maps.by_id.values().filter(|known| which(known)).for_each(|known| known.proved_at.store(at, Ordering::Relaxed));
    }

    /// Lets a session look with the rights of `user`, or again with its owner's.
    pub fn view_as(&self, session: &str, user: Option<&str>) {
        if let Some(known) = self.by_id(&Credential::Session(session.into())) {
            *known.viewing_as.write().unwrap_or_else(PoisonError::into_inner) = user.map(Arc::from);
        }
    }

    /// Takes out of force what `gone` says of.
    pub fn remove(&self, gone: impl Fn(&Known) -> bool) {
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        maps.by_hash.retain(|_, known| !gone(known));
        maps.by_fingerprint.retain(|_, known| !gone(known));
        maps.by_id.retain(|_, known| !gone(known));
    }

    /// What was used since it was last written; forgets what has expired.
    pub fn used(&self) -> UsedSince {
        let now = now_ms();
        self.remove(|known| !known.stands(now));
        let mut all = UsedSince::default();
        for known in self.maps.read().unwrap_or_else(PoisonError::into_inner).by_id.values() {
            let used = known.last_used();
            if known.written.swap(used, Ordering::Relaxed) == used {
                continue;
            }
            match &known.credential {
                Credential::Session(id) => all.sessions.push((id.to_string(), used)),
                Credential::Token(id) => all.tokens.push((id.to_string(), used)),
                Credential::Certificate(id) => all.certificates.push((id.to_string(), used)),
            }
        }
        all
    }
}
