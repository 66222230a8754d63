//! Requests to a backend, with what its entry says: headers, and the key.

use domain::models::catalog::{Backend, Protocol};
use domain::models::health::FailureClass;
use domain::secret::Secret;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use service::outbound::backend::{Addresses, credential};
use service::outbound::{CallError, Pieces, ResponseBody};
use url::Url;

use crate::app::App;

/// Without it Anthropic refuses every request (<https://docs.anthropic.com/en/api/versioning>).
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The gateway as a backend sees it.
pub(crate) struct Caller<'a> {
    app: &'a App,
    pub(crate) backend: &'a Backend,
    key: Option<Secret>,
}

impl<'a> Caller<'a> {
    /// With the stored key of `backend`.
    pub(crate) async fn of(app: &'a App, backend: &'a Backend) -> Result<Self, FailureClass> {
        let key = match backend.secret_name() {
            Some(name) => {
                let key = app.backend_keys.get(&name).await.ok().flatten();
                Some(key.ok_or(FailureClass::Secret)?)
            }
            None => None,
        };
        Ok(Self::with_key(app, backend, key))
    }

    pub(crate) fn with_key(app: &'a App, backend: &'a Backend, key: Option<Secret>) -> Self {
        Self { app, backend, key }
    }

    /// The backend's addresses, if they may be called.
    pub(crate) fn addresses(&self) -> Result<Addresses, FailureClass> {
        let base = self.app.outbound.networks.base_url(&self.backend.base_url);
        let base = base.map_err(|_| FailureClass::ForbiddenAddress)?;
        Ok(Addresses::of(self.backend, base))
    }

    pub(crate) async fn get(&self, url: Url) -> Result<Response<ResponseBody>, FailureClass> {
        self.send(Method::GET, url, Pieces::default()).await
    }

    /// Sends `body`, which is JSON.
    pub(crate) async fn post(&self, url: Url, body: Vec<u8>) -> Result<Response<ResponseBody>, FailureClass> {
        self.send(Method::POST, url, Pieces::from_iter([body.into()])).await
    }

    async fn send(&self, method: Method, url: Url, body: Pieces) -> Result<Response<ResponseBody>, FailureClass> {
        let mut request = Request::builder()
            .method(&method)
            .uri(url.as_str())
            .header(ACCEPT, JSON);
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, JSON);
        }
        if self.backend.protocol == Protocol::Anthropic {
            let (name, version) = ANTHROPIC_VERSION;
            request = request.header(name, version);
        }
        for (name, value) in &self.backend.headers {
            request = request.header(name, value);
        }
        if let Some(key) = &self.key
            && let Some((name, value)) = credential(self.backend, key).map_err(|_| FailureClass::Secret)?
        {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(|error| CallError::from(error).class())?;
        self.app
            .outbound
            .http
            .send(request)
            .await
            .map_err(|error| error.class())
    }
}
