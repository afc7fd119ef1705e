//! The two halves of a sign-in, and asking again later.

use std::time::Instant;

use super::{
    NotVouched, OidcProvider,
    claims::{self, Claims},
    metadata::Metadata,
    pending::Pending,
    verify::{Doubt, verified},
};
use crate::{
    authn::Person,
    outgoing::{HttpError, send},
};
use openidconnect::{
    AccessToken, AuthenticationFlow, AuthorizationCode, CsrfToken, HttpRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RefreshToken, RequestTokenError, Scope, StandardErrorResponse, TokenResponse,
    core::{CoreErrorResponseType, CoreIdToken, CoreResponseType},
};

/// What a provider sends a browser back with, besides the state.
#[derive(Default)]
pub struct Callback {
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

/// A sign-in that may go to the provider.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

fn refused(why: impl Into<String>) -> NotVouched {
    NotVouched::Refused(why.into())
}

impl OidcProvider {
    /// The first half: where to send the browser.
    pub async fn begin(&self) -> Result<Begun, NotVouched> {
        let metadata = self.metadata(None).await?;
        let client = self.client(&metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random).set_pkce_challenge(challenge);
        for scope in self.scopes(&metadata) {
            request = request.add_scope(Scope::new(scope));
        }
        for (name, value) in self.preset.extra {
            request = request.add_extra_param(*name, *value);
        }
        let (url, state, nonce) = request.url();
        Ok(Begun { url: url.into(), state: state.secret().clone(), nonce: nonce.secret().clone(), verifier: verifier.secret().clone() })
    }

    /// What is asked for. `offline_access` is left out where the provider says that it has no such thing.
    fn scopes(&self, metadata: &Metadata) -> Vec<String> {
        let own = self.settings.scopes.iter().map(String::as_str);
        let all: Vec<&str> = if self.settings.scopes.is_empty() { self.preset.scopes.to_vec() } else { own.collect() };
        let offered = |scope: &str| metadata.scopes_supported().is_none_or(|all| all.iter().any(|one| one.as_str() == scope));
        let wanted = |scope: &&str| *scope != "openid" && (*scope != "offline_access" || offered(scope));
        all.into_iter().filter(wanted).map(str::to_owned).collect()
    }

