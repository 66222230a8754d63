//! What one backend is sent for an ask, and who reads its answer: the crossing of the client's dialect with the
//! backend's.

use shared::http::{ApiError, Code};
use shared::models::catalog::{Backend, Model, Protocol};
use shared::translators::request::ModelFacts;
use url::Url;

use crate::answer::Reader;
use crate::ask::{Ask, MessagesAsk, Pieces};
use crate::target::Target;

/// A request to one backend.
pub(crate) struct Call<'t> {
    pub(crate) url: &'t Url,
    pub(crate) body: Pieces,
    pub(crate) reader: Reader,
    /// Fields of the client's that the backend does not get (translation.md P2).
    pub(crate) warnings: Vec<String>,
}

impl<'t> Call<'t> {
    pub(crate) fn new(ask: &Ask<'_>, model: &Model, backend: &Backend, target: &'t Target) -> Result<Self, ApiError> {
        match (ask, backend.protocol) {
            (Ask::Chat(ask), Protocol::Openai) => Ok(Self::same(&target.chat_completions, ask.body_for(&backend.model_name), Reader::Chat)),
            (Ask::Messages(ask), Protocol::Anthropic) => {
                Ok(Self::same(&target.messages, ask.body_for(&backend.model_name)?, Reader::Messages))
            }
            (Ask::Messages(ask), Protocol::Openai) => Self::translated(ask, model, backend, target),
            (Ask::Chat(_), Protocol::Anthropic) => {
                Err(ApiError::new(Code::NoBackendAvailable, "this model's backend speaks the Messages API only: call /v1/messages"))
            }
        }
    }

    fn same(url: &'t Url, body: Pieces, reader: Reader) -> Self {
        Self { url, body, reader, warnings: Vec::new() }
    }

    fn translated(ask: &MessagesAsk<'_>, model: &Model, backend: &Backend, target: &'t Target) -> Result<Self, ApiError> {
        let facts = ModelFacts {
            client_model: ask.model().to_owned(),
            backend_model: backend.model_name.clone(),
            max_output_tokens: model.max_output_tokens,
        };
        let call = ask.to_chat(&target.settings, &facts)?;
        let reader = Reader::Translated(Box::new(call.context));
        Ok(Self { url: &target.chat_completions, body: Pieces::from(bytes::Bytes::from(call.body)), reader, warnings: call.warnings })
    }
}
