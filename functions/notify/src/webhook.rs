//! One delivery: a signed `POST`, and what the receiver says to it.

use std::fmt;

use bytes::Bytes;
use domain::access::webhook::{dingtalk_sign, signature};
use domain::models::alert::Alert;
use domain::models::health::FailureClass;
use domain::models::notify::WebhookFormat;
use domain::secret::Secret;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use service::outbound::{CallError, Pieces, ResponseBody};
use url::Url;

use crate::app::App;
use crate::message;
use crate::target::Target;

/// Bytes read of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Why a delivery has failed, as coarsely as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The address may not be called, or nothing came back.
    Call(FailureClass),
    Status(StatusCode),
    /// The bot has answered 200 and this error.
    Code(i64),
    /// The signing secret cannot be read.
    Secret,
}

impl Failure {
    pub(crate) fn timed_out() -> Self {
        Self::Call(FailureClass::Timeout)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error.class())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(class) => f.write_str(class.name()),
            Self::Status(status) => write!(f, "status {}", status.as_u16()),
            Self::Code(code) => write!(f, "code {code}"),
            Self::Secret => f.write_str("secret"),
        }
    }
}

/// Posts the alert to the webhook.
pub(crate) async fn send(app: &App, target: &Target, alert: &Alert) -> Result<(), Failure> {
    let secret = secret(app, target).await?;
    let now = app.store.clock().now();
    let forbidden = |_| Failure::Call(FailureClass::ForbiddenAddress);
    let address = app.outbound.networks.webhook(&target.address).map_err(forbidden)?;
    let request = request(address, target.format, secret.as_ref(), (alert, now))?;
    let response = app.outbound.http.send(request).await?;
    if !response.status().is_success() {
        return Err(Failure::Status(response.status()));
    }
    match target.format {
        WebhookFormat::Json | WebhookFormat::Slack => Ok(()),
        WebhookFormat::Feishu | WebhookFormat::DingTalk | WebhookFormat::WeCom => check_code(response).await,
    }
}

async fn secret(app: &App, target: &Target) -> Result<Option<Secret>, Failure> {
    let Some(name) = &target.secret else { return Ok(None) };
    match app.secrets.get(name).await {
        Ok(Some(secret)) => Ok(Some(secret)),
        Ok(None) => Err(Failure::Secret),
        Err(error) => {
            tracing::error!(%error, "the signing secret of webhooks cannot be read");
            Err(Failure::Secret)
        }
    }
}

fn request(
    mut address: Url,
    format: WebhookFormat,
    secret: Option<&Secret>,
    (alert, now): (&Alert, Timestamp),
) -> Result<Request<Pieces>, Failure> {
    let seconds = now.as_second();
    let body = message::body(format, alert, secret.map(|secret| (secret.expose(), seconds)));
    let request = Request::builder()
        .method("POST")
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header("webhook-id", &alert.id)
        .header("webhook-timestamp", seconds);
    let request = match secret {
        Some(secret) => request.header(
            "webhook-signature",
            signature(secret.expose(), (&alert.id, seconds), &body),
        ),
        None => request,
    };
    if let (WebhookFormat::DingTalk, Some(secret)) = (format, secret) {
        let milliseconds = now.as_millisecond();
        address
            .query_pairs_mut()
            .append_pair("timestamp", &milliseconds.to_string())
            .append_pair("sign", &dingtalk_sign(secret.expose(), milliseconds));
    }
    let request = request.uri(address.as_str()).body(Pieces::from(Bytes::from(body)));
    request.map_err(|error| CallError::from(error).into())
}

/// The bots of Feishu, `DingTalk` and `WeCom` answer 200 to what they refuse, with a code that is not 0.
async fn check_code(response: Response<ResponseBody>) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(alias = "errcode", default)]
        code: i64,
    }
    let body = response.into_body().read(MAX_ANSWER).await?;
    match serde_json::from_slice(&body.unwrap_or_default()) {
        Ok(Answer { code: 0 }) => Ok(()),
        Ok(Answer { code }) => Err(Failure::Code(code)),
        Err(_) => Err(Failure::Call(FailureClass::Malformed)),
    }
}
