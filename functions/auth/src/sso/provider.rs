//! The identity provider: what it says of itself, its keys, and the redemption of codes. The only HTTP of this function.
//!
//! Nothing that the provider answers goes further than to the step that asked (promise 37).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::access::id_token::{self, Claims, Expected, TokenError};
use domain::clock::Clock;
use domain::models::health::FailureClass;
use domain::models::sso::{ProviderKind, SsoConfig};
use domain::secret::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde_json::{Map, Value};
use service::outbound::{CallError, Outbound, Pieces, chunk};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::error::SsoError;

/// For one question: a login asks three, and has ten seconds (docs/api.md §7).
const TIMEOUT: Duration = Duration::from_secs(3);
/// Documents and keys of real providers have some kilobytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// What the provider has said of itself is believed for this long.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// A token with an unknown key may be of a new one: the keys are read again, but not more often than this.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Why the provider could not be used, as coarsely as anybody may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("{}", .0.name())]
    NoAnswer(FailureClass),
    #[error("status {0}")]
    Status(u16),
    #[error("malformed")]
    Malformed,
    /// It calls itself another issuer than the configured one.
    #[error("issuer")]
    Issuer,
    /// It refuses our client.
    #[error("client")]
    Client,
    /// It refuses the code.
    #[error("code")]
    Grant,
}

/// What the provider says of itself (`OpenID` Connect Discovery §3).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether responses name their issuer (RFC 9207).
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// The provider as it was at a time.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    keys: JwkSet,
    read_at: Timestamp,
}

/// What a code was redeemed for.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub(crate) id_token: String,
    access_token: Option<String>,
}

/// Asks the provider. Clones share what was learned.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    outbound: Outbound,
    clock: Clock,
    known: Arc<Mutex<Option<Arc<Known>>>>,
}

/// A code and what is needed to redeem it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redemption<'a> {
    pub(crate) config: &'a SsoConfig,
    pub(crate) secret: Option<&'a Secret>,
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
}

impl Provider {
    pub(crate) fn new(outbound: Outbound, clock: Clock) -> Self {
        Self {
            outbound,
            clock,
            known: Arc::default(),
        }
    }

    /// The configured provider, as it was at most [`FRESH`] ago. Who asks meanwhile waits for the same answer.
    pub(crate) async fn known(&self, config: &SsoConfig) -> Result<Arc<Known>, ProviderError> {
        let mut known = self.known.lock().await;
        let fresh = |known: &&Arc<Known>| {
            known.metadata.issuer == config.issuer_url && self.clock.now() < known.read_at + FRESH
        };
        if let Some(known) = known.as_ref().filter(fresh) {
            return Ok(known.clone());
        }
        Ok(known.insert(Arc::new(self.read(config).await?)).clone())
    }

    /// The provider as it is now, unless it was read a moment ago.
    async fn known_anew(&self, config: &SsoConfig) -> Result<Arc<Known>, ProviderError> {
        let mut known = self.known.lock().await;
        let recent = |known: &&Arc<Known>| {
            known.metadata.issuer == config.issuer_url && self.clock.now() < known.read_at + REFETCH_AFTER
        };
        if let Some(known) = known.as_ref().filter(recent) {
            return Ok(known.clone());
        }
        Ok(known.insert(Arc::new(self.read(config).await?)).clone())
    }

    async fn read(&self, config: &SsoConfig) -> Result<Known, ProviderError> {
        let metadata = self.discover(config).await?;
        let metadata = metadata.of(config)?;
        let keys = self.keys(&metadata).await?;
        Ok(Known {
            metadata,
            keys,
            read_at: self.clock.now(),
        })
    }

