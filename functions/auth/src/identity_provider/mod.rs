//! The identity provider: its metadata and keys, and the redemption of codes. The only HTTP of this function.
//!
//! Nothing that the provider sends goes further than to the step that asked for it (promise 37). [`http_client`] sends
//! the requests, [`metadata`] is the provider's document about itself, [`token`] the redemption of a code.

mod error;
mod http_client;
mod issuer_keys;
mod metadata;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::id_token::{self, Claims, Expected, TokenError};
use domain::clock::Clock;
use domain::models::health::FailureClass;
use domain::models::sso::{ProviderKind, SsoConfig};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value};
use service::outbound::Outbound;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use http_client::{HttpClient, TIMEOUT, succeeded};

pub(crate) use error::{ClaimsError, ProviderError};
pub(crate) use issuer_keys::IssuerKeys;
pub(crate) use metadata::Metadata;
pub(crate) use token::{Redemption, TokenResponse};

/// Metadata and keys are used for this long before they are read again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// A token with an unknown key may be of a new one: the keys are read again, but not more often than this.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// A provider that was silent is not asked again for this long, so that those who wait for it do not wait one after the
/// other.
const SILENT: SignedDuration = SignedDuration::from_secs(3);

const SILENCE: ProviderError = ProviderError::NoResponse(FailureClass::Timeout);

/// Knowledge of the provider.
#[derive(Debug, Default)]
struct Known {
    snapshot: Option<Arc<Snapshot>>,
    /// Issuers that were silent, and until when each is not asked.
    silent: BTreeMap<String, Timestamp>,
}

impl Known {
    /// Refuses while the provider is not to be asked.
    fn check(&self, config: &SsoConfig, now: Timestamp) -> Result<(), ProviderError> {
        match self.silent.get(&config.issuer_url) {
            Some(until) if now < *until => Err(SILENCE),
            Some(_) | None => Ok(()),
        }
    }

    /// Remembers whether the provider has responded.
    fn note<T>(&mut self, config: &SsoConfig, response: &Result<T, ProviderError>, now: Timestamp) {
        self.silent
            .retain(|issuer, until| now < *until && *issuer != config.issuer_url);
        if response.as_ref().err() == Some(&SILENCE) {
            self.silent.insert(config.issuer_url.clone(), now + SILENT);
        }
    }
}

/// The provider as it was at a time.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) metadata: Metadata,
    keys: JwkSet,
    read_at: Timestamp,
}

/// A client of the provider. Clones share its snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    http: HttpClient,
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

impl Provider {
    pub(crate) fn new(outbound: Outbound, clock: Clock) -> Self {
        Self {
            http: HttpClient::new(outbound),
            clock,
            known: Arc::default(),
        }
    }

    /// The configured provider, as it was at most [`FRESH`] ago.
    pub(crate) async fn snapshot(&self, config: &SsoConfig) -> Result<Arc<Snapshot>, ProviderError> {
        self.snapshot_since(config, FRESH).await
    }

    /// A snapshot that is younger than `age`. Concurrent callers wait for the same one.
    async fn snapshot_since(&self, config: &SsoConfig, age: SignedDuration) -> Result<Arc<Snapshot>, ProviderError> {
        let mut known = self.known.lock().await;
        let is_young =
            |snapshot: &&Arc<Snapshot>| snapshot.metadata.is_of(config) && self.clock.now() < snapshot.read_at + age;
        if let Some(snapshot) = known.snapshot.as_ref().filter(is_young) {
            return Ok(snapshot.clone());
        }
        known.check(config, self.clock.now())?;
        let read = timeout(TIMEOUT, self.read(config)).await.unwrap_or(Err(SILENCE));
        known.note(config, &read, self.clock.now());
        Ok(known.snapshot.insert(Arc::new(read?)).clone())
    }

    /// The response to a request of a login, which is not sent if the provider was silent just now.
    async fn asked<T>(
        &self,
        config: &SsoConfig,
        request: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        self.known.lock().await.check(config, self.clock.now())?;
        let response = request.await;
        self.known.lock().await.note(config, &response, self.clock.now());
        response
    }

    async fn read(&self, config: &SsoConfig) -> Result<Snapshot, ProviderError> {
        let metadata = self.discover(config).await?.of(config)?;
        let keys = self.keys(&metadata).await?;
        Ok(Snapshot {
            metadata,
            keys,
            read_at: self.clock.now(),
        })
    }

    /// The provider's metadata, whichever issuer it names.
    pub(crate) async fn discover(&self, config: &SsoConfig) -> Result<Metadata, ProviderError> {
        self.http.discovered(&config.issuer_url).await
    }

