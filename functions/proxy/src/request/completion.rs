//! A request to a model, whatever its endpoint.

use domain::models::usage::Endpoint;
use translators::directions::ApiDialect;
use translators::sealed::ClientSealer;
use translators::usage::ServedTier;

use super::chat::ChatRequest;
use super::conversation::ConversationKey;
use super::direct::DirectRequest;
use super::messages::MessagesRequest;
use super::responses::ResponsesRequest;

/// A request that is valid as far as can be told without a backend.
#[derive(Debug)]
pub(crate) enum CompletionRequest<'a> {
    Chat(Box<ChatRequest<'a>>),
    Messages(Box<MessagesRequest<'a>>),
    Direct(Box<DirectRequest<'a>>),
    Responses(Box<ResponsesRequest<'a>>),
}

impl CompletionRequest<'_> {
    /// The model's name as the client wrote it.
    pub(crate) fn model(&self) -> &str {
        match self {
            Self::Chat(request) => request.model(),
            Self::Messages(request) => request.model(),
            Self::Direct(request) => request.model(),
            Self::Responses(request) => request.model(),
        }
    }

    /// The dialect that the client speaks.
    pub(crate) fn dialect(&self) -> ApiDialect {
        match self {
            // What is sent on as it is, is OpenAI's.
            Self::Chat(_) | Self::Direct(_) => ApiDialect::Chat,
            Self::Messages(_) => ApiDialect::Messages,
            Self::Responses(_) => ApiDialect::Responses,
        }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Chat(_) => Endpoint::ChatCompletions,
            Self::Messages(_) => Endpoint::Messages,
            Self::Direct(request) => request.endpoint(),
            Self::Responses(_) => Endpoint::Responses,
        }
    }

    /// The conversation that the request is part of, for a client that names it `session_id` in its headers; `None`
    /// where no backend has a cache to keep.
    pub(crate) fn conversation(&self, session_id: Option<&[u8]>, user: &str) -> Option<ConversationKey> {
        let parts = match self {
            Self::Chat(request) => Some(request.conversation()),
            Self::Messages(request) => Some(request.conversation()),
            Self::Direct(request) => request.conversation(),
            Self::Responses(request) => Some(request.conversation()),
        };
        parts?.key(session_id, user)
    }

    /// Approximate tokens of the prompt, for responses that report no usage. Costs nothing.
    pub(crate) fn input_estimate(&self) -> u64 {
        match self {
            Self::Chat(request) => request.input_estimate(),
            Self::Messages(request) => request.input_estimate(),
            Self::Direct(request) => request.input_estimate(),
            Self::Responses(request) => request.input_estimate(),
        }
    }

    /// Tokens of the prompt as exactly as can be told beforehand, for limits: an image does not count by its bytes.
    pub(crate) fn prompt_tokens(&self) -> u64 {
        match self {
            Self::Chat(request) => request.input_estimate(),
            Self::Messages(request) => request.count_tokens().unwrap_or_else(|_| request.input_estimate()),
            Self::Direct(request) => request.input_estimate(),
            Self::Responses(request) => request.input_estimate(),
        }
    }

    /// The client's limit of each choice, in tokens; 0 where nothing is generated.
    pub(crate) fn max_tokens(&self) -> Option<u64> {
        match self {
            Self::Chat(request) => request.max_tokens(),
            Self::Messages(request) => request.max_tokens(),
            Self::Direct(request) => request.max_tokens(),
            Self::Responses(request) => request.max_tokens(),
        }
    }

    /// The tier of service that the client asks for.
    pub(crate) fn service_tier(&self) -> Option<ServedTier> {
        ServedTier::named(match self {
            Self::Chat(request) => request.service_tier(),
            Self::Messages(request) => request.service_tier(),
            Self::Direct(request) => request.service_tier(),
            Self::Responses(request) => request.service_tier(),
        })
    }

    /// The sealer of what its client gets.
    pub(crate) fn sealer(&self) -> ClientSealer {
        match self {
            Self::Messages(request) => request.sealer(),
            // What they seal, a response's lifecycle knows; chat carries it unsealed (H2).
            Self::Chat(_) | Self::Direct(_) | Self::Responses(_) => ClientSealer::default(),
        }
    }

    /// Number of choices requested.
    pub(crate) fn choices(&self) -> u64 {
        match self {
            Self::Chat(request) => request.choices(),
            Self::Messages(_) | Self::Responses(_) => 1,
            Self::Direct(request) => request.choices(),
        }
    }

    /// Limits each choice of a request without a limit of its own. A Messages request always has one.
    pub(crate) fn limit_output(&mut self, tokens: u64) {
        match self {
            Self::Chat(request) => request.limit_output(tokens),
            Self::Direct(request) => request.limit_output(tokens),
            Self::Messages(_) => {}
            Self::Responses(request) => request.limit_output(tokens),
        }
    }

    /// True if the response is to be streamed.
    pub(crate) fn stream(&self) -> bool {
        match self {
            Self::Chat(request) => request.stream(),
            Self::Messages(request) => request.stream(),
            Self::Direct(request) => request.stream(),
            Self::Responses(request) => request.stream(),
        }
    }
}
