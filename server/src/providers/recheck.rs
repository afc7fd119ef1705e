//! Asks providers again about people who have a session or a token, so that what a provider takes away ends without their coming.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{Provider, Providers};
use crate::{authn::NotVouched, clock::now_ms, house::House, store::identities::IdentityRow};

/// How often is looked for whom to ask about.
const EVERY: Duration = Duration::from_secs(5);
/// How long somebody may go on whose provider cannot be asked, in ms: a day.
pub const PATIENCE_MS: i64 = 24 * 3_600_000;

/// Asks again and again. Nothing that happens here ends it.
pub async fn recheck(providers: Arc<Providers>, house: Arc<House>) {
    loop {
        tokio::time::sleep(EVERY).await;
        // What a provider is asked again with works once: two who ask would take it from each other.
        if !house.store.is_leader() {
            continue;
        }
        // In a task of its own: should a provider's answer be the end of it, it is not the end of this.
        let round = tokio::spawn(round(providers.clone(), house.clone()));
        if round.await.is_err() {
            tracing::error!("Asking the sign-in providers again broke off.");
        }
    }
}

async fn round(providers: Arc<Providers>, house: Arc<House>) {
    let identities = match house.store.identities().await {
        Ok(identities) => identities,
        Err(error) => return tracing::warn!(%error, "Who came by a provider cannot be read."),
    };
    // Who is down is asked once a round: the others would only wait.
    let mut down = HashSet::new();
    for identity in identities.into_iter().filter(|identity| !identity.gone && house.credentials.has_any(&identity.username)) {
        let Some(provider) = providers.get(&identity.provider) else {
            let_go(&house, &identity, "came by a provider that is no more").await;
            continue;
        };
        let age = now_ms() - identity.checked_at;
        if age >= PATIENCE_MS {
            let_go(&house, &identity, "was not confirmed by the provider for a day").await;
        } else if age >= i64::from(provider.settings.check_every_s()) * 1000
            && !down.contains(&provider.name)
            && is_askable(&identity)
            && !ask(&providers, &house, &provider, &identity).await
        {
            down.insert(provider.name.clone());
        }
    }
}

/// Whether there is a way to ask: an OpenID provider that gave no refresh token is not asked again.
fn is_askable(identity: &IdentityRow) -> bool {
    identity.refresh.is_some() || identity.issuer.starts_with("ldap:")
}

/// `false` when the provider is down.
async fn ask(providers: &Providers, house: &House, provider: &Provider, identity: &IdentityRow) -> bool {
    match providers.ask_again(provider, identity).await {
        Ok(person) => {
            let done = house.stand_by(identity, providers.word(provider, &person)).await;
            if let Err(error) = done {
                tracing::warn!(%error, provider = provider.name, "What a provider says could not be followed.");
            }
            true
        }
        Err(NotVouched::Gone(_)) => {
            let_go(house, identity, "is not known to the provider any more").await;
            true
        }
        // Not theirs to answer for: a provider that is down, or set up wrongly, must not end everybody's work at once.
        Err(error) => {
            tracing::warn!(%error, provider = provider.name, "A provider gives no answer about somebody.");
            !matches!(error, NotVouched::Down(_))
        }
    }
}

async fn let_go(house: &House, identity: &IdentityRow, why: &str) {
    if let Err(error) = house.let_go(identity, why).await {
        tracing::error!(%error, "Somebody's rights could not be ended.");
    }
}
