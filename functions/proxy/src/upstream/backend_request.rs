//! What one backend is sent for an ask, and who reads its answer: the crossing of the client's dialect with the
//! backend's.

use bytes::Bytes;
use domain::models::catalog::{Backend, Protocol};
use http::{HeaderMap, Uri};
use service::http::ApiError;
use service::outbound::Pieces;
use translators::messages::to_chat::ModelFacts;

use super::endpoint::Target;
use crate::exchange::Grant;
use crate::patch::spliced;
use crate::request::{Ask, ChatAsk, MessagesAsk};
use crate::response::convert::Reader;
use crate::response::model_name::Naming;

/// A request to one backend.
pub(crate) struct Call<'t> {
    pub(crate) url: &'t Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Pieces,
    pub(crate) reader: Reader,
    /// Fields of the client's that the backend does not get (translation.md P2).
    pub(crate) warnings: Vec<String>,
}

impl<'t> Call<'t> {
    pub(crate) fn new(ask: &Ask<'_>, grant: &Grant, backend: &Backend, target: &'t Target) -> Result<Self, ApiError> {
        match (ask, backend.protocol) {
            (Ask::Chat(ask), Protocol::Openai) => Ok(Self::chat(ask, grant, backend, target)),
            (Ask::Messages(ask), Protocol::Anthropic) => Self::messages(ask, grant, backend, target),
            (Ask::Messages(ask), Protocol::Openai) => Self::translated(ask, grant, backend, target),
            (Ask::Chat(_), Protocol::Anthropic) => Err(ApiError::invalid(
                "model",
                "this model speaks the Messages API only: call /v1/messages",
            )),
        }
    }

    /// To a backend that counts tokens itself.
    pub(crate) fn count(
        ask: &MessagesAsk<'_>,
        grant: &Grant,
        backend: &Backend,
        target: &'t Target,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            url: &target.count_tokens,
            ..Self::messages(ask, grant, backend, target)?
        })
    }

    fn chat(ask: &ChatAsk<'_>, grant: &Grant, backend: &Backend, target: &'t Target) -> Self {
        Self {
            url: &target.chat_completions,
            headers: target.headers.clone(),
            body: ask.body_for(&backend.model_name, &target.settings, &target.params),
            reader: Reader::Chat {
                hides_usage: target.settings.stream_usage && ask.is_silent_on_usage(),
                naming: Naming::new(grant.answers_as(ask.model())),
            },
            warnings: Vec::new(),
        }
    }

    fn messages(ask: &MessagesAsk<'_>, grant: &Grant, backend: &Backend, target: &'t Target) -> Result<Self, ApiError> {
        // What the operator set for the backend wins over what the client sent.
        let mut headers = ask.protocol_headers().clone();
        headers.extend(target.headers.clone());
        let body = ask.body_for(&backend.model_name, &target.params)?;
        let reader = Reader::Messages {
            naming: Naming::new(grant.answers_as(ask.model())),
        };
        Ok(Self {
            url: &target.messages,
            headers,
            body,
            reader,
            warnings: Vec::new(),
        })
    }

    fn translated(
        ask: &MessagesAsk<'_>,
        grant: &Grant,
        backend: &Backend,
        target: &'t Target,
    ) -> Result<Self, ApiError> {
        let facts = ModelFacts {
            client_model: grant.answers_as(ask.model()).to_owned(),
            backend_model: backend.model_name.clone(),
            max_output_tokens: grant.entry.model.max_output_tokens,
        };
        let call = ask.to_chat(&target.settings, &facts)?;
        let (body, reader) = (Bytes::from(call.body), Reader::Translated(Box::new(call.context)));
        Ok(Self {
            url: &target.chat_completions,
            headers: target.headers.clone(),
            body: spliced(&body, target.params.missing_in(&body).into_iter().collect()),
            reader,
            warnings: call.warnings,
        })
    }
}
