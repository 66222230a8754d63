//! A Responses request. Its members are known when it is read; their values are read once a backend is chosen.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;
use service::http::ApiError;
use translators::directions::ApiDialect;
use translators::directions::request::{DirectedRequest, of_responses};
use translators::error::{FieldPath, RequestError};
use translators::json::Members;
use translators::model::ModelFacts;
use translators::responses::backend::native::{self, NativeRequest};
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{self, check};
use translators::responses::token_count;
use translators::responses::wire::request::ResponsesBody;
use translators::restricted::Path;
use translators::settings::{BackendSettings, changes};

use super::backend_body::BackendBody;
use super::body::RequestBody;
use super::conversation::ConversationParts;
use super::max_tokens;
use super::model_params::ModelParams;
use crate::patch::{Patch, in_order, patched, patched_pieces};

const MAX_TOKENS: &str = "max_output_tokens";

/// A Responses request that borrows from its body, and the response that it will get.
#[derive(Debug)]
pub(crate) struct ResponsesRequest<'a> {
    bytes: &'a Bytes,
    body: RequestBody<'a>,
    request: ResponsesBody<'a>,
    model: Cow<'a, str>,
    stream: bool,
    max_tokens: Option<u64>,
    /// The gateway's limit, for a request without one.
    output_limit: Option<u64>,
    /// Approximate tokens of the prompt.
    input_estimate: u64,
    lifecycle: Lifecycle,
    /// It asks for a compaction by the route for them (CO3).
    is_for_compaction: bool,
}

impl<'a> ResponsesRequest<'a> {
    /// Reads a request to `POST /v1/responses` or to a route below it, which will get this response.
    pub(crate) fn read(body: &'a Bytes, lifecycle: Lifecycle) -> Result<Self, ApiError> {
        let members = RequestBody::parse(body)?;
        let request = ResponsesBody::of_members(members.members());
        // Judged first: what is refused here is the more telling error.
        check(&request).map_err(RequestError::with_brackets)?;
        let members = members.checked()?.requiring("input")?;
        let model = request.model()?;
        let stream = request.stream.flag(FieldPath::root("stream"))?;
        let limit = request.max_output_tokens.raw();
        let max_tokens = limit.map(|value| max_tokens::tokens(MAX_TOKENS, value)).transpose()?;
        Ok(Self {
            max_tokens: max_tokens.flatten(),
            input_estimate: token_count::estimate(&request),
            bytes: body,
            body: members,
            request,
            model,
            stream,
            output_limit: None,
            lifecycle,
            is_for_compaction: false,
        })
    }

    /// The member `service_tier` as the client wrote it.
    pub(super) fn service_tier(&self) -> Option<&RawValue> {
        self.request.service_tier.raw()
    }

    /// The key of its conversation.
    pub(super) fn conversation(&self) -> ConversationParts<'a> {
        ConversationParts {
            cache_key: self.body.get("prompt_cache_key"),
            metadata: None,
            preamble: [self.request.instructions.raw(), self.request.tools.raw()],
            turns: self.request.input.raw(),
        }
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn stream(&self) -> bool {
        self.stream
    }

