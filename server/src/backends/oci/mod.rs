//! Registries: connections, signing in, redirects; and their answers, read in one way for the door and for [`typed`], which is what the console
//! asks of them.

mod address;
pub mod answer;
mod ask;
mod connect;
pub mod copy;
mod error;
pub mod fetch;
pub mod judge;
mod kind;
pub mod lists;
mod locks;
pub mod manifests;
pub mod named;
pub mod parsed;
pub mod place;
mod probe;
mod redirect;
pub mod referrers;
mod sign_in;
pub mod typed;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use pilothouse_app::api::registries::{Redirects, RegistrySettings};
use tokio::sync::Semaphore;

pub use address::Address;
pub use ask::{Answer, Ask, Body, Said, full};
pub use error::RegistryError;
pub use locks::Locks;
pub use sign_in::Credential;

use crate::{
    access::{Permit, Target},
    outgoing::tls,
};
use connect::Connector;
use sign_in::{Tokens, Way, check_realm, read_token, token_uri};

/// Requests to one registry at the same time, blobs on their way included.
const AT_ONCE: usize = 512;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// How long a token may take.
const TOKEN: Duration = Duration::from_secs(10);
/// The longest answer of a realm that is read, in bytes.
const LARGEST_TOKEN: usize = 64 * 1024;
/// Hosts besides its own that a registry may have for its tokens.
const REALMS: usize = 8;
/// Where Docker Hub is, and where its tokens are.
pub(crate) const HUB: &str = "registry-1.docker.io";
const HUB_REALM: &str = "auth.docker.io";

/// One registry.
pub struct Registry {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub settings: RegistrySettings,
    /// Declared in the settings file, so not to be changed here.
    pub declared: bool,
    credential: Option<Credential>,
    own: Address,
    realm_hosts: Vec<String>,
    client: Client<Connector, Body>,
    way: RwLock<Way>,
    tokens: Tokens,
    at_once: Arc<Semaphore>,
    /// What was read by its digest.
    known: typed::Cache,
}

impl Registry {
    /// # Errors
    /// The field that is wrong, and one sentence about it.
    pub fn new(
        name: String,
        labels: BTreeMap<String, String>,
        settings: RegistrySettings,
        credential: Option<Credential>,
        declared: bool,
    ) -> Result<Self, (&'static str, String)> {
        let own = Address::parse(&settings.url, settings.plain_http).map_err(|why| ("settings.url", why))?;
        let is_host = |host: &String| {
            let at = format!("https://{host}")
                .parse()
                .ok()
                .and_then(|uri: Uri| Some((Address::of(&uri)?, uri.path().len() <= 1 && uri.query().is_none())));
            at.is_some_and(|(_, bare)| bare) && host.bytes().all(|b| !b.is_ascii_uppercase() && b != b'/')
        };
        if settings.realm_hosts.len() > REALMS || !settings.realm_hosts.iter().all(is_host) {
            return Err(("settings.realm_hosts", format!("Realm hosts are up to {REALMS} of HOST or HOST:PORT, in lower case.")));
        }
        let fits = |text: &str| (1..=4096).contains(&text.len()) && !text.chars().any(char::is_control);
        if credential.as_ref().is_some_and(|given| !fits(&given.username) || given.username.contains(':') || !fits(&given.secret)) {
            return Err(("credential", "A credential is a username without a colon and a secret, each of plain characters.".to_owned()));
        }
        let mut realm_hosts = settings.realm_hosts.clone();
        if own.host == HUB && own.https && realm_hosts.is_empty() {
            realm_hosts.push(HUB_REALM.to_owned());
        }
        let tls = tls::client(&settings.ca).map_err(|why| ("settings.ca", why))?;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(16)
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .http1_max_headers(100)
            .build(Connector::new(own.clone(), &realm_hosts, tls));
        Ok(Self {
            name,
            labels,
            settings,
            declared,
            credential,
            own,
            realm_hosts,
            client,
            way: RwLock::new(Way::Unknown),
            tokens: Tokens::default(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            known: typed::Cache::default(),
        })
    }

    /// Who Pilothouse is there.
    pub fn username(&self) -> Option<&str> {
        self.credential.as_ref().map(|credential| credential.username.as_str())
    }

    /// Who Pilothouse is there, and its secret.
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    pub fn address(&self) -> &Address {
        &self.own
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// When there is none; an answer that says no is an answer.
    pub async fn send(&self, permit: &Permit, ask: Ask) -> Result<Answer, RegistryError> {
        self.send_as(permit, ask, self.settings.redirects).await
    }

    /// The same for what is read here, and not by a client that could be sent elsewhere.
    ///
    /// # Errors
    /// When there is no answer; one that says no is an answer.
    pub async fn fetch(&self, permit: &Permit, ask: Ask) -> Result<Answer, RegistryError> {
        self.send_as(permit, ask, Redirects::Follow).await
    }

    async fn send_as(&self, permit: &Permit, ask: Ask, redirects: Redirects) -> Result<Answer, RegistryError> {
        self.check(permit, &ask.path)?;
        let turn = tokio::time::timeout(TURN, self.at_once.clone().acquire_owned()).await.ok().and_then(Result::ok).ok_or(RegistryError::Busy)?;
        let deadline = ask.deadline;
        let asked = tokio::time::timeout(deadline, self.exchange(ask, redirects)).await.unwrap_or(Err(RegistryError::Timeout));
        let (response, elsewhere) = asked?;
        #[cfg(feature = "failpoints")]
        if crate::failpoints::fails(crate::failpoints::AFTER_SEND).await {
            return Err(RegistryError::BrokenOff);
        }
        Ok(Answer { response, turn, elsewhere })
    }

    /// A permit is for one registry, and for one repository of it where it names one.
    fn check(&self, permit: &Permit, path: &str) -> Result<(), RegistryError> {
        let fits = match &permit.operation().repository {
            Some(repository) => path.strip_prefix("/v2/").and_then(|rest| rest.strip_prefix(&**repository)).is_some_and(|rest| rest.starts_with('/')),
            None => true,
        };
        if fits && permit.covers(&Target::Registry(self.name.clone())) { Ok(()) } else { Err(RegistryError::NotThisRegistry) }
    }

    async fn exchange(&self, ask: Ask, redirects: Redirects) -> Result<(Response<Incoming>, Option<Uri>), RegistryError> {
        let Ask { method, path, headers, body, scopes, .. } = ask;
        let uri: Uri = format!("{}{path}", self.own).parse().map_err(|_| RegistryError::Garbled("there is no such path"))?;
        // What cannot be said twice is not said before it is known how to sign it; and some say "not found" to who did not sign.
        self.learn_way().await?;
        let again = match &body {
            Said::Bytes(bytes) => Some(bytes.clone()),
            Said::Stream(_) => None,
        };
        let body = match body {
            Said::Bytes(bytes) => full(bytes),
            Said::Stream(body) => body,
        };
        let mut response = self.ask_signed(&method, &uri, &headers, body, &scopes).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(bytes) = again
        {
            self.tokens.forget(&scopes);
            if let Some(way) = Way::of(response.headers()) {
                *self.way.write().unwrap_or_else(PoisonError::into_inner) = way;
                response = self.ask_signed(&method, &uri, &headers, full(bytes), &scopes).await?;
            }
        }
        match response.status() {
            StatusCode::UNAUTHORIZED if self.credential.is_some() => Err(RegistryError::CredentialRefused),
            StatusCode::UNAUTHORIZED => Err(RegistryError::CredentialMissing),
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => self.redirected(&method, response, &headers, redirects).await,
            _ => Ok((response, None)),
        }
    }

    /// Sends a request to the registry itself, with what it asks for.
    async fn ask_signed(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Body,
        scopes: &[String],
    ) -> Result<Response<Incoming>, RegistryError> {
        let mut headers = headers.clone();
        if let Some(signed) = self.signature(scopes).await? {
            headers.insert(header::AUTHORIZATION, signed);
        }
        self.ask(method.clone(), uri.clone(), headers, body).await
    }

    /// The value of `Authorization` for the registry itself.
    async fn signature(&self, scopes: &[String]) -> Result<Option<HeaderValue>, RegistryError> {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner).clone();
        match way {
            Way::Unknown | Way::Nothing => Ok(None),
            Way::Basic => Ok(self.credential.as_ref().and_then(Credential::basic)),
            Way::Bearer { realm, service } => {
                let token = match self.tokens.get(scopes) {
                    Some(token) => token,
                    None => {
                        let (token, lasts) = self.token(&realm, service.as_deref(), scopes).await?;
                        self.tokens.put(scopes, token.clone(), lasts);
                        token
                    }
                };
                let mut value =
                    HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| RegistryError::Garbled("there is no token in its answer"))?;
                value.set_sensitive(true);
                Ok(Some(value))
            }
        }
    }

