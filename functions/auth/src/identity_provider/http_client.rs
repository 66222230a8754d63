//! Requests to the provider's endpoints, and their whole responses.

use std::time::Duration;

use bytes::Bytes;
use domain::access::id_token::signing_keys;
use domain::models::health::FailureClass;
use http::header::{ACCEPT, AUTHORIZATION};
use http::request::Builder;
use http::{Request, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use serde::de::DeserializeOwned;
use service::outbound::{CallError, Outbound, Pieces};
use tokio::time::timeout;
use url::Url;

use super::error::ProviderError;

/// For one request, and for metadata and keys together: a login has ten seconds (docs/api.md §7).
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);
/// Documents and keys of real providers have some kilobytes.
const MAX_RESPONSE: usize = 1024 * 1024;

#[derive(Clone, Debug)]
pub(super) struct HttpClient {
    outbound: Outbound,
}

impl HttpClient {
    pub(super) fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// `url`, if it may be called, whether it was configured or discovered (promise 32).
    pub(super) fn allowed(&self, url: &str) -> Result<Url, ProviderError> {
        let url = self.outbound.networks.base_url(url);
        url.map_err(|_| ProviderError::NoResponse(FailureClass::ForbiddenAddress))
    }

    /// Status and body of a `GET`, with an access token where one is given (RFC 6750 §2.1).
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let request = Request::get(self.allowed(url)?.as_str());
        let request = match token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        self.send(request, Bytes::new()).await
    }

    /// The document of an issuer (`OpenID` Connect Discovery §4).
    pub(super) async fn discovered<T: DeserializeOwned>(&self, issuer: &str) -> Result<T, ProviderError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = succeeded(self.get(&url, None).await?)?;
        serde_json::from_slice(&document).map_err(|_| ProviderError::Malformed)
    }

    /// The keys at `url`. A set without a usable one is malformed.
    pub(super) async fn keys(&self, url: &str) -> Result<JwkSet, ProviderError> {
        let document = succeeded(self.get(url, None).await?)?;
        signing_keys(&document)
            .filter(|set| !set.keys.is_empty())
            .ok_or(ProviderError::Malformed)
    }

    /// A `POST` without its headers and body.
    pub(super) fn post(&self, url: &str) -> Result<Builder, ProviderError> {
        Ok(Request::post(self.allowed(url)?.as_str()))
    }

    /// Status and body of the response to `request`.
    pub(super) async fn send(&self, request: Builder, body: Bytes) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let no_response = |error: CallError| ProviderError::NoResponse(error.class());
        let request = request
            .header(ACCEPT, "application/json")
            .body(Pieces::from(body))
            .map_err(|error| no_response(error.into()))?;
        timeout(TIMEOUT, self.whole_response(request))
            .await
            .map_err(|_| ProviderError::NoResponse(FailureClass::Timeout))?
            .map_err(no_response)?
            .ok_or(ProviderError::Malformed)
    }

    /// `None` if the body is longer than [`MAX_RESPONSE`].
    async fn whole_response(&self, request: Request<Pieces>) -> Result<Option<(StatusCode, Vec<u8>)>, CallError> {
        let (head, body) = self.outbound.http.send(request).await?.into_parts();
        Ok(body.read(MAX_RESPONSE).await?.map(|whole| (head.status, whole)))
    }
}

/// The body of a response with a status of success.
pub(super) fn succeeded((status, body): (StatusCode, Vec<u8>)) -> Result<Vec<u8>, ProviderError> {
    if status.is_success() {
        Ok(body)
    } else {
        Err(ProviderError::Status(status.as_u16()))
    }
}
