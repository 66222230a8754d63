//! One unbilled question to a backend. What it answers besides its status is not read (promise 37).

use http::StatusCode;
use shared::models::catalog::Backend;
use shared::models::health::FailureClass;
use shared::outbound::failure_class;
use url::Url;

use crate::State;

/// What a question to a backend came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub healthy: bool,
    /// The status it answered with, if it answered.
    pub status: Option<u16>,
    /// Why it is not healthy.
    pub reason: Option<FailureClass>,
}

impl Finding {
    pub(crate) fn sick(reason: FailureClass) -> Self {
        Self { healthy: false, status: None, reason: Some(reason) }
    }

    /// A server that says "not found" to a path it does not have is up; one that refuses our key is of no use.
    fn of_status(status: StatusCode) -> Self {
        let healthy = status.is_success() || matches!(status.as_u16(), 400 | 404 | 405 | 429);
        Self { healthy, status: Some(status.as_u16()), reason: (!healthy).then_some(FailureClass::Status) }
    }
}

/// Asks `health_path`, or else the list of models.
pub(crate) async fn ask(state: &State, backend: &Backend) -> Finding {
    let Ok(base) = state.outbound.networks.base_url(&backend.base_url) else { return Finding::sick(FailureClass::ForbiddenAddress) };
    let mut request = state.outbound.http.get(probe_url(base, backend.health_path.as_deref()));
    if let Some(name) = backend.secret_name() {
        match state.secrets.get(&name).await {
            Ok(Some(key)) => request = request.bearer_auth(key.expose()),
            Ok(None) | Err(_) => return Finding::sick(FailureClass::Secret),
        }
    }
    match request.send().await {
        Ok(response) => Finding::of_status(response.status()),
        Err(error) => Finding::sick(failure_class(&error)),
    }
}

fn probe_url(mut base: Url, health_path: Option<&str>) -> Url {
    let path = match (health_path, base.path().trim_end_matches('/')) {
        (Some(path), _) => path.to_owned(),
        (None, "") => "/v1/models".to_owned(),
        (None, prefix) => format!("{prefix}/models"),
    };
    base.set_path(&path);
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_goes_to_the_health_path_or_to_the_models() {
        let url = |base: &str, path| probe_url(base.parse().unwrap(), path).to_string();
        assert_eq!(url("http://h:1", None), "http://h:1/v1/models");
        assert_eq!(url("https://h/api/v4/", None), "https://h/api/v4/models");
        assert_eq!(url("https://h/api/v4", Some("/health")), "https://h/health");
    }

    #[test]
    fn a_refused_key_and_server_errors_are_sick_and_a_missing_path_is_not() {
        for (status, healthy) in [(200, true), (404, true), (401, false), (403, false), (500, false), (302, false)] {
            assert_eq!(Finding::of_status(StatusCode::from_u16(status).unwrap()).healthy, healthy, "{status}");
        }
    }
}