    /// Finds out what the registry asks for, once.
    async fn learn_way(&self) -> Result<(), RegistryError> {
        if *self.way.read().unwrap_or_else(PoisonError::into_inner) != Way::Unknown {
            return Ok(());
        }
        let uri = format!("{}/v2/", self.own).parse().map_err(|_| RegistryError::Garbled("there is no such path"))?;
        let response = self.ask(Method::GET, uri, HeaderMap::new(), full(Bytes::new())).await?;
        let way = match response.status() {
            StatusCode::UNAUTHORIZED => Way::of(response.headers()).ok_or(RegistryError::Garbled("it refuses, and does not say what it wants"))?,
            status if status.is_success() => Way::Nothing,
            _ => return Err(RegistryError::Garbled("there is no /v2/ at this address")),
        };
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = way;
        Ok(())
    }

    /// Asks a realm for a token.
    async fn token(&self, realm: &Uri, service: Option<&str>, scopes: &[String]) -> Result<(String, Duration), RegistryError> {
        check_realm(realm, &self.own, &self.realm_hosts)?;
        let uri = token_uri(realm, service, scopes).ok_or(RegistryError::Garbled("its realm is no address"))?;
        let mut headers = HeaderMap::new();
        if let Some(basic) = self.credential.as_ref().and_then(Credential::basic) {
            headers.insert(header::AUTHORIZATION, basic);
        }
        let asked = async {
            let response = self.ask(Method::GET, uri, headers, full(Bytes::new())).await?;
            match response.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.credential.is_some() => return Err(RegistryError::CredentialRefused),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(RegistryError::CredentialMissing),
                status if status.is_success() => {}
                _ => return Err(RegistryError::Garbled("its realm hands out no token")),
            }
            let body = Limited::new(response.into_body(), LARGEST_TOKEN).collect().await;
            read_token(&body.map_err(|_| RegistryError::Garbled("the token cannot be read"))?.to_bytes())
        };
        tokio::time::timeout(TOKEN, asked).await.unwrap_or(Err(RegistryError::Timeout))
    }

    /// One request on a pooled connection, as it is.
    async fn ask(&self, method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Result<Response<Incoming>, RegistryError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("Pilothouse"));
        self.client.request(request).await.map_err(|error| error::from_client(&error))
    }
}
