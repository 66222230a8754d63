//! One unbilled request to a backend. Only the status is read of the response, and by hand the names of its models
//! (promise 37).

use std::time::Duration;

use domain::models::catalog::{Backend, Protocol};
use domain::models::health::{CheckFinding, FailureClass};
use http::header::ACCEPT;
use http::{HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use service::outbound::backend::{credential, endpoint, outside_v1};
use service::outbound::{CallError, Pieces, ResponseBody};
use url::Url;

use crate::app::App;

/// Without it Anthropic refuses every request (<https://docs.anthropic.com/en/api/versioning>).
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// Bytes read of a list of models.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    BySchedule,
    ByHand,
}

/// The response of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProbeResponse {
    pub(crate) status: StatusCode,
    /// True if the path is the configured `health_path`.
    is_named: bool,
    /// True if the server lists its models, and not the backend's.
    lacks_model: bool,
}

impl ProbeResponse {
    /// A server that answers is reachable, unless it says that it is broken. What else is amiss is told, and ejects nobody:
    /// only requests show if requests succeed.
    pub(crate) fn finding(self, latency: Duration, asked: Asked) -> CheckFinding {
        let finding = match self.status.as_u16() {
            500.. => return CheckFinding::Failed(FailureClass::Status),
            _ if self.lacks_model => Some(FailureClass::ModelMissing),
            200..=299 => None,
            429 => Some(FailureClass::RateLimited),
            401 | 403 => Some(FailureClass::Credentials),
            402 => Some(FailureClass::Billing),
            // A path that the server need not have.
            400 | 404 | 405 if !self.is_named => None,
            _ => Some(FailureClass::Status),
        };
        CheckFinding::Reachable {
            latency,
            finding,
            by_hand: asked == Asked::ByHand,
        }
    }
}

/// A `GET` of `health_path`; or else of the list of models, or where there is none, of `/health`.
pub(crate) async fn send(app: &App, backend: &Backend, asked: Asked) -> Result<ProbeResponse, FailureClass> {
    let base = app
        .outbound
        .networks
        .base_url(&backend.base_url)
        .map_err(|_| FailureClass::ForbiddenAddress)?;
    if let Some(path) = &backend.health_path {
        return Ok(ProbeResponse {
            status: get(app, backend, at(base, path)).await?.status(),
            is_named: true,
            lacks_model: false,
        });
    }
    let models = get(app, backend, endpoint(base.clone(), "models")).await?;
    let status = match models.status() {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            get(app, backend, outside_v1(base, "health")).await?.status()
        }
        StatusCode::OK if asked == Asked::ByHand => {
            return Ok(ProbeResponse {
                status: StatusCode::OK,
                is_named: false,
                lacks_model: lacks_model(models.into_body(), &backend.model_name).await,
            });
        }
        status => status,
    };
    Ok(ProbeResponse {
        status,
        is_named: false,
        lacks_model: false,
    })
}

/// True if `body` lists names of models, all of them, and not `name`. What cannot be read lists none.
async fn lacks_model(mut body: ResponseBody, name: &str) -> bool {
    let mut list = Vec::new();
    while let Ok(Some(bytes)) = body.chunk().await {
        if list.len() + bytes.len() > MAX_LIST_BYTES {
            return false;
        }
        list.extend_from_slice(&bytes);
    }
    !lists(&list, name)
}

/// True if the list has `name`, or no names at all.
fn lists(list: &[u8], name: &str) -> bool {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Model>,
        /// Anthropic lists page by page.
        #[serde(default)]
        has_more: bool,
    }
    #[derive(Deserialize)]
    struct Model {
        id: String,
    }
    match serde_json::from_slice::<List>(list) {
        // Gemini has `models/` before each name.
        Ok(List { data, has_more }) => {
            let is_it = |model: &Model| model.id == name || model.id.strip_prefix("models/") == Some(name);
            has_more || data.is_empty() || data.iter().any(is_it)
        }
        Err(_) => true,
    }
}

async fn get(app: &App, backend: &Backend, url: Url) -> Result<Response<ResponseBody>, FailureClass> {
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
    app.outbound.http.send(request).await.map_err(|error| error.class())
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
    fn op_any_answer_that_is_no_5xx_is_reachable_and_the_rest_is_a_finding() {
        use FailureClass::{Billing, Credentials, RateLimited, Status};
        for (status, unnamed, named) in [
            (200, Ok(None), Ok(None)),
            (204, Ok(None), Ok(None)),
            (302, Ok(Some(Status)), Ok(Some(Status))),
            (400, Ok(None), Ok(Some(Status))),
            (401, Ok(Some(Credentials)), Ok(Some(Credentials))),
            (402, Ok(Some(Billing)), Ok(Some(Billing))),
            (403, Ok(Some(Credentials)), Ok(Some(Credentials))),
            (404, Ok(None), Ok(Some(Status))),
            (405, Ok(None), Ok(Some(Status))),
            (429, Ok(Some(RateLimited)), Ok(Some(RateLimited))),
            (500, Err(Status), Err(Status)),
            (503, Err(Status), Err(Status)),
        ] {
            let found = |is_named| {
                let response = ProbeResponse {
                    status: StatusCode::from_u16(status).unwrap(),
                    is_named,
                    lacks_model: false,
                };
                match response.finding(Duration::ZERO, Asked::BySchedule) {
                    CheckFinding::Reachable { finding, .. } => Ok(finding),
                    CheckFinding::Failed(class) => Err(class),
                }
            };
            assert_eq!((found(false), found(true)), (unnamed, named), "{status}");
        }
    }

    #[test]
    fn op_a_list_that_lacks_the_models_name_is_a_finding_and_what_is_no_list_says_nothing() {
        for (list, has_it) in [
            (r#"{"data":[{"id":"m"}]}"#, true),
            (r#"{"data":[{"id":"models/m"}]}"#, true),
            (r#"{"data":[{"id":"other"}]}"#, false),
            (r#"{"data":[{"id":"other"}],"has_more":true}"#, true),
            (r#"{"data":[]}"#, true),
            (r#"{"data":[{"name":"m"}]}"#, true),
            ("[]", true),
            ("<html>", true),
        ] {
            assert_eq!(lists(list.as_bytes(), "m"), has_it, "{list}");
        }
    }
}
