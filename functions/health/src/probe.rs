//! One unbilled request to a backend. Only the status of the response is read (promise 37).

use domain::models::catalog::{Backend, Protocol};
use domain::models::health::FailureClass;
use http::header::ACCEPT;
use http::{HeaderValue, Request, StatusCode};
use service::outbound::backend::{credential, endpoint, outside_v1};
use service::outbound::{CallError, Pieces};
use url::Url;

use crate::app::App;

/// Without it Anthropic refuses every request (<https://docs.anthropic.com/en/api/versioning>).
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// The response of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProbeResponse {
    pub(crate) status: StatusCode,
    /// True if the path is the configured `health_path`.
    is_named: bool,
}

impl ProbeResponse {
    /// A server that says "not found" to a path that it need not have is up; one that refuses our key is of no use.
    pub(crate) fn is_healthy(self) -> bool {
        match self.status.as_u16() {
            200..=299 | 429 => true,
            400 | 404 | 405 => !self.is_named,
            _ => false,
        }
    }
}

/// A `GET` of `health_path`; or else of the list of models, or where there is none, of `/health`.
pub(crate) async fn send(app: &App, backend: &Backend) -> Result<ProbeResponse, FailureClass> {
    let base = app
        .outbound
        .networks
        .base_url(&backend.base_url)
        .map_err(|_| FailureClass::ForbiddenAddress)?;
    if let Some(path) = &backend.health_path {
        return Ok(ProbeResponse {
            status: get(app, backend, at(base, path)).await?,
            is_named: true,
        });
    }
    let status = get(app, backend, endpoint(base.clone(), "models")).await?;
    let status = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => get(app, backend, outside_v1(base, "health")).await?,
        status => status,
    };
    Ok(ProbeResponse {
        status,
        is_named: false,
    })
}

async fn get(app: &App, backend: &Backend, url: Url) -> Result<StatusCode, FailureClass> {
    let mut request = Request::get(url.as_str()).header(ACCEPT, HeaderValue::from_static("application/json"));
    if backend.protocol == Protocol::Anthropic {
        let (name, version) = ANTHROPIC_VERSION;
        request = request.header(name, version);
    }
    for (name, value) in &backend.headers {
        request = request.header(name, value);
    }
    if let Some(name) = backend.secret_name() {
        let key = app
            .backend_keys
            .get(&name)
            .await
            .ok()
            .flatten()
            .ok_or(FailureClass::Secret)?;
        let (name, value) = credential(backend.protocol, &key).map_err(|_| FailureClass::Secret)?;
        request = request.header(name, value);
    }
    let request = request
        .body(Pieces::default())
        .map_err(|error| CallError::from(error).class())?;
    app.outbound
        .http
        .send(request)
        .await
        .map(|response| response.status())
        .map_err(|error| error.class())
}

fn at(mut base: Url, path: &str) -> Url {
    base.set_path(path);
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p37_a_health_path_is_a_path_on_the_backends_own_host() {
        let url = |path| at("https://h/api/v4".parse().unwrap(), path).to_string();
        assert_eq!(url("/health"), "https://h/health");
        assert_eq!(url("/a/../../b"), "https://h/b");
    }

    #[test]
    fn a_missing_path_is_healthy_unless_an_operator_has_named_it_and_a_refused_key_never() {
        for (status, unnamed, named) in [
            (200, true, true),
            (204, true, true),
            (302, false, false),
            (400, true, false),
            (401, false, false),
            (403, false, false),
            (404, true, false),
            (405, true, false),
            (429, true, true),
            (500, false, false),
            (503, false, false),
        ] {
            let healthy = |is_named| {
                ProbeResponse {
                    status: StatusCode::from_u16(status).unwrap(),
                    is_named,
                }
                .is_healthy()
            };
            assert_eq!((healthy(false), healthy(true)), (unnamed, named), "{status}");
        }
    }
}
