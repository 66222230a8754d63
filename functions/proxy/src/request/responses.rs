//! A Responses request. Its members are known when it is read; their values are read once a backend is chosen.

use std::borrow::Cow;

use bytes::Bytes;
use service::http::ApiError;
use translators::error::{FieldPath, RequestError};
use translators::model::ModelFacts;
use translators::responses::context::ResponsesContext;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{self, check};
use translators::responses::token_count;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::translated::TranslatedRequest;

use super::body::RequestBody;
use super::max_tokens;

const MAX_TOKENS: &str = "max_output_tokens";

/// A Responses request that borrows from its body, and the response that it will get.
#[derive(Debug)]
pub(crate) struct ResponsesRequest<'a> {
    request: ResponsesBody<'a>,
    model: Cow<'a, str>,
    stream: bool,
    max_tokens: Option<u64>,
    /// The gateway's limit, for a request without one.
    output_limit: Option<u64>,
    /// Approximate tokens of the prompt.
    input_estimate: u64,
    lifecycle: Lifecycle,
}

impl<'a> ResponsesRequest<'a> {
    /// Reads a request to `POST /v1/responses` or to a route below it, which will get this response.
    pub(crate) fn read(body: &'a Bytes, lifecycle: Lifecycle) -> Result<Self, ApiError> {
        let members = RequestBody::parse(body)?;
        let request = ResponsesBody::of_members(members.members());
        // Judged first: what is refused here is the more telling error.
        check(&request).map_err(RequestError::with_brackets)?;
        members.checked()?.requiring("input")?;
        let model = request.model()?;
        let stream = request.stream.flag(FieldPath::root("stream"))?;
        let limit = request.max_output_tokens.raw();
        let max_tokens = limit.map(|value| max_tokens::tokens(MAX_TOKENS, value)).transpose()?;
        Ok(Self {
            max_tokens: max_tokens.flatten(),
            input_estimate: token_count::estimate(&request),
            request,
            model,
            stream,
            output_limit: None,
            lifecycle,
        })
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn stream(&self) -> bool {
        self.stream
    }

    /// The client's limit of the response, in tokens.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    pub(super) fn limit_output(&mut self, tokens: u64) {
        self.output_limit = Some(tokens);
    }

    /// Approximate tokens of the prompt, by its text.
    pub(crate) fn input_estimate(&self) -> u64 {
        self.input_estimate
    }

    /// The response with what it repeats of this request. `model` is the client's name of the model.
    pub(crate) fn response(&self, model: &str) -> Result<Lifecycle, ApiError> {
        Ok(self.lifecycle.of_request(&self.request, model)?)
    }

    /// The chat request for a backend with `settings`.
    pub(crate) fn to_chat(
        &self,
        settings: &BackendSettings,
        model: ModelFacts,
    ) -> Result<TranslatedRequest<ResponsesContext>, ApiError> {
        let request = to_chat::ResponsesRequest {
            body: &self.request,
            lifecycle: &self.lifecycle,
        };
        let facts = ModelFacts {
            output_limit: self.output_limit,
            ..model
        };
        Ok(to_chat::translate(request, settings, &facts)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use service::http::Code;

    use super::*;

    fn refused(body: &str) -> (Code, Option<String>) {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let error = ResponsesRequest::read(&body, Lifecycle::new("k".repeat(20), Arc::new(|| 1))).unwrap_err();
        (error.code(), error.field_name().map(str::to_owned))
    }

    #[test]
    fn ha10_responses_have_the_checks_of_chat() {
        for (body, code, field) in [
            (r#"{"model":"m"}"#, Code::InvalidValue, Some("input")),
            (r#"{"input":"x"}"#, Code::InvalidValue, Some("model")),
            (
                r#"{"model":"m","input":"x","input":"y"}"#,
                Code::InvalidValue,
                Some("input"),
            ),
            (
                r#"{"model":"m","input":[{"role":"a","role":"b"}]}"#,
                Code::InvalidValue,
                Some("input"),
            ),
            (
                r#"{"model":"m","input":"x","stream":1}"#,
                Code::InvalidValue,
                Some("stream"),
            ),
            (r#"{"model":"m","input":"x""#, Code::InvalidJson, None),
        ] {
            assert_eq!(refused(body), (code, field.map(str::to_owned)), "{body}");
        }
    }

    #[test]
    fn r22_what_cannot_be_done_is_refused_before_all_else() {
        assert_eq!(
            refused(r#"{"model":"m","background":true}"#),
            (Code::UnsupportedParameter, Some("background".to_owned()))
        );
        assert_eq!(
            refused(r#"{"model":"m","input":"x","previous_response_id":"resp_1"}"#),
            (Code::PreviousResponseNotFound, Some("previous_response_id".to_owned()))
        );
    }
}
