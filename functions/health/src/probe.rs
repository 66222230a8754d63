//! One unbilled request to a backend. Only the status is read of the response, and by hand the names of its models
//! (promise 37).

use std::time::Duration;

use domain::models::auth::Auth;
use domain::models::catalog::Backend;
use domain::models::health::{CheckFinding, FailureClass};
use http::StatusCode;

use crate::app::App;
use crate::caller::Caller;
use crate::models::Models;

/// The occasion of a check.
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
    /// True if the server was not shown who asks: what it says of us then is of nobody.
    is_anonymous: bool,
}

impl ProbeResponse {
    /// A server that answers is reachable, unless it says that it is broken. What else is amiss is told, and ejects
    /// nobody: only requests show if requests succeed.
    pub(crate) fn finding(self, latency: Duration, asked: Asked) -> CheckFinding {
        let finding = match self.status.as_u16() {
            500.. => return CheckFinding::Failed(FailureClass::Status),
            _ if self.is_anonymous => return CheckFinding::Up { latency },
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
    let caller = Caller::of(app, backend).await?;
    let addresses = caller.addresses()?;
    let is_anonymous = backend.auth.as_ref().is_some_and(Auth::is_identity);
    if let Some(path) = &backend.health_path {
        return Ok(ProbeResponse {
            status: caller.get(addresses.at(path)).await?.status(),
            is_named: true,
            lacks_model: false,
            is_anonymous,
        });
    }
    let models = caller.get(addresses.route("models")).await?;
    let status = match models.status() {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            caller.get(addresses.outside_v1("health")).await?.status()
        }
        StatusCode::OK if asked == Asked::ByHand => {
            return Ok(ProbeResponse {
                status: StatusCode::OK,
                is_named: false,
                lacks_model: Models::read(models.into_body()).await.lack(&backend.model_name),
                is_anonymous,
            });
        }
        status => status,
    };
    Ok(ProbeResponse {
        status,
        is_named: false,
        lacks_model: false,
        is_anonymous,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
                    is_anonymous: false,
                };
                match response.finding(Duration::ZERO, Asked::BySchedule) {
                    CheckFinding::Reachable { finding, .. } => Ok(finding),
                    CheckFinding::Up { .. } => Ok(None),
                    CheckFinding::Failed(class) => Err(class),
                }
            };
            assert_eq!((found(false), found(true)), (unnamed, named), "{status}");
        }
    }

    #[test]
    fn p93_a_server_that_does_not_know_who_asks_is_up_below_500() {
        for (status, is_up) in [
            (200, true),
            (401, true),
            (403, true),
            (404, true),
            (429, true),
            (500, false),
            (503, false),
        ] {
            let response = ProbeResponse {
                status: StatusCode::from_u16(status).unwrap(),
                is_named: true,
                lacks_model: false,
                is_anonymous: true,
            };
            let finding = response.finding(Duration::ZERO, Asked::ByHand);
            assert_eq!(matches!(finding, CheckFinding::Up { .. }), is_up, "{status}");
        }
    }
}
