//! The second factors of those who live here. Whatever is changed is in force when the call returns.

use std::time::Duration;

use super::{House, HouseError};
use crate::{
    authn::{
        Credential,
        factors::{Rule, Rules, recovery},
    },
    store::{self, factor_rules::FactorRuleRow, factors::FactorRow},
};

impl House {
    /// Puts in force which roles ask for a factor, and who has one.
    pub async fn load_factor_rules(&self) -> store::Result<()> {
        let rules = self.store.factor_rules().await?.into_iter().map(|row| Rule { role: row.role, tokens: row.tokens });
        let rules = Rules::new(rules, self.store.users_with_factors().await?);
        self.operator.set_factor_rules(rules);
        Ok(())
    }

    /// The same after a change. Does not give up: what was asked for on disk must not be left out.
    pub(super) async fn reload_factor_rules(&self) {
        while let Err(error) = self.load_factor_rules().await {
            tracing::error!(%error, "A change of second factors is written and not in force yet.");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Keeps a new factor, which proved the session `session` just now. With the first one come recovery codes, as they are shown.
    pub async fn add_factor(&self, factor: &FactorRow, session: &str) -> Result<Option<Vec<String>>, HouseError> {
        let _alone = self.changes.lock().await;
        let is_first = self.store.factors_of(&factor.username).await?.is_empty();
        let codes = if is_first { Some(recovery::codes()?) } else { None };
        let hashes: Option<Vec<_>> = codes.as_ref().map(|codes| codes.iter().map(|code| recovery::hash(code).to_vec()).collect());
        self.store.add_factor(factor, hashes.as_deref(), session).await?;
        self.credentials.proved(factor.created_at, |known| matches!(&known.credential, Credential::Session(id) if &**id == session));
        self.reload_factor_rules().await;
        Ok(codes)
    }

    /// Removes a factor: `false` when `username` has no such one. Without any left, no session of theirs counts as proved.
    pub async fn remove_factor(&self, username: &str, id: &str) -> Result<bool, HouseError> {
        let _alone = self.changes.lock().await;
        let left = self.store.delete_factor(username, id).await?;
        if left == Some(0) {
            self.credentials.proved(0, |known| &*known.user == username);
        }
        self.reload_factor_rules().await;
        Ok(left.is_some())
    }

    /// Removes all factors and sessions of a user.
    pub async fn reset_factors(&self, username: &str) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        self.store.reset_factors(username).await?;
        self.credentials.remove(|known| matches!(known.credential, Credential::Session(_)) && &*known.user == username);
        self.reload_factor_rules().await;
        Ok(())
    }

    /// New recovery codes in place of the old ones, as they are shown.
    pub async fn renew_recovery_codes(&self, username: &str) -> Result<Vec<String>, HouseError> {
        let _alone = self.changes.lock().await;
        let codes = recovery::codes()?;
        let hashes: Vec<_> = codes.iter().map(|code| recovery::hash(code).to_vec()).collect();
        self.store.renew_recovery_codes(username, &hashes).await?;
        Ok(codes)
    }

    pub async fn set_factor_rules(&self, rules: &[FactorRuleRow]) -> Result<(), HouseError> {
        let _alone = self.changes.lock().await;
        self.store.set_factor_rules(rules).await?;
        self.reload_factor_rules().await;
        Ok(())
    }
}
