//! Sign-in by an LDAP directory: search with an entry of our own, then bind as whoever was found.

mod connection;
mod groups;

use std::{sync::Arc, time::Duration};

use ldap3::{SearchEntry, ldap_escape};
use openidconnect::url::Url;
use pilothouse_app::api::providers::Ldap as Settings;
use rustls::ClientConfig;

use self::connection::Connection;
use super::{
    NotVouched, Person,
    oidc::{fit, nameless},
};
use crate::outgoing::tls;

/// How long one sign-in may take at the directory, from the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest name that is searched for, in bytes.
const LONGEST: usize = 256;

/// A directory.
pub struct Directory {
    name: String,
    settings: Settings,
    secret: Option<String>,
    tls: Arc<ClientConfig>,
}

/// Whoever was found.
struct Entry {
    dn: String,
    subject: String,
    username: String,
    claims: Vec<(String, String)>,
}

/// What stands for the issuer of those whom the directory of this name vouches for.
pub fn issuer(name: &str) -> String {
    format!("ldap:{name}")
}

impl Directory {
    /// # Errors
    /// The field that is wrong, and one sentence about it.
    pub fn new(name: &str, settings: Settings, secret: Option<String>) -> Result<Self, (&'static str, String)> {
        let url = Url::parse(&settings.url).map_err(|_| ("url", "The address must be ldaps://host:636 or ldap://host:389.".to_owned()))?;
        let host = url.host_str().unwrap_or_default();
        let plain = url.scheme() == "ldap" || url.scheme() == "ldaps";
        if !plain
            || host.is_empty()
            || !url.username().is_empty()
            || url.password().is_some()
            || !matches!(url.path(), "" | "/")
            || url.query().is_some()
        {
            return Err(("url", "The address must be ldaps://host:636 or ldap://host:389.".to_owned()));
        }
        if settings.plaintext && !(url.scheme() == "ldap" && tls::is_loopback(host)) {
            return Err(("plaintext", "Passwords go without TLS to this machine itself only.".to_owned()));
        }
        if settings.base_dn.trim().is_empty() {
            return Err(("base_dn", "Say below which entry people are searched, such as ou=people,dc=example,dc=com.".to_owned()));
        }
        if !settings.user_filter.is_empty() && !settings.user_filter.contains("{username}") {
            return Err(("user_filter", "The filter must hold {username}, such as (uid={username}).".to_owned()));
        }
        let filter = &settings.group_filter;
        if !filter.is_empty() && !filter.contains("{dn}") && !filter.contains("{username}") {
            return Err(("group_filter", "The filter must hold {dn} or {username}, such as (member={dn}).".to_owned()));
        }
        if !settings.bind_dn.is_empty() && secret.as_deref().unwrap_or_default().is_empty() {
            return Err(("secret", "The entry that searches needs its password: without one, a directory takes it for nobody.".to_owned()));
        }
        let tls = tls::client(&settings.ca).map_err(|why| ("ca", why))?;
        Ok(Self { name: name.to_owned(), settings, secret, tls })
    }

    /// Where and as whom the directory is searched: a password is for that alone.
    pub fn place(&self) -> (&str, &str) {
        (&self.settings.url, &self.settings.bind_dn)
    }

    /// Whoever has this name and this password.
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<Person, NotVouched> {
        // An empty password is a bind as nobody, which succeeds (RFC 4513, 5.1.2).
        if password.is_empty() || password.contains('\0') {
            return Err(NotVouched::Wrong);
        }
        self.in_time(async {
            let mut search = self.searching().await?;
            let entry = self.find(&mut search, username).await?.ok_or(NotVouched::Wrong)?;
            let mut own = Connection::open(&self.settings, self.tls.clone()).await?;
            own.bind(&entry.dn, password).await?;
            self.person(&mut search, entry).await
        })
        .await
    }

    /// Whoever has this name, without their password.
    pub async fn look(&self, username: &str) -> Result<Person, NotVouched> {
        self.in_time(async {
            let mut search = self.searching().await?;
            let entry = self.find(&mut search, username).await?;
            let entry = entry.ok_or_else(|| NotVouched::Refused("No entry, or not exactly one, matches this name.".to_owned()))?;
            self.person(&mut search, entry).await
        })
        .await
    }

    /// Whether the directory answers, and takes the entry that searches.
    pub async fn reach(&self) -> Result<(), NotVouched> {
        self.in_time(async { self.searching().await.map(|_| ()) }).await
    }

