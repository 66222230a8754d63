//! The keys of workloads' issuers: found by discovery (`OpenID` Connect Discovery §4), and remembered for each issuer
//! by itself, so that one that is silent delays nobody else's workloads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use domain::access::id_token::TokenError;
use domain::access::workload_token::{self, WorkloadClaims};
use domain::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use service::outbound::Outbound;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::error::{ClaimsError, ProviderError};
use super::http_client::{HttpClient, TIMEOUT};
use super::{FRESH, REFETCH_AFTER, SILENCE, SILENT};

/// The members of an issuer's document that lead to its keys. Issuers of workloads log nobody in, and have little else.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<JwkSet>, Timestamp)>,
    silent_until: Option<Timestamp>,
}

/// Clones share what is known.
#[derive(Clone, Debug)]
pub(crate) struct IssuerKeys {
    http: HttpClient,
    clock: Clock,
    known: Arc<SyncMutex<HashMap<String, Arc<Mutex<Known>>>>>,
}

impl IssuerKeys {
    pub(crate) fn new(outbound: Outbound, clock: Clock) -> Self {
        Self {
            http: HttpClient::new(outbound),
            clock,
            known: Arc::default(),
        }
    }

    /// The claims of `token`, if `issuer` has signed it. Keys that have changed since they were read are read again.
    /// The issuer is one that a rule names: nobody else can have us call an address.
    pub(crate) async fn verify(&self, token: &str, issuer: &str) -> Result<WorkloadClaims, ClaimsError> {
        let judge = |keys: &JwkSet| workload_token::verify(token, keys, issuer, self.clock.now());
        match judge(&*self.keys_since(issuer, FRESH).await?) {
            Err(TokenError::UnknownKey | TokenError::Signature) => {
                Ok(judge(&*self.keys_since(issuer, REFETCH_AFTER).await?)?)
            }
            claims => Ok(claims?),
        }
    }

    /// Keys that are younger than `age`. Whoever asks at the same time waits for the same ones.
    async fn keys_since(&self, issuer: &str, age: SignedDuration) -> Result<Arc<JwkSet>, ProviderError> {
        let known = self.known_of(issuer);
        let mut known = known.lock().await;
        let now = self.clock.now();
        if let Some((keys, read_at)) = &known.keys
            && now < *read_at + age
        {
            return Ok(keys.clone());
        }
        if known.silent_until.is_some_and(|until| now < until) {
            return Err(SILENCE);
        }
        let read = timeout(TIMEOUT, self.read(issuer)).await.unwrap_or(Err(SILENCE));
        known.silent_until = (read.as_ref().err() == Some(&SILENCE)).then(|| self.clock.now() + SILENT);
        let keys = Arc::new(read?);
        known.keys = Some((keys.clone(), self.clock.now()));
        Ok(keys)
    }

    fn known_of(&self, issuer: &str) -> Arc<Mutex<Known>> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(issuer.to_owned()).or_default().clone()
    }

    async fn read(&self, issuer: &str) -> Result<JwkSet, ProviderError> {
        let document: Document = self.http.discovered(issuer).await?;
        if document.issuer == issuer {
            self.http.keys(&document.jwks_uri).await
        } else {
            Err(ProviderError::Issuer)
        }
    }
}
