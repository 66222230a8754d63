//! How a backend is called: its URL and the headers of every request, made once for each version of the backend.

use std::sync::Arc;

use domain::models::BackendId;
use domain::models::catalog::{Backend, Model};
use domain::models::health::FailureClass;
use domain::secret::Secret;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use service::outbound::backend::{credential, endpoint, outside_v1};
use translators::settings::BackendSettings;
use url::Url;

use super::failure::{Failure, none_available};
use crate::App;
use crate::request::model_params::ModelParams;

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
    pub(crate) chat_completions: Uri,
    pub(crate) messages: Uri,
    pub(crate) count_tokens: Uri,
    base: Url,
    pub(crate) headers: HeaderMap,
    /// What the model adds to a body.
    pub(crate) params: ModelParams,
    /// What the backend takes and needs (translation.md §2.1).
    pub(crate) settings: BackendSettings,
}

/// A backend whose entry cannot be called; its address was allowed once and is not any more, or its key is gone.
#[derive(Debug, thiserror::Error)]
#[error("the backend's entry cannot be used: {0}")]
struct UnusableBackend(&'static str);

impl Target {
    /// The target of `backend`, from the cache or made anew with its secret.
    pub(crate) async fn of(app: &App, model: &Model, backend: &Backend) -> Result<Arc<Self>, Failure> {
        let key = TargetKey {
            backend: backend.id.clone(),
            created_at: backend.created_at,
            version: backend.version,
            model: model.version,
        };
        let made = || async {
            Self::make(app, model, backend)
                .await
                .map(|target| Some(Arc::new(target)))
        };
        app.targets
            .get(&key, made)
            .await?
            .ok_or_else(|| unusable(FailureClass::Other, "it is gone"))
    }

    async fn make(app: &App, model: &Model, backend: &Backend) -> Result<Self, Failure> {
        let base = app.networks.base_url(&backend.base_url);
        let base = base.map_err(|_| unusable(FailureClass::ForbiddenAddress, "its address may not be called"))?;
        let settings = BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings);
        let settings = settings.map_err(|_| unusable(FailureClass::Other, "its settings"))?;
        let secret = secret(app, backend).await?;
        let params = ModelParams::of(model);
        Ok(Self {
            chat_completions: address(&endpoint(base.clone(), "chat/completions"))?,
            messages: address(&endpoint(base.clone(), "messages"))?,
            count_tokens: address(&endpoint(base.clone(), "messages/count_tokens"))?,
            base,
            headers: headers(params.headers.clone(), backend, secret.as_ref())?,
            params,
            settings,
        })
    }
}

/// What another gateway would have refused, or this one would now; it counts as unhealthy (docs/api.md §9).
fn unusable(class: FailureClass, why: &'static str) -> Failure {
    Failure::of_backend(class, none_available().source(UnusableBackend(why)))
}

async fn secret(app: &App, backend: &Backend) -> Result<Option<Secret>, Failure> {
    let Some(name) = backend.secret_name() else {
        return Ok(None);
    };
    let secret = app
        .backend_keys
        .get(&name)
        .await
        .map_err(|error| Failure::of_backend(FailureClass::Secret, error))?;
    secret
        .map(Some)
        .ok_or_else(|| unusable(FailureClass::Secret, "its key is gone"))
}

impl Target {
    /// `path` at the server's root, where tokenizers are: beside `/v1`, not below it.
    pub(crate) fn beside_v1(&self, path: &str) -> Result<Uri, Failure> {
        address(&outside_v1(self.base.clone(), path))
    }
}

fn address(url: &Url) -> Result<Uri, Failure> {
    Uri::try_from(url.as_str()).map_err(|_| unusable(FailureClass::Other, "its address"))
}

/// `own` of the model, those of the backend over them, and its key.
fn headers(own: HeaderMap, backend: &Backend, secret: Option<&Secret>) -> Result<HeaderMap, Failure> {
    let mut headers = own;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    for (name, value) in &backend.headers {
        let name = HeaderName::try_from(name).map_err(|_| unusable(FailureClass::Other, "a header's name"))?;
        headers.insert(
            name,
            HeaderValue::try_from(value).map_err(|_| unusable(FailureClass::Other, "a header's value"))?,
        );
    }
    let Some(key) = secret else { return Ok(headers) };
    let (name, value) =
        credential(backend.protocol, key).map_err(|_| unusable(FailureClass::Secret, "its key is no header value"))?;
    headers.insert(name, value);
    Ok(headers)
}
