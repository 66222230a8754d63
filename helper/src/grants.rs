//! The token endpoint: what is redeemed there, and what it answers (RFC 6749 §5).

use domain::access::sign_in::ClientId;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::error::HelperError;
use crate::http::Http;

/// Tokens as the endpoint gives them.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    expires_in: u32,
}

impl Tokens {
    /// The end of a token that was asked for at `asked_at`.
    pub(crate) fn expire_at(&self, asked_at: Timestamp) -> Timestamp {
        asked_at + SignedDuration::from_secs(i64::from(self.expires_in))
    }
}

/// The answer of the endpoint to a grant.
pub(crate) enum Answer {
    Tokens(Tokens),
    /// A refusal by its name: `invalid_grant`.
    Refused(String),
}

/// Redeems a grant of `client`. An error is no refusal: the grant is as good as before.
pub(crate) async fn redeem(
    http: &Http,
    endpoint: &str,
    client: ClientId,
    grant: &[(&str, &str)],
) -> Result<Answer, HelperError> {
    let form = [&[("client_id", client.as_str())], grant].concat();
    let (status, body) = http.post(endpoint, &form).await?;
    let named = body.get("error").and_then(Value::as_str);
    match (status, named) {
        (StatusCode::OK, _) => serde_json::from_value(body)
            .map(Answer::Tokens)
            .map_err(|_| unusable(endpoint, status, "not tokens")),
        (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, Some(name)) => Ok(Answer::Refused(name.to_owned())),
        _ => Err(unusable(endpoint, status, "try again later")),
    }
}

fn unusable(endpoint: &str, status: StatusCode, reason: &str) -> HelperError {
    HelperError::Refused {
        gateway: endpoint.to_owned(),
        status: status.as_u16(),
        reason: reason.to_owned(),
    }
}
