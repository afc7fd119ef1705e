//! Sign-in by OpenID Connect: the authorization code flow with PKCE, state and nonce, and nothing else.

mod claims;
mod exchange;
mod metadata;
mod pending;
mod verify;

pub use claims::{fit, nameless};
pub use exchange::Callback;
pub use pending::{LASTS, Pending, Pendings};

use std::{pin::Pin, sync::Arc, time::Instant};

use openidconnect::{
    AsyncHttpClient, AuthType, Client, ClientId, ClientSecret, EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, RedirectUrl, StandardErrorResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenResponse,
    },
};
use pilothouse_app::api::{
    presets::{Preset, preset},
    providers::Oidc,
};
use rustls::ClientConfig;

use self::metadata::{Known, Metadata};
use super::NotVouched;
use crate::outgoing::{HttpError, send, tls};

/// The client as a discovery document makes it.
type Made = Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    CoreTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How the library's requests are sent.
pub struct Http(Arc<ClientConfig>);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send(self.0.clone(), request))
    }
}

/// An OpenID provider.
pub struct OidcProvider {
    settings: Oidc,
    preset: &'static Preset,
    secret: Option<String>,
    redirect: RedirectUrl,
    http: Http,
    known: Known,
}

impl OidcProvider {
    /// # Errors
    /// The field that is wrong, and one sentence about it.
    pub fn new(settings: Oidc, secret: Option<String>, redirect_uri: &str) -> Result<Self, (&'static str, String)> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| ("issuer", "The issuer must be an address, such as https://id.example.com.".to_owned()))?;
        let url = issuer.url();
        let host = url.host_str().unwrap_or_default();
        if !(url.scheme() == "https" || url.scheme() == "http" && tls::is_loopback(host)) {
            return Err(("issuer", "The issuer must begin with https://; http:// is for this machine itself only.".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(("issuer", "The issuer is an address without a query, a fragment or a password.".to_owned()));
        }
        if settings.client_id.is_empty() || settings.client_id.chars().any(char::is_control) {
            return Err(("client_id", "The client id is what the provider calls Pilothouse; it cannot be empty.".to_owned()));
        }
        let preset = preset(&settings.preset);
        if !settings.preset.is_empty() && preset.name != settings.preset {
            return Err(("preset", "There is no such preset; use generic.".to_owned()));
        }
        let redirect =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| ("name", "The redirect URI cannot be made of external_url.".to_owned()))?;
        let http = Http(tls::client(&settings.ca).map_err(|why| ("ca", why))?);
        Ok(Self { settings, preset, secret, redirect, http, known: Known::default() })
    }

    /// Where and as whom the provider is asked: a secret is for that alone.
    pub fn place(&self) -> (&str, &str) {
        (&self.settings.issuer, &self.settings.client_id)
    }

    async fn metadata(&self, younger_than: Option<Instant>) -> Result<Arc<Metadata>, NotVouched> {
        self.known.get(&self.settings.issuer, &self.http, younger_than).await
    }

    /// Reads the discovery document and the keys; tells the address of the sign-in page and how many keys there are.
    pub async fn look(&self) -> Result<(String, usize), NotVouched> {
        let metadata = self.metadata(Some(Instant::now())).await?;
        Ok((metadata.authorization_endpoint().to_string(), metadata.jwks().keys().len()))
    }

    fn client(&self, metadata: &Metadata) -> Made {
        let secret = self.secret.clone().map(ClientSecret::new);
        // What the provider takes: the header unless it takes the form only.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let header = methods.is_none_or(|methods| methods.is_empty() || methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let auth = if header { AuthType::BasicAuth } else { AuthType::RequestBody };
        Client::from_provider_metadata(metadata.clone(), ClientId::new(self.settings.client_id.clone()), secret)
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(auth)
    }

    fn username_claim(&self) -> &str {
        or(&self.settings.username_claim, self.preset.username_claim)
    }

    fn groups_claim(&self) -> &str {
        or(&self.settings.groups_claim, self.preset.groups_claim)
    }

    /// Where a browser ends its session at the provider, if the provider has such a place; it comes back to `back`.
    pub async fn sign_out(&self, back: &str) -> Option<String> {
        let metadata = self.metadata(None).await.ok()?;
        let end = metadata.additional_metadata().end_session_endpoint.as_deref()?;
        let mut url = openidconnect::url::Url::parse(end).ok()?;
        if !(url.scheme() == "https" || url.scheme() == "http" && url.host_str().is_some_and(tls::is_loopback)) {
            return None;
        }
        url.query_pairs_mut().append_pair("client_id", &self.settings.client_id).append_pair("post_logout_redirect_uri", back);
        Some(url.into())
    }
}

/// `text`, or what is usual when it is empty.
fn or<'a>(text: &'a str, usual: &'a str) -> &'a str {
    if text.is_empty() { usual } else { text }
}
