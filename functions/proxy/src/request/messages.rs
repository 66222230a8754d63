//! A Messages request. Its members are known when it is read; their values are read once a backend is chosen.

use std::borrow::Cow;

use bytes::Bytes;
use domain::models::catalog::{Backend, Model};
use http::{HeaderMap, HeaderName, HeaderValue};
use service::http::ApiError;
use service::outbound::Pieces;
use translators::error::FieldPath;
use translators::json::Field;
use translators::messages::to_chat::{self, ModelFacts, TranslatedRequest};
use translators::messages::wire::request::MessagesBody;
use translators::messages::{passthrough, token_count};
use translators::settings::BackendSettings;

use super::estimate;
use super::model_params::ModelParams;
use crate::patch::{Patch, Span, patched_pieces};

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// A Messages request that borrows from its body.
#[derive(Debug)]
pub(crate) struct MessagesRequest<'a> {
    body: &'a Bytes,
    request: MessagesBody<'a>,
    model: Cow<'a, str>,
    stream: bool,
    protocol_headers: HeaderMap,
}

impl<'a> MessagesRequest<'a> {
    /// Reads a request to `POST /v1/messages` or one of the routes below it.
    pub(crate) fn read(headers: &HeaderMap, body: &'a Bytes) -> Result<Self, ApiError> {
        let request = MessagesBody::parse(body)?;
        let model = request.model()?;
        let stream = request.stream.flag(FieldPath::root("stream"))?;
        Ok(Self {
            body,
            request,
            model,
            stream,
            protocol_headers: protocol_headers(headers),
        })
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn stream(&self) -> bool {
        self.stream
    }

    /// The headers that belong to the body, for a backend that speaks the same API.
    pub(crate) fn protocol_headers(&self) -> &HeaderMap {
        &self.protocol_headers
    }

    /// Approximate tokens of the conversation, by its text.
    pub(crate) fn count_tokens(&self) -> Result<u64, ApiError> {
        Ok(token_count::count(&self.request)?)
    }

    /// The same by the body's length. Backends of this dialect report it in their first event.
    pub(super) fn input_estimate(&self) -> u64 {
        estimate::tokens(self.body.len())
    }

    /// The client's limit of the response, in tokens.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        let tokens = self
            .request
            .max_tokens
            .integer(FieldPath::root("max_tokens"))
            .ok()
            .flatten();
        tokens
            .and_then(|tokens| u64::try_from(tokens).ok())
            .filter(|tokens| *tokens > 0)
    }

    /// The chat request for a backend with `settings`.
    pub(crate) fn to_chat(
        &self,
        settings: &BackendSettings,
        model: &ModelFacts,
    ) -> Result<TranslatedRequest, ApiError> {
        Ok(to_chat::translate(&self.request, settings, model)?)
    }

    /// The chat request whose prompt is to be counted. A body for counting needs no `max_tokens`, but the translation
    /// does.
    pub(crate) fn to_countable_chat(
        &self,
        model: &Model,
        backend: &Backend,
        settings: &BackendSettings,
    ) -> Result<Vec<u8>, ApiError> {
        let one = serde_json::value::to_raw_value(&1).map_err(ApiError::internal)?;
        let facts = ModelFacts {
            client_model: self.model.to_string(),
            backend_model: backend.model_name.clone(),
            max_output_tokens: model.max_output_tokens,
        };
        let request = MessagesBody {
            max_tokens: Field::new(&one),
            ..self.request.clone()
        };
        Ok(to_chat::translate(&request, settings, &facts)?.body)
    }

    /// The body for an Anthropic backend that knows the model as `model_name`: the client's bytes with that name,
    /// without thinking blocks that the gateway made, and with the parameters that the client has not set.
    pub(crate) fn body_for(&self, model_name: &str, params: &ModelParams) -> Result<Pieces, ApiError> {
        let (body, model_span) = match passthrough::without_own_thinking(self.body)? {
            Cow::Borrowed(_) => (self.body.clone(), model_span(&self.request, self.body)?),
            Cow::Owned(body) => {
                let span = model_span(&MessagesBody::parse(&body)?, &body)?;
                (Bytes::from(body), span)
            }
        };
        let model = (self.model != model_name).then(|| Patch::replace_string(model_span, model_name));
        let params = params.patch_unread(&body);
        Ok(patched_pieces(&body, model.into_iter().chain(params).collect()))
    }
}

/// The API's version, which it requires but clients of the gateway may omit, and the beta features that the body uses.
fn protocol_headers(headers: &HeaderMap) -> HeaderMap {
    let version = headers
        .get(&VERSION)
        .cloned()
        .unwrap_or(HeaderValue::from_static("2023-06-01"));
    let betas = headers.get_all(&BETA).iter().map(|beta| (BETA, beta.clone()));
    let mut protocol = HeaderMap::from_iter([(VERSION, version)]);
    for (name, beta) in betas {
        protocol.append(name, beta);
    }
    protocol
}

/// The place of the model's name in `body`, quotes included.
fn model_span(request: &MessagesBody<'_>, body: &[u8]) -> Result<Span, ApiError> {
    let name = request.model.raw().ok_or_else(|| FieldPath::root("model").missing())?;
    Span::of(name.get().as_bytes(), body).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::joined;

    #[test]
    fn th4_an_anthropic_backend_gets_the_clients_bytes_except_for_the_model_and_the_gateways_thinking() {
        let own = r#"{"type":"thinking","thinking":"x","signature":"gw1.y"}"#;
        let body = |blocks: &str, model: &str| {
            format!(
                r#"{{"max_tokens":1.0,"model" : "{model}","messages":[{{"role":"assistant","content":[{blocks}{{"type":"text"}}]}}]}}"#
            )
        };
        for blocks in [String::new(), format!("{own},")] {
            let sent = Bytes::from(body(&blocks, "claude"));
            let pieces = MessagesRequest::read(&HeaderMap::new(), &sent)
                .unwrap()
                .body_for("glm", &ModelParams::default())
                .unwrap();
            assert_eq!(String::from_utf8(joined(&pieces)).unwrap(), body("", "glm"));
        }
    }
}