    /// The provider's document about itself, whoever it says it is.
    pub(crate) async fn discover(&self, config: &SsoConfig) -> Result<Metadata, ProviderError> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            config.issuer_url.trim_end_matches('/')
        );
        let document = succeeded(self.get(&url, None).await?)?;
        serde_json::from_slice(&document).map_err(|_| ProviderError::Malformed)
    }

    /// The keys that its document names. A set without a usable one is none.
    pub(crate) async fn keys(&self, metadata: &Metadata) -> Result<JwkSet, ProviderError> {
        let document = succeeded(self.get(&metadata.jwks_uri, None).await?)?;
        id_token::signing_keys(&document)
            .filter(|set| !set.keys.is_empty())
            .ok_or(ProviderError::Malformed)
    }

    /// Where a browser is sent to log in.
    pub(crate) fn authorization_url(
        &self,
        metadata: &Metadata,
        parameters: &[(&str, &str)],
    ) -> Result<Url, ProviderError> {
        let mut url = self.judged(&metadata.authorization_endpoint)?;
        url.query_pairs_mut().extend_pairs(parameters);
        Ok(url)
    }

    /// The tokens for a code (RFC 6749 §4.1.3).
    pub(crate) async fn redeem(
        &self,
        metadata: &Metadata,
        redemption: &Redemption<'_>,
    ) -> Result<Tokens, ProviderError> {
        let request = Request::post(self.judged(&metadata.token_endpoint)?.as_str());
        let (request, form) = redemption.fill(metadata, request);
        let (status, answer) = self.ask(request, Bytes::from(form).into()).await?;
        if !status.is_success() {
            return Err(refusal(status, &answer));
        }
        serde_json::from_slice(&answer).map_err(|_| ProviderError::Malformed)
    }

    /// What the ID token says, if it is to be believed. Keys that have changed since they were read are read again.
    pub(crate) async fn verify(
        &self,
        known: &Known,
        config: &SsoConfig,
        token: &str,
        nonce: &str,
    ) -> Result<Claims, SsoError> {
        let (issuer, client_id) = (config.issuer_url.as_str(), config.client_id.as_str());
        let expected = Expected {
            issuer,
            client_id,
            nonce,
            now: self.clock.now(),
        };
        match id_token::verify(token, &known.keys, &expected) {
            Err(TokenError::UnknownKey | TokenError::Signature) => {
                let known = self.known_anew(config).await?;
                Ok(id_token::verify(token, &known.keys, &expected)?)
            }
            verdict => Ok(verdict?),
        }
    }

    /// Adds what the provider tells about the person beside an ID token without the address: many tell it only there
    /// (`OpenID` Connect Core §5.3). What the token says is never replaced.
    pub(crate) async fn complete(
        &self,
        known: &Known,
        config: &SsoConfig,
        tokens: &Tokens,
        claims: &mut Claims,
    ) -> Result<(), SsoError> {
        let (Some(endpoint), Some(token)) = (&known.metadata.userinfo_endpoint, &tokens.access_token) else {
            return Ok(());
        };
        if config.provider == ProviderKind::Azure || claims.rest.contains_key(&config.email_claim) {
            return Ok(());
        }
        let told = succeeded(self.get(endpoint, Some(token)).await?)?;
        let told: Map<String, Value> = serde_json::from_slice(&told).map_err(|_| ProviderError::Malformed)?;
        if told.get("sub").and_then(Value::as_str) != Some(&claims.subject) {
            return Err(TokenError::Subject.into());
        }
        for (name, value) in told {
            claims.rest.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// An address that may be called, whether it was configured or learned (promise 32).
    fn judged(&self, url: &str) -> Result<Url, ProviderError> {
        self.outbound
            .networks
            .base_url(url)
            .map_err(|_| ProviderError::NoAnswer(FailureClass::ForbiddenAddress))
    }

    /// Asks an address, with an access token where one is given (RFC 6750 §2.1).
    async fn get(&self, url: &str, token: Option<&str>) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let request = Request::get(self.judged(url)?.as_str());
        let request = match token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        self.ask(request, Pieces::default()).await
    }

    async fn ask(&self, request: Builder, body: Pieces) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let no_answer = |error: CallError| ProviderError::NoAnswer(error.class());
        let request = request
            .header(ACCEPT, "application/json")
            .body(body)
            .map_err(|error| no_answer(error.into()))?;
        let answered = timeout(TIMEOUT, self.answer(request)).await;
        answered
            .map_err(|_| ProviderError::NoAnswer(FailureClass::Timeout))?
            .map_err(no_answer)?
            .ok_or(ProviderError::Malformed)
    }

    /// The whole answer; `None` where it is too long.
    async fn answer(&self, request: Request<Pieces>) -> Result<Option<(StatusCode, Vec<u8>)>, CallError> {
        let (head, mut body) = self.outbound.http.send(request).await?.into_parts();
        let mut whole = Vec::new();
        while let Some(bytes) = chunk(&mut body).await? {
            whole.extend_from_slice(&bytes);
            if whole.len() > MAX_ANSWER {
                return Ok(None);
            }
        }
        Ok(Some((head.status, whole)))
    }
}

impl Metadata {
    /// The document, if it is of the issuer that is configured.
    pub(crate) fn of(self, config: &SsoConfig) -> Result<Self, ProviderError> {
        if self.issuer == config.issuer_url {
            Ok(self)
        } else {
            Err(ProviderError::Issuer)
        }
    }

    /// Whether the secret goes into the body: the header is what every provider must know, unless it says otherwise.
    fn wants_secret_in_body(&self) -> bool {
        let knows = |method: &str| {
            self.token_endpoint_auth_methods_supported
                .iter()
                .any(|known| known == method)
        };
        knows("client_secret_post") && !knows("client_secret_basic")
    }
}

impl Redemption<'_> {
    /// `request` with what it needs to be redeemed, and its form.
    fn fill(&self, metadata: &Metadata, request: Builder) -> (Builder, String) {
        let Self {
            config,
            secret,
            code,
            verifier,
        } = self;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code);
        form.append_pair("redirect_uri", &config.redirect_url)
            .append_pair("code_verifier", verifier);
        let request = match secret {
            Some(secret) if metadata.wants_secret_in_body() => {
                form.append_pair("client_id", &config.client_id)
                    .append_pair("client_secret", secret.expose());
                request
            }
            // Encoded before it is joined (RFC 6749 §2.3.1).
            Some(secret) => {
                let pair = format!("{}:{}", encoded(&config.client_id), encoded(secret.expose()));
                request.header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            None => {
                form.append_pair("client_id", &config.client_id);
                request
            }
        };
        (
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded"),
            form.finish(),
        )
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn succeeded((status, body): (StatusCode, Vec<u8>)) -> Result<Vec<u8>, ProviderError> {
    if status.is_success() {
        Ok(body)
    } else {
        Err(ProviderError::Status(status.as_u16()))
    }
}

/// Which of us the token endpoint refuses (RFC 6749 §5.2).
fn refusal(status: StatusCode, body: &[u8]) -> ProviderError {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let error = serde_json::from_slice(body)
        .map(|refusal: Refusal| refusal.error)
        .unwrap_or_default();
    match error.as_str() {
        "invalid_grant" if status.is_client_error() => ProviderError::Grant,
        "invalid_client" | "unauthorized_client" => ProviderError::Client,
        _ if status == StatusCode::UNAUTHORIZED => ProviderError::Client,
        _ => ProviderError::Status(status.as_u16()),
    }
}
