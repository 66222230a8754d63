//! The requests of the table: a client's request becomes a chat request, and for a backend of another dialect a second
//! conversion follows, of a request to the hub in which nothing was lowered.

use super::client::ClientContext;
use super::dialect::{ApiDialect, FarDialect};
use super::{hub, words};
use crate::chat::input::ChatInput;
use crate::error::RequestError;
use crate::messages::wire::request::MessagesBody;
use crate::model::ModelFacts;
use crate::responses::to_chat::ResponsesRequest;
use crate::settings::BackendSettings;
use crate::translated::TranslatedRequest;
use crate::{messages, responses};

/// A request for a backend, and the client's side of its response.
pub type DirectedRequest = TranslatedRequest<ClientContext>;

/// The request of a client that speaks chat.
pub fn of_chat(
    request: &ChatInput<'_>,
    backend: FarDialect,
    settings: &BackendSettings,
    model: &ModelFacts,
) -> Result<DirectedRequest, RequestError> {
    let translated = backend.convert(request, settings, model)?;
    Ok(translated.map_context(ClientContext::Chat))
}

/// The request of a client that speaks Messages.
pub fn of_messages(
    request: &MessagesBody<'_>,
    backend: ApiDialect,
    settings: &BackendSettings,
    model: &ModelFacts,
) -> Result<DirectedRequest, RequestError> {
    let to_hub = |settings: &BackendSettings| {
        let translated = messages::to_chat::translate(request, settings, model)?;
        Ok(translated.map_context(ClientContext::Messages))
    };
    through_hub(to_hub, backend, settings, model)
}

/// The request of a client that speaks Responses.
pub fn of_responses(
    request: ResponsesRequest<'_>,
    backend: ApiDialect,
    settings: &BackendSettings,
    model: &ModelFacts,
) -> Result<DirectedRequest, RequestError> {
    let to_hub = |settings: &BackendSettings| {
        let translated = responses::to_chat::translate(request, settings, model)?;
        Ok(translated.map_context(|context| ClientContext::Responses(Box::new(context))))
    };
    through_hub(to_hub, backend, settings, model)
}

/// The request that `to_hub` makes, with the backend's settings if it speaks the hub's dialect; else converted once
/// more.
fn through_hub(
    to_hub: impl Fn(&BackendSettings) -> Result<DirectedRequest, RequestError>,
    backend: ApiDialect,
    settings: &BackendSettings,
    model: &ModelFacts,
) -> Result<DirectedRequest, RequestError> {
    match backend.far() {
        None => to_hub(settings),
        Some(far) => far.behind(to_hub(&hub::settings(settings, far))?, settings, model),
    }
}

impl FarDialect {
    /// The request for a backend of this dialect, of one that speaks the hub's.
    fn convert(
        self,
        request: &ChatInput<'_>,
        settings: &BackendSettings,
        model: &ModelFacts,
    ) -> Result<TranslatedRequest, RequestError> {
        match self {
            Self::Messages => messages::backend::request::translate(request, settings, model),
            Self::Responses => responses::backend::request::translate(request, settings, model),
        }
    }

    /// The request for a backend of this dialect, of a request to the hub.
    fn behind(
        self,
        to_hub: DirectedRequest,
        settings: &BackendSettings,
        model: &ModelFacts,
    ) -> Result<DirectedRequest, RequestError> {
        let client = to_hub.context.dialect();
        let input: ChatInput<'_> = serde_json::from_slice(&to_hub.body)?;
        let second = self.convert(&input, settings, model);
        let second = second.map_err(|error| words::error(error, client))?;
        let mut warnings = to_hub.warnings;
        for name in &second.warnings {
            let name = words::warning(name, client);
            if !warnings.iter().any(|known| known == name) {
                warnings.push(name.to_owned());
            }
        }
        let mut context = to_hub.context;
        let response = context.response_mut();
        // Such a backend says what is thinking; text is never hidden in it (B10.6).
        response.thinking_is_unasked = false;
        response.keeps_reasoning_details = true;
        Ok(TranslatedRequest {
            body: second.body,
            stream: second.stream,
            warnings,
            context,
        })
    }
}
