//! A login on any device, by a code that is shown here (RFC 8628).

use std::time::Duration;

use domain::access::sign_in::ClientId;
use http::StatusCode;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::error::HelperError;
use crate::grants::{Answer, Tokens, redeem};
use crate::http::Http;
use crate::metadata::Metadata;
use crate::terminal;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Seconds that each `slow_down` adds (RFC 8628 §3.5), and each failure to reach the gateway.
const BACK_OFF: u64 = 5;

/// The codes of this sign-in: one that the person is shown, one that this program asks with.
#[derive(Deserialize)]
struct Pending {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
    /// A notice of the gateway's administrator, to be read before.
    #[serde(default)]
    login_notice: Option<String>,
}

/// The answer to one question.
enum Polled {
    Tokens(Tokens),
    Undecided,
    /// Ask less often.
    Slower,
}

pub(crate) async fn run(http: &Http, metadata: &Metadata, client: ClientId) -> Result<Tokens, HelperError> {
    let device = begin(http, metadata, client).await?;
    terminal::tell_code(
        device.login_notice.as_deref(),
        &device.verification_uri_complete,
        &device.verification_uri,
        &device.user_code,
    );
    let patience = Duration::from_secs(device.expires_in);
    let decided = timeout(patience, decision(http, metadata, client, &device)).await;
    decided.map_err(|_| HelperError::TooLate)?
}

async fn begin(http: &Http, metadata: &Metadata, client: ClientId) -> Result<Pending, HelperError> {
    let form = [("client_id", client.as_str())];
    let (status, body) = http.post(&metadata.device_authorization_endpoint, &form).await?;
    let refused = |reason: &str| HelperError::Refused {
        gateway: metadata.issuer.clone(),
        status: status.as_u16(),
        reason: reason.to_owned(),
    };
    if status != StatusCode::OK {
        let described = body.get("error_description").and_then(|text| text.as_str());
        return Err(refused(described.unwrap_or("no code is given here")));
    }
    serde_json::from_value(body).map_err(|_| refused("not a code"))
}

async fn decision(http: &Http, metadata: &Metadata, client: ClientId, device: &Pending) -> Result<Tokens, HelperError> {
    let mut pause = device.interval;
    loop {
        sleep(Duration::from_secs(pause)).await;
        match poll(http, metadata, client, device).await? {
            Polled::Tokens(tokens) => return Ok(tokens),
            Polled::Undecided => {}
            Polled::Slower => pause += BACK_OFF,
        }
    }
}

async fn poll(http: &Http, metadata: &Metadata, client: ClientId, device: &Pending) -> Result<Polled, HelperError> {
    let grant = [("grant_type", GRANT), ("device_code", &device.device_code)];
    let name = match redeem(http, &metadata.token_endpoint, client, &grant).await {
        Ok(Answer::Tokens(tokens)) => return Ok(Polled::Tokens(tokens)),
        Ok(Answer::Refused(name)) => name,
        // The network may be back before the code ends.
        Err(_) => return Ok(Polled::Slower),
    };
    match name.as_str() {
        "authorization_pending" => Ok(Polled::Undecided),
        "slow_down" => Ok(Polled::Slower),
        "access_denied" => Err(HelperError::Denied),
        "expired_token" => Err(HelperError::TooLate),
        other => Err(HelperError::Refused {
            gateway: metadata.issuer.clone(),
            status: 400,
            reason: other.to_owned(),
        }),
    }
}
