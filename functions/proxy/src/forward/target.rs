//! How a backend is called: its URL and the headers of every request, made once for each version of the backend.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use shared::http::ApiError;
use shared::models::BackendId;
use shared::models::catalog::{Backend, Model};
use shared::models::health::FailureClass;
use shared::outbound::backend::{credential, endpoint};
use shared::secrets::Secret;
use shared::translators::settings::BackendSettings;
use url::Url;

use super::failure::Failure;
use super::params::ModelParams;
use crate::State;

/// Of what a target was made: a version of a backend, and one of its model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TargetKey {
    backend: BackendId,
    /// Versions begin again with one that is made anew under its old id.
    created_at: Timestamp,
    version: u64,
    model: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) chat_completions: Url,
    pub(crate) messages: Url,
    pub(crate) count_tokens: Url,
    pub(crate) headers: HeaderMap,
    /// What the model adds to a body.
    pub(crate) params: ModelParams,
    /// What the backend takes and needs (translation.md §2.1).
    pub(crate) settings: BackendSettings,
}

/// A backend whose entry cannot be called; its address was allowed once and is not any more, or its key is gone.
#[derive(Debug, thiserror::Error)]
#[error("the backend's entry cannot be used: {0}")]
pub(crate) struct UnusableBackend(&'static str);

impl Target {
    /// The target of `backend`, from the cache or made anew with its secret.
    pub(crate) async fn of(state: &State, model: &Model, backend: &Backend) -> Result<Arc<Self>, Failure> {
        let made = Self::known(state, model, backend).await;
        made.map_err(|error| Failure::of_backend(FailureClass::Secret, error))
    }

    async fn known(state: &State, model: &Model, backend: &Backend) -> Result<Arc<Self>, ApiError> {
        let key = TargetKey { backend: backend.id.clone(), created_at: backend.created_at, version: backend.version, model: model.version };
        let made = || async {
            let secret = match backend.secret_name() {
                None => None,
                Some(name) => Some(state.keys.get(&name).await?.ok_or_else(|| ApiError::internal(UnusableBackend("its key is gone")))?),
            };
            let target = Self::new(state, model, backend, secret.as_ref()).map_err(ApiError::internal)?;
            Ok::<_, ApiError>(Some(Arc::new(target)))
        };
        let target = state.targets.get(&key, made).await?;
        target.ok_or_else(|| ApiError::internal(UnusableBackend("it is gone")))
    }

    fn new(state: &State, model: &Model, backend: &Backend, secret: Option<&Secret>) -> Result<Self, UnusableBackend> {
        let base = state.networks.base_url(&backend.base_url).map_err(|_| UnusableBackend("its address may not be called"))?;
        let params = ModelParams::of(model);
        Ok(Self {
            chat_completions: endpoint(base.clone(), "chat/completions"),
            messages: endpoint(base.clone(), "messages"),
            count_tokens: endpoint(base, "messages/count_tokens"),
            headers: headers(params.headers.clone(), backend, secret)?,
            params,
            settings: BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings)
                .map_err(|_| UnusableBackend("its settings"))?,
        })
    }
}

impl Target {
    /// `path` at the server's root, where tokenizers are: beside `/v1`, not below it.
    pub(crate) fn beside_v1(&self, path: &str) -> Url {
        let mut url = self.chat_completions.clone();
        let root = url.path().trim_end_matches("/chat/completions").trim_end_matches("/v1").to_owned();
        url.set_path(&format!("{root}/{path}"));
        url
    }
}

/// `own` of the model, those of the backend over them, and its key.
fn headers(own: HeaderMap, backend: &Backend, secret: Option<&Secret>) -> Result<HeaderMap, UnusableBackend> {
    let mut headers = own;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    for (name, value) in &backend.headers {
        let name = HeaderName::try_from(name).map_err(|_| UnusableBackend("a header's name"))?;
        headers.insert(name, HeaderValue::try_from(value).map_err(|_| UnusableBackend("a header's value"))?);
    }
    let Some(key) = secret else { return Ok(headers) };
    let (name, value) = credential(backend.protocol, key).map_err(|_| UnusableBackend("its key is no header value"))?;
    headers.insert(name, value);
    Ok(headers)
}
