//! What a provider publishes of itself: its discovery document and its keys, kept for a while.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::Http;
use crate::{
    authn::NotVouched,
    outgoing::{HttpError, tls::is_loopback},
};

/// How long what was read is good.
const GOOD: Duration = Duration::from_secs(3600);
/// How long a failure is remembered: whoever else comes need not wait for the same.
const BAD: Duration = Duration::from_secs(3);

/// What is read of the document besides what every provider has.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct More {
    pub end_session_endpoint: Option<String>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

pub type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Read = (Instant, Result<Arc<Metadata>, (bool, String)>);

/// The document of one provider, read when it is needed.
#[derive(Default)]
pub struct Known(Mutex<Option<Read>>);

impl Known {
    /// What is known, read anew when it is old, or not as young as `younger_than`.
    pub async fn get(&self, issuer: &str, http: &Http, younger_than: Option<Instant>) -> Result<Arc<Metadata>, NotVouched> {
        let mut known = self.0.lock().await;
        let fresh = match &*known {
            Some((at, Ok(_))) => at.elapsed() < GOOD && younger_than.is_none_or(|asked| *at >= asked),
            Some((at, Err(_))) => at.elapsed() < BAD,
            None => false,
        };
        if !fresh {
            let read = discover(issuer, http).await;
            *known = Some((Instant::now(), read.map(Arc::new)));
        }
        match known.as_ref().map(|(_, read)| read) {
            Some(Ok(metadata)) => Ok(metadata.clone()),
            Some(Err((true, why))) => Err(NotVouched::Down(why.clone())),
            Some(Err((false, why))) => Err(NotVouched::Refused(why.clone())),
            None => Err(NotVouched::Down("The provider was not asked.".to_owned())),
        }
    }
}

/// Reads the document and the keys. An error says whether the provider is merely down.
async fn discover(issuer: &str, http: &Http) -> Result<Metadata, (bool, String)> {
    let url = IssuerUrl::new(issuer.to_owned()).map_err(|e| (false, format!("The issuer is no address: {e}.")))?;
    let metadata = Metadata::discover_async(url, http).await.map_err(|error| match error {
        DiscoveryError::Request(HttpError::Address(why)) => (false, format!("The provider names {why}, which is no https:// address.")),
        DiscoveryError::Request(why) => (true, format!("The provider does not answer: {why}.")),
        DiscoveryError::Response(status, ..) => (true, format!("The provider's discovery document or its keys cannot be read: it answers {status}.")),
        DiscoveryError::Parse(why) => (false, format!("The provider's discovery document or its keys cannot be read: {}.", why.inner())),
        DiscoveryError::Validation(_) => (false, "The provider's discovery document names another issuer than the one that is set here.".to_owned()),
        other => (false, format!("The provider's discovery document cannot be used: {other}.")),
    })?;
    let authorize = metadata.authorization_endpoint().url();
    let safe = authorize.scheme() == "https" || authorize.scheme() == "http" && authorize.host_str().is_some_and(is_loopback);
    if !safe {
        return Err((false, "The provider's sign-in page has no https:// address.".to_owned()));
    }
    Ok(metadata)
}
