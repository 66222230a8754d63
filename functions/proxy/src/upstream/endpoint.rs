//! How a backend is called: its URLs and the headers of every request, made once for each version of the backend.

use std::sync::Arc;

use domain::access::egress::AllowedNetworks;
use domain::clock::Clock;
use domain::models::BackendId;
use domain::models::catalog::{Backend, Model, Protocol};
use domain::models::health::FailureClass;
use domain::secret::Secret;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use service::cache::Cache;
use service::identity::{Identity, IdentityError, Proof};
use service::outbound::IdleTime;
use service::outbound::backend::{Addresses, MessagesCall, credential};
use service::secrets::backend_keys::BackendKeys;
use translators::error::{ErrorContext, Secrets};
use translators::settings::{BackendSettings, RerankApi, UpstreamAuthErrors};
use url::Url;

use super::failure::{Failure, none_available};
use crate::request::model_params::ModelParams;

const CACHED_ENDPOINTS: usize = 1000;

/// The endpoints of all backends. Clones share the cache.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    cache: Arc<Cache<EndpointKey, Arc<BackendEndpoint>>>,
    networks: AllowedNetworks,
    backend_keys: BackendKeys,
    /// The identity that is shown to vendors of models.
    pub(super) identity: Identity,
}

/// The versions of which an endpoint was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct EndpointKey {
    backend: BackendId,
    /// A backend that is created again under its old id begins with the first version again.
    created_at: Timestamp,
    version: u64,
    model: u64,
}

#[derive(Debug)]
pub(super) struct BackendEndpoint {
    pub(super) chat_completions: Uri,
    pub(super) completions: Uri,
    pub(super) embeddings: Uri,
    messages: Uri,
    messages_streamed: Uri,
    pub(super) rerank: Uri,
    pub(super) responses: Uri,
    /// The route of Responses for compactions.
    pub(super) compact: Uri,
    count_tokens: Uri,
    addresses: Addresses,
    pub(super) headers: HeaderMap,
    /// How it is shown the gateway's own identity, if it is.
    pub(super) proof: Option<Proof>,
    /// How long its connections are kept.
    pub(super) idle: IdleTime,
    /// The parameters that the model adds to a body.
    pub(super) params: ModelParams,
    /// What the backend accepts and needs (translation.md §2.1).
    pub(super) settings: BackendSettings,
    /// What its errors are read by: what they must not tell (HA1).
    pub(super) errors: ErrorContext,
}

