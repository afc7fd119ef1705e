//! The sign-in providers there are: those that the settings declare and those that were added, made from what is kept.

mod recheck;
mod tests_of;

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use pilothouse_app::api::providers::{OIDC_CALLBACK, Provider as Shown, ProviderSettings};
use tokio::sync::Mutex;

use crate::{
    access::is_target_name,
    authn::{
        NotVouched, Person,
        ldap::Directory,
        oidc::{OidcProvider, Pendings},
    },
    config::ProviderSection,
    house::{
        House,
        identities::{NotAdmitted, Word},
    },
    seal::Seal,
    store::{Store, identities::IdentityRow, providers::ProviderRow, users::UserRow},
};
pub use recheck::recheck;
pub use tests_of::{Tests, step};

/// How people come by a provider.
pub enum Door {
    Oidc(OidcProvider),
    Ldap(Directory),
}

/// One provider in force.
pub struct Provider {
    pub name: String,
    pub settings: ProviderSettings,
    pub door: Door,
    pub declared: bool,
    /// What it is made with; never shown.
    secret: Option<String>,
}

/// Who may sign in with a password that is kept here, and whether the sign-in page offers it.
#[derive(Clone, Debug, Default)]
pub struct Local {
    pub hidden: bool,
    /// Who may all the same when it is hidden.
    pub break_glass: Vec<String>,
}

/// All providers in force, and what is under way at them.
pub struct Providers {
    all: ArcSwap<BTreeMap<String, Arc<Provider>>>,
    /// Held while one is added, changed or removed: the one in force is to be the one written last.
    pub changes: Mutex<()>,
    pub pendings: Pendings,
    pub tests: Tests,
    pub local: Local,
    external_url: String,
    seal: Seal,
}

/// Where a provider's secret is kept, for the seal.
fn place(name: &str) -> String {
    format!("providers/{name}/secret")
}

/// Where what a provider is asked again with is kept, for the seal.
fn refresh_place(issuer: &str, subject: &str) -> String {
    format!("identities/{issuer}/{subject}/refresh")
}

impl Local {
    /// Whether `username` may sign in with a password that is kept here.
    pub fn lets(&self, username: &str) -> bool {
        !self.hidden || self.break_glass.iter().any(|name| name == username)
    }
}

impl Providers {
    pub fn new(external_url: String, local: Local, seal: Seal) -> Self {
        Self { all: ArcSwap::default(), changes: Mutex::new(()), pendings: Pendings::default(), tests: Tests::default(), local, external_url, seal }
    }