    /// The request as it came.
    pub(crate) fn body(&self) -> &ResponsesBody<'a> {
        &self.request
    }

    /// The body with `items` as its input, JSON with commas between them, and without the id of what it goes on from.
    pub(crate) fn with_input(&self, items: &str) -> Result<Bytes, ApiError> {
        let replaced = ["input", "previous_response_id"];
        let mut json = self.body.opened_without(&replaced, items.len() + 16)?;
        json.push_str("\"input\":[");
        json.push_str(items);
        json.push_str("]}");
        Ok(json.into())
    }

    /// The client's wish to have the response stored or not; `None` if it says nothing.
    pub(crate) fn store(&self) -> Result<Option<bool>, ApiError> {
        let wanted = self.request.store;
        let is_wanted = wanted.flag(FieldPath::root("store"))?;
        Ok(wanted.is_present().then_some(is_wanted))
    }

    /// This request, which will get `response`.
    pub(crate) fn answered_by(self, response: Lifecycle) -> Self {
        Self {
            lifecycle: response,
            ..self
        }
    }

    /// `complete`, which says in full what this refers to.
    pub(crate) fn said_by(self, complete: Self) -> Self {
        Self {
            is_for_compaction: self.is_for_compaction,
            ..complete
        }
    }

    /// The same request, which came by the route for compactions (CO3).
    pub(crate) fn for_compaction(self) -> Self {
        Self {
            is_for_compaction: true,
            ..self
        }
    }

    /// True if a backend with `settings` has a route of its own for what this asks for (CO3).
    pub(crate) fn is_compacted_by(&self, settings: &BackendSettings) -> bool {
        self.is_for_compaction && settings.compact
    }

    /// True if a backend with `settings` that speaks Responses gets the client's own request. A summary is asked of it
    /// in our words unless it has its own (CO1, CO3).
    pub(crate) fn passes_to(&self, settings: &BackendSettings) -> bool {
        settings.compact || !self.request.asks_for_a_summary()
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

    /// The response before it repeats anything of this request.
    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// The body for a backend with `settings` that speaks Responses and knows the model as `model_name`: the client's
    /// bytes with that name, stored nowhere, without what would act in the operator's account (N1, N4), as its settings
    /// want it, and with the parameters that the client has not set.
    pub(crate) fn body_for(
        &self,
        model_name: &str,
        settings: &BackendSettings,
        params: &ModelParams,
    ) -> Result<BackendBody, ApiError> {
        let is_for_compaction = self.is_compacted_by(settings);
        let request = NativeRequest {
            body: &self.request,
            lifecycle: &self.lifecycle,
            is_for_compaction,
        };
        let adapted = native::adapt(request, settings).map_err(RequestError::with_brackets)?;
        let mut warnings = adapted.warnings;
        let withheld = self.body.withheld(Path::Responses, settings);
        let is_set = |name: &str| {
            (self.body.contains(name) && !withheld.iter().any(|withheld| withheld == name))
                || (is_limit(name) && self.max_tokens.or(self.output_limit).is_some())
        };
        let mut removed = withheld.clone();
        let mut patches = Vec::new();
        if is_for_compaction {
            removed.push("store".to_owned());
        } else {
            patches.push(self.unstored()?);
        }
        patches.extend(params.patch(self.bytes, is_set));
        let (_, span) = self.body.model()?;
        patches.extend((self.model != model_name).then(|| Patch::replace_string(span, model_name)));
        for (name, value) in adapted.members {
            match (value, self.body.value(name)) {
                (Some(new), Some(old)) => patches.push(Patch::replace(self.body.span(old)?, new.get().to_owned())),
                (Some(new), None) => {
                    let member = format!("\"{name}\":{},", new.get());
                    patches.push(Patch::insert(self.body.start(), member));
                }
                (None, _) => removed.push(name.to_owned()),
            }
        }
        patches.extend(self.body.without(&removed));
        if let (None, Some(limit)) = (self.max_tokens, self.output_limit) {
            patches.push(self.limited_to(limit)?);
        }
        warnings.extend(withheld);
        self.changed(patches, settings, warnings)
    }

    /// The patch that asks the backend to store nothing.
    fn unstored(&self) -> Result<Patch, ApiError> {
        Ok(match self.body.value("store") {
            Some(value) => Patch::replace(self.body.span(value)?, "false"),
            None => Patch::insert(self.body.start(), "\"store\":false,"),
        })
    }

    /// The patch that writes the gateway's limit, where the client's own limits nothing.
    fn limited_to(&self, tokens: u64) -> Result<Patch, ApiError> {
        Ok(match self.body.value(MAX_TOKENS) {
            Some(value) => Patch::replace(self.body.span(value)?, tokens.to_string()),
            None => Patch::insert(self.body.start(), format!("\"{MAX_TOKENS}\":{tokens},")),
        })
    }

    /// The body with the patches, and with the operator's last word on it (B10.4).
    fn changed(
        &self,
        patches: Vec<Patch>,
        settings: &BackendSettings,
        mut warnings: Vec<String>,
    ) -> Result<BackendBody, ApiError> {
        if !changes::are_set(settings) {
            return Ok(BackendBody {
                bytes: patched_pieces(self.bytes, patches),
                warnings,
            });
        }
        let body = patched(self.bytes, &in_order(patches));
        let mut members: Members<'_> = serde_json::from_slice(&body).map_err(ApiError::internal)?;
        let dropped = changes::apply(&mut members, settings).map_err(ApiError::internal)?;
        warnings.extend(dropped.into_iter().map(str::to_owned));
        let body = serde_json::to_vec(&members).map_err(ApiError::internal)?;
        Ok(BackendBody {
            bytes: Bytes::from(body).into(),
            warnings,
        })
    }

    /// The request for a backend with `settings` that speaks another dialect.
    pub(crate) fn translated(
        &self,
        backend: ApiDialect,
        settings: &BackendSettings,
        model: ModelFacts,
    ) -> Result<DirectedRequest, ApiError> {
        let request = to_chat::ResponsesRequest {
            body: &self.request,
            lifecycle: &self.lifecycle,
        };
        let facts = ModelFacts {
            output_limit: self.output_limit,
            ..model
        };
        Ok(of_responses(request, backend, settings, &facts)?)
    }
}

/// A limit of the response under any name that a model's parameters may have for it.
fn is_limit(name: &str) -> bool {
    name == MAX_TOKENS || max_tokens::FIELDS.contains(&name)
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
    }
}
