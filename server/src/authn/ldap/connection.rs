//! One connection to a directory. It turns to TLS before anything is said, and follows no referral.

use std::{sync::Arc, time::Duration};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use pilothouse_app::api::providers::Ldap as Settings;
use rustls::ClientConfig;
use tokio::task::JoinHandle;

use crate::authn::NotVouched;

/// How long one operation may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Result codes of RFC 4511.
const SIZE_LIMIT: u32 = 4;
const CONFIDENTIALITY: u32 = 13;
const NO_SUCH_OBJECT: u32 = 32;

pub struct Connection {
    ldap: Ldap,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn down(error: &LdapError) -> NotVouched {
    let why: String = error.to_string().chars().take(200).collect();
    NotVouched::Down(format!("The directory does not answer as it should: {why}."))
}

impl Connection {
    pub async fn open(settings: &Settings, tls: Arc<ClientConfig>) -> Result<Self, NotVouched> {
        let start_tls = settings.url.starts_with("ldap://") && !settings.plaintext;
        let how = LdapConnSettings::new().set_conn_timeout(PATIENCE).set_config(tls).set_starttls(start_tls);
        // When the directory refuses StartTLS this fails, and nothing was said yet.
        let open = LdapConnAsync::with_settings(how, &settings.url);
        let (connection, ldap) = match tokio::time::timeout(PATIENCE, open).await {
            Ok(Ok(open)) => open,
            Ok(Err(error)) => return Err(down(&error)),
            Err(_) => return Err(NotVouched::Down("The directory did not answer within 5 s.".to_owned())),
        };
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "A connection to a directory broke off.");
            }
        });
        Ok(Self { ldap, driver })
    }

    pub async fn bind(&mut self, dn: &str, password: &str) -> Result<(), NotVouched> {
        // Either of them empty is a bind as nobody.
        if dn.is_empty() || password.is_empty() {
            return Err(NotVouched::Wrong);
        }
        let answer = self.ldap.with_timeout(PATIENCE).simple_bind(dn, password).await.map_err(|error| down(&error))?;
        match answer.rc {
            0 => Ok(()),
            CONFIDENTIALITY => Err(NotVouched::Down("The directory takes passwords by TLS only.".to_owned())),
            // Wrong, locked, expired, not allowed to bind: whoever it is does not come in.
            _ => Err(NotVouched::Wrong),
        }
    }

    /// The only entry that `filter` matches; `None` when there is none, or more than one.
    pub async fn one(&mut self, base: &str, filter: &str, attributes: &[&str]) -> Result<Option<SearchEntry>, NotVouched> {
        let (mut found, more) = self.search(base, filter, attributes, 2).await?;
        let only = found.pop();
        Ok(only.filter(|_| found.is_empty() && !more))
    }

    /// At most `most` entries that `filter` matches, and whether there are more.
    pub async fn search(&mut self, base: &str, filter: &str, attributes: &[&str], most: usize) -> Result<(Vec<SearchEntry>, bool), NotVouched> {
        let limit = i32::try_from(most).unwrap_or(i32::MAX);
        let options = SearchOptions::new().sizelimit(limit).timelimit(5);
        let search = self.ldap.with_search_options(options).with_timeout(PATIENCE).search(base, Scope::Subtree, filter, attributes);
        let answer = search.await.map_err(|error| match error {
            LdapError::FilterParsing => NotVouched::Refused("The search filter that is set for the directory cannot be read.".to_owned()),
            error => down(&error),
        })?;
        let (entries, outcome) = (answer.0, answer.1);
        match outcome.rc {
            0 | SIZE_LIMIT => {}
            NO_SUCH_OBJECT => return Err(NotVouched::Refused(format!("The directory has nothing at {base}."))),
            code => return Err(NotVouched::Down(format!("The directory did not search: it answers {code}."))),
        }
        // A referral is not followed: another server would get to hear passwords.
        let real = entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        Ok((real.take(most).map(SearchEntry::construct).collect(), outcome.rc == SIZE_LIMIT))
    }
}