    /// Asks again about whoever `subject` is.
    pub async fn again(&self, subject: &str) -> Result<Person, NotVouched> {
        self.in_time(async {
            let gone = || NotVouched::Gone("The directory has no such entry any more.".to_owned());
            let mut search = self.searching().await?;
            let by_id = format!("({}={})", self.id_attribute(), self.id_in_filter(subject));
            let found = self.entry(&mut search, &by_id).await?.ok_or_else(gone)?;
            // The filter for people may say more than a name: that they are not locked, or that they work here.
            let entry = self.find(&mut search, &found.username).await?.filter(|entry| entry.subject == subject).ok_or_else(gone)?;
            self.person(&mut search, entry).await
        })
        .await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, NotVouched>>) -> Result<T, NotVouched> {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done,
            Err(_) => Err(NotVouched::Down(format!("The directory {} did not answer within 15 s.", self.name))),
        }
    }

    /// A connection bound as the entry that searches.
    async fn searching(&self) -> Result<Connection, NotVouched> {
        let mut search = Connection::open(&self.settings, self.tls.clone()).await?;
        if let Some(password) = self.secret.as_deref().filter(|_| !self.settings.bind_dn.is_empty()) {
            search.bind(&self.settings.bind_dn, password).await.map_err(|error| match error {
                NotVouched::Wrong => NotVouched::Down("The directory does not take the entry that searches, or its password.".to_owned()),
                other => other,
            })?;
        }
        Ok(search)
    }

    /// The one entry that `username` means; `None` when there is none, or more than one.
    async fn find(&self, search: &mut Connection, username: &str) -> Result<Option<Entry>, NotVouched> {
        let username = username.trim();
        if username.is_empty() || username.len() > LONGEST || username.chars().any(char::is_control) {
            return Ok(None);
        }
        let filter = self.user_filter().replace("{username}", &ldap_escape(username));
        self.entry(search, &filter).await
    }

    async fn entry(&self, search: &mut Connection, filter: &str) -> Result<Option<Entry>, NotVouched> {
        let attributes = [self.username_attribute(), self.id_attribute(), "cn", "displayName", "mail", "memberOf"];
        let Some(found) = search.one(&self.settings.base_dn, filter, &attributes).await? else { return Ok(None) };
        // Without a name of its own a bind would be one as nobody.
        if found.dn.is_empty() {
            return Ok(None);
        }
        let missing =
            |attribute: &str| NotVouched::Refused(format!("The entry {} has no attribute {attribute}, by which people are told apart.", found.dn));
        let username = text(&found, self.username_attribute()).ok_or_else(|| missing(self.username_attribute()))?;
        let subject = self.subject(&found).ok_or_else(|| missing(self.id_attribute()))?;
        let mut claims = vec![("dn".to_owned(), found.dn.clone())];
        claims.extend(found.attrs.iter().map(|(name, values)| (name.clone(), values.join(", ").chars().take(1_000).collect())));
        claims.sort();
        Ok(Some(Entry { dn: found.dn.clone(), subject, username, claims }))
    }

    async fn person(&self, search: &mut Connection, entry: Entry) -> Result<Person, NotVouched> {
        let groups = groups::of(&self.settings, search, &entry.dn, &entry.username).await?;
        let issuer = issuer(&self.name);
        let name = fit(&entry.username).unwrap_or_else(|| nameless(&issuer, &entry.subject));
        Ok(Person { issuer, subject: entry.subject, name, groups, second_factor: false, refresh: None, claims: entry.claims })
    }

    /// What stays when everything else of an entry changes. Active Directory's is bytes: shown in hexadecimal.
    fn subject(&self, found: &SearchEntry) -> Option<String> {
        let wanted = self.id_attribute();
        let same = |name: &String| name.eq_ignore_ascii_case(wanted);
        let plain = found.attrs.iter().find(|(name, _)| same(name)).and_then(|(_, values)| values.first());
        let bytes = found.bin_attrs.iter().find(|(name, _)| same(name)).and_then(|(_, values)| values.first().cloned());
        let bytes = bytes.or_else(|| plain.map(|text| text.as_bytes().to_vec()))?;
        if bytes.is_empty() || bytes.len() > 128 {
            return None;
        }
        let readable = !self.settings.active_directory && bytes.iter().all(|b| b.is_ascii_graphic());
        if readable { String::from_utf8(bytes).ok() } else { Some(bytes.iter().fold(String::new(), |text, b| text + &format!("{b:02x}"))) }
    }

    /// A subject as a filter has it.
    fn id_in_filter(&self, subject: &str) -> String {
        if !self.settings.active_directory {
            return ldap_escape(subject).into_owned();
        }
        subject.as_bytes().chunks(2).map(|pair| format!("\\{}", String::from_utf8_lossy(pair))).collect()
    }

    fn user_filter(&self) -> &str {
        match self.settings.user_filter.as_str() {
            // Not those that are switched off.
            "" if self.settings.active_directory => {
                "(&(objectCategory=person)(sAMAccountName={username})(!(userAccountControl:1.2.840.113556.1.4.803:=2)))"
            }
            "" => "(uid={username})",
            own => own,
        }
    }

    fn username_attribute(&self) -> &str {
        usual(&self.settings.username_attribute, if self.settings.active_directory { "sAMAccountName" } else { "uid" })
    }

    fn id_attribute(&self) -> &str {
        usual(&self.settings.id_attribute, if self.settings.active_directory { "objectGUID" } else { "entryUUID" })
    }
}

/// `text`, or what is usual when it is empty.
fn usual<'a>(text: &'a str, usual: &'a str) -> &'a str {
    if text.is_empty() { usual } else { text }
}

/// The first value of an attribute; servers spell its name as they like.
fn text(entry: &SearchEntry, attribute: &str) -> Option<String> {
    let found = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    found.and_then(|(_, values)| values.first().cloned()).filter(|value| !value.is_empty())
}