    /// The second half: what came back, checked, and whom it is about. `pending` was found by the state that came with it, and its
    /// browser was compared.
    pub async fn finish(&self, pending: &Pending, back: &Callback) -> Result<Person, NotVouched> {
        let metadata = self.metadata(None).await?;
        // RFC 9207: who answers. Otherwise one provider could pass off another's code as its own.
        match &back.iss {
            Some(iss) if iss != metadata.issuer().as_str() => return Err(refused("The answer is of another issuer than the one that was asked.")),
            None if metadata.additional_metadata().authorization_response_iss_parameter_supported => {
                return Err(refused("The answer does not say which issuer it is of, though this provider always says so."));
            }
            _ => {}
        }
        if let Some(error) = &back.error {
            let plain: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            return Err(refused(format!("The provider refused: {plain}.")));
        }
        let Some(code) = &back.code else { return Err(refused("The answer holds no code.")) };
        let client = self.client(&metadata);
        let request = client.exchange_code(AuthorizationCode::new(code.clone())).map_err(|_| refused("The provider has no token endpoint."))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone())).request_async(&self.http).await.map_err(failed)?;
        let token = answer.id_token().ok_or_else(|| refused("The provider gave no ID token."))?;
        let claims = self.believed(token, Some(&Nonce::new(pending.nonce.clone()))).await?;
        let refresh = answer.refresh_token().map(|token| token.secret().clone());
        self.person(&metadata, claims, answer.access_token(), refresh).await
    }

    /// Asks again about whoever `subject` is, by their refresh token.
    pub async fn again(&self, subject: &str, refresh: &str) -> Result<Person, NotVouched> {
        let metadata = self.metadata(None).await?;
        let client = self.client(&metadata);
        let refresh = RefreshToken::new(refresh.to_owned());
        let request = client.exchange_refresh_token(&refresh).map_err(|_| refused("The provider has no token endpoint."))?;
        let answer = request.request_async(&self.http).await.map_err(|error| match &error {
            RequestTokenError::ServerResponse(response) if *response.error() == CoreErrorResponseType::InvalidGrant => {
                NotVouched::Gone("The provider does not stand by them any more.".to_owned())
            }
            _ => failed(error),
        })?;
        let mut claims = match answer.id_token() {
            Some(token) => self.believed(token, None).await?,
            None => Claims::new(),
        };
        if claims.is_empty() || metadata.userinfo_endpoint().is_some() {
            // What stood in an older token says nothing of today; the userinfo endpoint does.
            claims.extend(self.user_info(&metadata, answer.access_token(), subject).await?);
        }
        if claims::text(&claims, "sub") != Some(subject) {
            return Err(refused("The provider answers for somebody else."));
        }
        let next = answer.refresh_token().unwrap_or(&refresh).secret().clone();
        self.person(&metadata, claims, answer.access_token(), Some(next)).await
    }

    /// The claims of a token. A key that is not known yet is looked for once: the provider may have changed it.
    async fn believed(&self, token: &CoreIdToken, nonce: Option<&Nonce>) -> Result<Claims, NotVouched> {
        let asked = Instant::now();
        let client_id = &self.settings.client_id;
        match verified(token, &*self.metadata(None).await?, client_id, nonce) {
            Ok(claims) => return Ok(claims),
            Err(Doubt::Wrong(why)) => return Err(refused(why)),
            Err(Doubt::UnknownKey) => {}
        }
        match verified(token, &*self.metadata(Some(asked)).await?, client_id, nonce) {
            Ok(claims) => Ok(claims),
            Err(Doubt::Wrong(why)) => Err(refused(why)),
            Err(Doubt::UnknownKey) => Err(refused("The ID token is signed with a key that the provider does not publish.")),
        }
    }

    async fn person(&self, metadata: &Metadata, mut claims: Claims, access: &AccessToken, refresh: Option<String>) -> Result<Person, NotVouched> {
        let subject =
            claims::text(&claims, "sub").filter(|subject| subject.len() <= 255).ok_or_else(|| refused("The ID token names nobody."))?.to_owned();
        let missing = claims::text(&claims, self.username_claim()).is_none() || claims::find(&claims, self.groups_claim()).is_none();
        if missing && metadata.userinfo_endpoint().is_some() {
            for (name, value) in self.user_info(metadata, access, &subject).await? {
                claims.entry(name).or_insert(value);
            }
        }
        let second_factor = self.settings.second_factor || claims::groups(&claims, "amr").contains("mfa");
        let issuer = metadata.issuer().to_string();
        let name = claims::text(&claims, self.username_claim()).and_then(claims::fit).unwrap_or_else(|| claims::nameless(&issuer, &subject));
        let shown = claims.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text.chars().take(1_000).collect())
        });
        let groups = claims::groups(&claims, self.groups_claim());
        Ok(Person { groups, claims: shown.take(100).collect(), issuer, subject, name, second_factor, refresh })
    }

    /// What the userinfo endpoint says; it must be about `subject`.
    async fn user_info(&self, metadata: &Metadata, access: &AccessToken, subject: &str) -> Result<Claims, NotVouched> {
        let Some(endpoint) = metadata.userinfo_endpoint() else { return Err(refused("The provider has no userinfo endpoint.")) };
        let request: HttpRequest = ::http::Request::get(endpoint.as_str())
            .header("authorization", format!("Bearer {}", access.secret()))
            .header("accept", "application/json")
            .body(Vec::new())
            .map_err(|_| refused("The provider's userinfo endpoint has no usable address."))?;
        let answer = send(self.http.0.clone(), request).await.map_err(down)?;
        if answer.status() == ::http::StatusCode::UNAUTHORIZED {
            return Err(refused("The provider's userinfo endpoint does not take the access token that the provider gave."));
        }
        if !answer.status().is_success() {
            return Err(NotVouched::Down(format!("The provider's userinfo endpoint answers {}.", answer.status())));
        }
        let claims: Claims =
            serde_json::from_slice(answer.body()).map_err(|_| refused("The provider's userinfo cannot be read: only plain JSON is."))?;
        if claims::text(&claims, "sub") != Some(subject) {
            return Err(refused("The provider's userinfo is about somebody else."));
        }
        Ok(claims)
    }
}

fn down(error: HttpError) -> NotVouched {
    match error {
        HttpError::Address(_) => refused(format!("{error}.")),
        error => NotVouched::Down(format!("The provider does not answer: {error}.")),
    }
}

type Failed = RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>;

fn failed(error: Failed) -> NotVouched {
    match error {
        RequestTokenError::ServerResponse(response) => match response.error() {
            CoreErrorResponseType::InvalidGrant => refused("The provider does not take the code: it was used before, or is too old."),
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                refused("The provider does not take the client id or the client secret that is set here.")
            }
            _ => refused("The provider refused to give a token."),
        },
        RequestTokenError::Request(error) => down(error),
        RequestTokenError::Parse(..) => refused("What the provider gave cannot be read as tokens."),
        RequestTokenError::Other(_) => NotVouched::Down("The provider's token endpoint gave no usable answer.".to_owned()),
    }
}
