//! Requests to token endpoints, which the deployment names and no entry: with the limits of all calls to addresses that
//! are not ours, and without a word of theirs for a client.

use std::time::Duration;

use bytes::Bytes;
use domain::secret::Secret;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::outbound::{CallError, Client, Pieces};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Characters of what a refusal says.
const MAX_WORDS: usize = 500;

/// A `POST` to a token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenRequest {
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl TokenRequest {
    pub(super) fn form(url: &str, form: &[(&str, &str)]) -> Result<Self, ExchangeError> {
        let body = serde_urlencoded::to_string(form).map_err(|_| ExchangeError::Address)?;
        Self::new(url, "application/x-www-form-urlencoded", body)
    }

    pub(super) fn json(url: &str, body: &Value) -> Result<Self, ExchangeError> {
        Self::new(url, "application/json", body.to_string())
    }

    fn new(url: &str, content_type: &'static str, body: String) -> Result<Self, ExchangeError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Self {
            url: Uri::try_from(url).map_err(|_| ExchangeError::Address)?,
            headers,
            body: body.into(),
        })
    }
}

/// The token of a successful answer in the form of OAuth (RFC 6749 §5.1), and its life.
pub(super) fn read_token(body: &[u8]) -> Result<(Secret, Duration), ExchangeError> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        expires_in: u64,
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|_| ExchangeError::NoToken)?;
    Ok((answer.access_token.into(), Duration::from_secs(answer.expires_in)))
}

/// The answer of an endpoint.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// The reason why there is no token. Its text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("the token endpoint's address is not usable")]
    Address,
    #[error("the token endpoint cannot be reached")]
    Call(#[from] CallError),
    #[error("the token endpoint did not answer in time")]
    Timeout,
    #[error("the token endpoint's answer is too long")]
    TooLong,
    #[error("the token endpoint refused with status {status}: {said}")]
    Refused { status: u16, said: String },
    #[error("the token endpoint's answer has no token")]
    NoToken,
}

pub(super) async fn send(http: &Client, request: TokenRequest) -> Result<Answer, ExchangeError> {
    let answered = timeout(TIMEOUT, answer(http, request)).await;
    answered.unwrap_or(Err(ExchangeError::Timeout))
}

async fn answer(http: &Client, form: TokenRequest) -> Result<Answer, ExchangeError> {
    let mut request = Request::new(Pieces::from(form.body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = form.url;
    *request.headers_mut() = form.headers;
    let response = http.send(request).await?;
    let status = response.status();
    let body = response.into_body().read(MAX_ANSWER_BYTES).await?;
    let body = body.ok_or(ExchangeError::TooLong)?;
    Ok(Answer { status, body })
}

impl Answer {
    /// The body of a success. A refusal says what the endpoint said, without the `secret` that it was sent.
    pub(super) fn success(self, secret: Option<&Secret>) -> Result<Vec<u8>, ExchangeError> {
        if self.status == StatusCode::OK {
            return Ok(self.body);
        }
        Err(ExchangeError::Refused {
            status: self.status.as_u16(),
            said: cleaned(&words(&self.body), secret),
        })
    }
}

/// The words of an error of OAuth (RFC 6749 §5.2), else the body.
fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        #[serde(default)]
        error_description: String,
    }
    match serde_json::from_slice(body) {
        Ok(Refusal {
            error,
            error_description,
        }) => format!("{error}: {error_description}"),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

/// `text` as a line of the log: short, without control characters, and without the secret.
fn cleaned(text: &str, secret: Option<&Secret>) -> String {
    let secret = secret.map(Secret::expose).filter(|secret| !secret.is_empty());
    let text = secret.map_or_else(|| text.to_owned(), |secret| text.replace(secret, "***"));
    let printable = text.chars().filter(|character| !character.is_control());
    printable.take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_token_and_its_life() {
        let (token, life) = read_token(br#"{"token_type":"Bearer","expires_in":3599,"access_token":"t"}"#).unwrap();
        assert_eq!((token.expose(), life.as_secs()), ("t", 3599));
        for wrong in [
            "",
            "{}",
            r#"{"access_token":"t"}"#,
            r#"{"access_token":1,"expires_in":1}"#,
        ] {
            let read = read_token(wrong.as_bytes());
            assert!(matches!(read, Err(ExchangeError::NoToken)), "{wrong}");
        }
    }

    #[test]
    fn p94_a_refusal_is_told_without_what_was_sent() {
        let answer = |body: &str| Answer {
            status: StatusCode::UNAUTHORIZED,
            body: body.as_bytes().to_vec(),
        };
        let said = |body: &str| {
            let refused = answer(body).success(Some(&Secret::from("s3cret")));
            refused.unwrap_err().to_string()
        };
        let json = r#"{"error":"invalid_client","error_description":"AADSTS7000215: s3cret\r\nis wrong"}"#;
        assert_eq!(
            said(json),
            "the token endpoint refused with status 401: invalid_client: AADSTS7000215: ***is wrong"
        );
        assert_eq!(
            said("<a>s3cret</a>"),
            "the token endpoint refused with status 401: <a>***</a>"
        );
        assert!(said(&"x".repeat(5000)).len() < 600);
    }
}