/// The backend's entry cannot be called: its address is not allowed any more, or its key was deleted.
#[derive(Debug, thiserror::Error)]
#[error("the backend's entry cannot be used: {0}")]
struct UnusableBackend(&'static str);

impl Endpoints {
    pub(crate) fn new(networks: AllowedNetworks, backend_keys: BackendKeys, clock: Clock) -> Self {
        Self {
            cache: Arc::new(Cache::new(CACHED_ENDPOINTS, clock)),
            networks,
            backend_keys,
            identity: Identity::default(),
        }
    }

    /// The endpoint of `backend`, from the cache or made with the backend's key.
    pub(super) async fn get(&self, model: &Model, backend: &Backend) -> Result<Arc<BackendEndpoint>, Failure> {
        let key = EndpointKey {
            backend: backend.id.clone(),
            created_at: backend.created_at,
            version: backend.version,
            model: model.version,
        };
        let make = || async { self.make(model, backend).await.map(|made| Some(Arc::new(made))) };
        self.cache
            .get(&key, make)
            .await?
            .ok_or_else(|| unusable(FailureClass::Other, "it is gone"))
    }

    async fn make(&self, model: &Model, backend: &Backend) -> Result<BackendEndpoint, Failure> {
        let base = self.networks.base_url(&backend.base_url);
        let base = base.map_err(|_| unusable(FailureClass::ForbiddenAddress, "its address may not be called"))?;
        let settings = settings(backend)?;
        let key = self.backend_key(backend).await?;
        let proof = self.identity.proof(backend.auth.as_ref(), &base, key.as_ref());
        let proof = proof.map_err(|error| unidentified(FailureClass::ForbiddenAddress, error))?;
        let params = ModelParams::of(model);
        let errors = ErrorContext {
            secrets: secrets(key.as_ref(), backend, &base),
            passes_auth_errors: settings.upstream_auth_errors == UpstreamAuthErrors::Pass,
            same_dialect: None,
        };
        let addresses = Addresses::of(backend, base);
        let messages = |call| uri(&addresses.messages(&backend.model_name, call));
        Ok(BackendEndpoint {
            idle: IdleTime::default(),
            chat_completions: uri(&addresses.route("chat/completions"))?,
            completions: uri(&addresses.route("completions"))?,
            embeddings: uri(&addresses.route("embeddings"))?,
            rerank: uri(&match settings.rerank {
                RerankApi::Pass => addresses.route("rerank"),
                RerankApi::Tei => addresses.outside_v1("rerank"),
            })?,
            messages: messages(MessagesCall::Whole)?,
            messages_streamed: messages(MessagesCall::Streamed)?,
            responses: uri(&addresses.route("responses"))?,
            compact: uri(&addresses.route("responses/compact"))?,
            count_tokens: messages(MessagesCall::CountTokens)?,
            errors,
            headers: headers(params.headers.clone(), backend, key.as_ref())?,
            params,
            addresses,
            proof,
            settings,
        })
    }

    async fn backend_key(&self, backend: &Backend) -> Result<Option<Secret>, Failure> {
        let Some(name) = backend.secret_name() else {
            return Ok(None);
        };
        let key = self
            .backend_keys
            .get(&name)
            .await
            .map_err(|error| Failure::of_backend(FailureClass::Secret, error))?;
        key.map(Some)
            .ok_or_else(|| unusable(FailureClass::Secret, "its key is gone"))
    }
}

impl BackendEndpoint {
    /// The address for `call` of Messages.
    pub(super) fn messages(&self, call: MessagesCall) -> &Uri {
        match call {
            MessagesCall::Whole => &self.messages,
            MessagesCall::Streamed => &self.messages_streamed,
            MessagesCall::CountTokens => &self.count_tokens,
        }
    }

    /// `path` at the server's root, beside `/v1`, where tokenizers are.
    pub(super) fn beside_v1(&self, path: &str) -> Result<Uri, Failure> {
        uri(&self.addresses.outside_v1(path))
    }
}

/// The failure of a backend that the gateway would not accept as it is; it counts as unhealthy (docs/api.md §9).
fn unusable(class: FailureClass, reason: &'static str) -> Failure {
    Failure::of_backend(class, none_available().source(UnusableBackend(reason)))
}

/// The failure of a backend to which the gateway cannot show who it is. The log says why, and no client is told.
pub(super) fn unidentified(class: FailureClass, error: IdentityError) -> Failure {
    Failure::of_backend(class, none_available().source(error))
}

fn uri(url: &Url) -> Result<Uri, Failure> {
    Uri::try_from(url.as_str()).map_err(|_| unusable(FailureClass::Other, "its address"))
}

/// The settings of its entry. What speaks a vendor's protocol is that vendor's unless the entry says otherwise.
fn settings(backend: &Backend) -> Result<BackendSettings, Failure> {
    let preset = backend.preset.as_deref().or(match backend.protocol {
        Protocol::Anthropic | Protocol::AnthropicVertex => Some("anthropic"),
        Protocol::Responses => Some("openai-responses"),
        Protocol::Openai => None,
    });
    let settings = BackendSettings::of_entry(preset, &backend.settings);
    settings.map_err(|_| unusable(FailureClass::Other, "its settings"))
}

/// What must not leave with a backend's words: its key, the values of its headers, and where it is.
fn secrets(key: Option<&Secret>, backend: &Backend, base: &Url) -> Secrets {
    let headers = backend.headers.values().map(String::as_str);
    let told = Secrets::new(headers.chain(base.host_str()));
    key.into_iter()
        .fold(told, |told, key| told.and_credential(key.expose()))
}

/// The model's headers, overridden by the backend's, with its key.
fn headers(of_model: HeaderMap, backend: &Backend, key: Option<&Secret>) -> Result<HeaderMap, Failure> {
    let mut headers = of_model;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    for (name, value) in &backend.headers {
        let name = HeaderName::try_from(name).map_err(|_| unusable(FailureClass::Other, "a header's name"))?;
        let value = HeaderValue::try_from(value).map_err(|_| unusable(FailureClass::Other, "a header's value"))?;
        headers.insert(name, value);
    }
    let Some(key) = key else { return Ok(headers) };
    let shown = credential(backend, key).map_err(|_| unusable(FailureClass::Secret, "its key is no header value"))?;
    if let Some((name, value)) = shown {
        headers.insert(name, value);
    }
    Ok(headers)
}