    /// Puts in force what the settings declare and what was added. A declared name wins.
    ///
    /// # Errors
    /// One sentence each for what cannot be built.
    pub async fn load(&self, declared: &[ProviderSection], store: &Store) -> Result<(), Vec<String>> {
        let mut mistakes = Vec::new();
        for row in store.providers().await.map_err(|e| vec![e.to_string()])? {
            let name = row.name.clone();
            match self.read_row(row) {
                Ok(provider) => self.put(provider),
                Err(why) => mistakes.push(format!("provider {name}: {why}")),
            }
        }
        for section in declared {
            let made = section.read().and_then(|(settings, secret)| self.build(&section.name, settings, secret, true).map_err(|(_, why)| why));
            match made {
                Ok(provider) => self.put(provider),
                Err(why) => mistakes.push(format!("providers: {}: {why}", section.name)),
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Puts in force what another replica may have changed of the providers that were added.
    pub async fn read_again(&self, store: &Store) -> crate::store::Result<()> {
        let _alone = self.changes.lock().await;
        let rows = store.providers().await?;
        for gone in self.list().iter().filter(|provider| !provider.declared && !rows.iter().any(|row| row.name == provider.name)) {
            self.remove(&gone.name);
        }
        for row in rows.into_iter().filter(|row| self.get(&row.name).is_none_or(|provider| !provider.declared)) {
            let name = row.name.clone();
            match self.read_row(row) {
                Ok(provider) => self.put(provider),
                Err(why) => tracing::error!(provider = name, %why, "A provider that another replica changed cannot be used here."),
            }
        }
        Ok(())
    }

    fn read_row(&self, row: ProviderRow) -> Result<Provider, String> {
        let settings = serde_json::from_str(&row.settings).map_err(|_| "its settings cannot be read".to_owned())?;
        let secret = match &row.secret {
            Some(sealed) => Some(self.seal.open_sealed(&place(&row.name), sealed).map_err(|e| e.to_string())?),
            None => None,
        };
        self.build(&row.name, settings, secret, false).map_err(|(_, why)| why)
    }

    /// The row to keep of a provider.
    pub fn row(&self, provider: &Provider, created_at: i64) -> Result<ProviderRow, String> {
        let secret = match &provider.secret {
            Some(secret) => Some(self.seal.seal(&place(&provider.name), secret).map_err(|e| e.to_string())?),
            None => None,
        };
        let settings = serde_json::to_string(&provider.settings).map_err(|e| e.to_string())?;
        Ok(ProviderRow { name: provider.name.clone(), settings, secret, created_at })
    }

    /// # Errors
    /// The field that is wrong, and one sentence about it.
    pub fn build(&self, name: &str, settings: ProviderSettings, secret: Option<String>, declared: bool) -> Result<Provider, (&'static str, String)> {
        if !is_target_name(name) {
            return Err(("name", "A provider's name is 1 to 63 of a-z, 0-9 and -, and does not start with -.".to_owned()));
        }
        // Teams say so by this name of what the settings file declares.
        if name == "settings" {
            return Err(("name", "A provider cannot be called settings; choose another name.".to_owned()));
        }
        if settings.label.chars().count() > 60 || settings.label.chars().any(char::is_control) {
            return Err(("label", "A label has up to 60 plain characters.".to_owned()));
        }
        if !(10..=3_600).contains(&settings.check_every_s()) {
            return Err(("check_every_s", "A provider is asked again every 10 to 3600 seconds.".to_owned()));
        }
        if settings.group_teams.len() > 500 || settings.allowed_groups.len() > 500 {
            return Err(("group_teams", "Up to 500 groups can be named.".to_owned()));
        }
        let door = match (settings.oidc.clone(), settings.ldap.clone()) {
            (Some(oidc), None) => Door::Oidc(OidcProvider::new(oidc, secret.clone(), &self.redirect_uri(name))?),
            (None, Some(ldap)) => Door::Ldap(Directory::new(name, ldap, secret.clone())?),
            _ => return Err(("oidc", "A provider is either an OpenID provider or a directory: give one of `oidc` and `ldap`.".to_owned())),
        };
        Ok(Provider { name: name.to_owned(), settings, door, declared, secret })
    }

    fn redirect_uri(&self, name: &str) -> String {
        format!("{}{}", self.external_url, pilothouse_app::api::fill(OIDC_CALLBACK, &[name]))
    }

    /// Where a browser comes back to after it signed out at a provider.
    pub fn signed_out_uri(&self) -> String {
        format!("{}/sign-in", self.external_url)
    }

    pub fn get(&self, name: &str) -> Option<Arc<Provider>> {
        self.all.load().get(name).cloned()
    }

    /// All of them, by name.
    pub fn list(&self) -> Vec<Arc<Provider>> {
        self.all.load().values().cloned().collect()
    }

    pub fn put(&self, provider: Provider) {
        let provider = Arc::new(provider);
        self.all.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            all.insert(provider.name.clone(), provider.clone());
            all
        });
    }

    pub fn remove(&self, name: &str) {
        self.all.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            all.remove(name);
            all
        });
    }

    /// A provider as the contract shows it.
    pub fn shown(&self, provider: &Provider) -> Shown {
        Shown {
            name: provider.name.clone(),
            settings: provider.settings.clone(),
            secret: provider.secret.is_some(),
            declared: provider.declared,
            redirect_uri: self.redirect_uri(&provider.name),
            signed_out_uri: self.signed_out_uri(),
        }
    }

    /// What a provider says of somebody, for the house.
    fn word<'a>(&self, provider: &'a Provider, person: &'a Person) -> Word<'a> {
        let seal = |refresh: &String| self.seal.seal(&refresh_place(&person.issuer, &person.subject), refresh).ok();
        let refresh = person.refresh.as_ref().and_then(seal);
        Word { provider: &provider.name, settings: &provider.settings, person, refresh }
    }

    /// Who somebody is here that `provider` vouches for.
    pub async fn admit(&self, house: &House, provider: &Provider, person: &Person, origin: &crate::authn::Origin) -> Result<UserRow, NotAdmitted> {
        house.admit(self.word(provider, person), origin).await
    }

    /// Asks a provider again about somebody.
    async fn ask_again(&self, provider: &Provider, identity: &IdentityRow) -> Result<Person, NotVouched> {
        match &provider.door {
            Door::Ldap(directory) => directory.again(&identity.subject).await,
            Door::Oidc(oidc) => {
                let place = refresh_place(&identity.issuer, &identity.subject);
                let refresh = identity.refresh.as_ref().and_then(|sealed| self.seal.open_sealed(&place, sealed).ok());
                let Some(refresh) = refresh else { return Err(NotVouched::Down("There is nothing to ask this provider again with.".to_owned())) };
                oidc.again(&identity.subject, &refresh).await
            }
        }
    }

    /// Where somebody's browser ends their session at the provider too, if they came by one that has such a place.
    pub async fn sign_out(&self, provider: &str) -> Option<String> {
        match &self.get(provider)?.door {
            Door::Oidc(oidc) => oidc.sign_out(&self.signed_out_uri()).await,
            Door::Ldap(_) => None,
        }
    }
}

impl Provider {
    /// What the sign-in page calls it.
    pub fn label(&self) -> &str {
        if self.settings.label.is_empty() { &self.name } else { &self.settings.label }
    }

    /// The secret that is kept, as long as it would be used for the same as before.
    pub fn secret_for(&self, settings: &ProviderSettings) -> Option<String> {
        let same = match (&self.door, &settings.oidc, &settings.ldap) {
            (Door::Oidc(old), Some(new), None) => old.place() == (new.issuer.as_str(), new.client_id.as_str()),
            (Door::Ldap(old), None, Some(new)) => old.place() == (new.url.as_str(), new.bind_dn.as_str()),
            _ => false,
        };
        self.secret.clone().filter(|_| same)
    }
}
