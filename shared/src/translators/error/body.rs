//! The bodies of errors in both dialects. Also for errors that no backend has made.

use serde::Serialize;

use super::ErrorKind;

/// What an error says to a client, whichever dialect it speaks.
#[derive(Debug, Clone, Copy)]
pub struct ErrorBody<'a> {
    pub kind: ErrorKind,
    pub message: &'a str,
    /// `error.details.error_code`, by which Anthropic's SDKs know what to try next.
    pub details_code: Option<&'a str>,
    /// `error.code`, the same for `OpenAI`'s.
    pub openai_code: Option<&'a str>,
}

impl ErrorBody<'_> {
    /// `{"type":"error","error":{"type","message"},"request_id"}`
    pub fn anthropic(&self, request_id: Option<&str>) -> Vec<u8> {
        let details = self.details_code.map(|error_code| Details { error_code });
        let error = AnthropicError { kind: self.kind.name(), message: self.message, details };
        json(&AnthropicBody { kind: "error", error, request_id })
    }

    /// `{"error":{"message","type","param","code"}}`
    pub fn openai(&self) -> Vec<u8> {
        let error = OpenAiError { message: self.message, kind: self.kind.name(), param: None, code: self.openai_code };
        json(&OpenAiBody { error })
    }
}

#[derive(Serialize)]
struct AnthropicBody<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    error: AnthropicError<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicError<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// Structs of strings always serialise; should that ever fail, the client still gets JSON.
fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s6_1_details_tell_the_sdk_what_to_do() {
        let body = ErrorBody {
            kind: ErrorKind::InvalidRequest,
            message: "thread: not kept here",
            details_code: Some("thread_unsupported_request"),
            openai_code: None,
        };
        let expected = concat!(
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"thread: not kept here","#,
            r#""details":{"error_code":"thread_unsupported_request"}},"request_id":"req_1"}"#
        );
        assert_eq!(body.anthropic(Some("req_1")), expected.as_bytes());
    }
}