    /// The keys that the metadata names.
    pub(crate) async fn keys(&self, metadata: &Metadata) -> Result<JwkSet, ProviderError> {
        self.http.keys(&metadata.jwks_uri).await
    }

    /// The address where a browser is sent to log in.
    pub(crate) fn authorization_url(
        &self,
        metadata: &Metadata,
        parameters: &[(&str, &str)],
    ) -> Result<Url, ProviderError> {
        let mut url = self.http.allowed(&metadata.authorization_endpoint)?;
        url.query_pairs_mut().extend_pairs(parameters);
        Ok(url)
    }

    /// The tokens for a code (RFC 6749 §4.1.3).
    pub(crate) async fn redeem(
        &self,
        metadata: &Metadata,
        redemption: &Redemption<'_>,
    ) -> Result<TokenResponse, ProviderError> {
        let (request, form) = redemption.request(metadata, self.http.post(&metadata.token_endpoint)?);
        let sending = self.http.send(request, form.into());
        let (status, body) = self.asked(redemption.config, sending).await?;
        if !status.is_success() {
            return Err(token::refusal(status, &body));
        }
        serde_json::from_slice(&body).map_err(|_| ProviderError::Malformed)
    }

    /// The claims of an ID token, if it is valid. Keys that have changed since they were read are read again.
    pub(crate) async fn verify(
        &self,
        snapshot: &Snapshot,
        config: &SsoConfig,
        token: &str,
        nonce: &str,
    ) -> Result<Claims, ClaimsError> {
        let expected = Expected {
            issuer: &config.issuer_url,
            client_id: &config.client_id,
            nonce,
            now: self.clock.now(),
        };
        match id_token::verify(token, &snapshot.keys, &expected) {
            Err(TokenError::UnknownKey | TokenError::Signature) => {
                let snapshot = self.snapshot_since(config, REFETCH_AFTER).await?;
                Ok(id_token::verify(token, &snapshot.keys, &expected)?)
            }
            claims => Ok(claims?),
        }
    }

    /// Adds the claims of the userinfo endpoint to those of an ID token without the e-mail address: many providers give
    /// it only there (`OpenID` Connect Core §5.3).
    pub(crate) async fn complete(
        &self,
        snapshot: &Snapshot,
        config: &SsoConfig,
        tokens: &TokenResponse,
        claims: &mut Claims,
    ) -> Result<(), ClaimsError> {
        let (Some(endpoint), Some(token)) = (&snapshot.metadata.userinfo_endpoint, &tokens.access_token) else {
            return Ok(());
        };
        if config.provider == ProviderKind::Azure || claims.rest.contains_key(&config.email_claim) {
            return Ok(());
        }
        let getting = self.http.get(endpoint, Some(token));
        let body = succeeded(self.asked(config, getting).await?)?;
        let user_info: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| ProviderError::Malformed)?;
        if user_info.get("sub").and_then(Value::as_str) != Some(&claims.subject) {
            return Err(TokenError::Subject.into());
        }
        claims.take_address_from(user_info, &config.email_claim);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(issuer: &str) -> SsoConfig {
        serde_json::from_value(json!({
            "enabled": true, "provider": "generic-oidc", "issuer_url": issuer, "client_id": "us",
            "redirect_url": "https://us.example.com/api/v1/auth/sso/callback", "email_claim": "email", "scopes": [],
            "auto_provision": false, "default_policy": "default", "updated_at": "2026-01-01T00:00:00Z", "version": 1
        }))
        .unwrap()
    }

    #[test]
    fn p77_an_issuer_that_responds_does_not_end_the_silence_of_another() {
        let (one, other) = (config("https://one.example.com"), config("https://other.example.com"));
        let (mut known, now) = (Known::default(), Timestamp::UNIX_EPOCH);
        known.note::<()>(&one, &Err(SILENCE), now);
        known.note(&other, &Ok(()), now);
        assert!(known.check(&one, now).is_err() && known.check(&other, now).is_ok());
        known.note::<()>(&other, &Err(SILENCE), now);
        assert!(known.check(&one, now).is_err() && known.check(&other, now).is_err());
        known.note(&one, &Ok(()), now);
        assert!(known.check(&one, now).is_ok() && known.check(&other, now).is_err());
        assert!(known.check(&other, now + SILENT).is_ok());
        known.note(&one, &Ok(()), now + SILENT);
        assert!(known.silent.is_empty(), "nobody is remembered for nothing");
    }
}
