//! The request to one backend, and the converter of its response: where the client's dialect crosses the backend's.

use bytes::Bytes;
use domain::models::catalog::{Backend, Protocol};
use domain::models::usage::Endpoint;
use http::{HeaderMap, Uri};
use jiff::Timestamp;
use service::http::{ApiError, Dialect};
use service::outbound::Pieces;
use service::outbound::backend::MessagesCall;
use translators::directions::request::DirectedRequest;
use translators::directions::{ApiDialect, Direction, FarDialect};
use translators::error::ErrorContext;
use translators::model::ModelFacts;
use translators::settings::{BackendSettings, RerankApi};

use super::endpoint::BackendEndpoint;
use crate::grant::Grant;
use crate::patch::patched_pieces;
use crate::request::{
    ChatRequest, CompletionRequest, DirectRequest, Envelope, MessagesRequest, ResponsesRequest, own_protocol_headers,
};
use crate::response::context::PassthroughContext;
use crate::response::convert::ResponseConverter;
use crate::response::document::{DocumentContext, DocumentForm, List, RanksWanted};
use crate::response::model_name::ModelName;

pub(super) struct BackendRequest<'e> {
    pub(super) url: &'e Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Pieces,
    pub(super) converter: ResponseConverter,
    /// Fields of the client's request that the backend does not get (translation.md P2).
    pub(super) warnings: Vec<String>,
}

impl<'e> BackendRequest<'e> {
    pub(super) fn new(
        request: &CompletionRequest<'_>,
        grant: &Grant,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let dialect = dialect(backend.protocol);
        let (settings, facts) = (&endpoint.settings, || facts(request, grant, backend, endpoint));
        let translated = match (request, dialect.far()) {
            (CompletionRequest::Chat(request), None) => return Ok(Self::chat(request, grant, backend, endpoint)),
            (CompletionRequest::Direct(request), None) => return Self::direct(request, grant, backend, endpoint),
            (CompletionRequest::Direct(request), Some(_)) => return Err(request.unserved()),
            (CompletionRequest::Messages(request), Some(FarDialect::Messages)) => {
                let call = call(request.stream());
                return Self::messages(request, grant, backend, endpoint, call);
            }
            (CompletionRequest::Responses(request), Some(FarDialect::Responses)) if request.passes_to(settings) => {
                return Self::responses(request, grant, backend, endpoint);
            }
            (CompletionRequest::Chat(request), Some(far)) => request.translated(far, settings, facts())?,
            (CompletionRequest::Messages(request), _) => request.translated(dialect, settings, &facts())?,
            (CompletionRequest::Responses(request), _) => request.translated(dialect, settings, facts())?,
        };
        Self::translated(request, translated, backend, endpoint, now)
    }

    /// For a backend that counts tokens itself.
    pub(super) fn count_tokens(
        request: &MessagesRequest<'_>,
        grant: &Grant,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
    ) -> Result<Self, ApiError> {
        Self::messages(request, grant, backend, endpoint, MessagesCall::CountTokens)
    }

    fn chat(request: &ChatRequest<'_>, grant: &Grant, backend: &Backend, endpoint: &'e BackendEndpoint) -> Self {
        let body = request.body_for(&backend.model_name, &endpoint.settings, &endpoint.params);
        Self {
            url: &endpoint.chat_completions,
            headers: endpoint.headers.clone(),
            body: body.bytes,
            warnings: body.warnings,
            converter: ResponseConverter::Chat(Box::new(PassthroughContext {
                hides_usage: endpoint.settings.stream_usage && request.hides_usage(),
                has_several_choices: request.choices() > 1,
                ..passthrough(grant, request.model(), endpoint, Dialect::OpenAi)
            })),
        }
    }

    fn direct(
        request: &DirectRequest<'_>,
        grant: &Grant,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
    ) -> Result<Self, ApiError> {
        let document = |form| {
            ResponseConverter::Document(Box::new(DocumentContext {
                model_name: ModelName::new(grant.response_model(request.model())),
                form,
                errors: own_errors(endpoint, Dialect::OpenAi),
            }))
        };
        let (url, converter) = match request.endpoint() {
            Endpoint::Completions => {
                let context = PassthroughContext {
                    hides_usage: endpoint.settings.stream_usage && request.hides_usage(),
                    has_several_choices: request.choices() > 1,
                    ..passthrough(grant, request.model(), endpoint, Dialect::OpenAi)
                };
                (&endpoint.completions, ResponseConverter::Completion(Box::new(context)))
            }
            Endpoint::Embeddings => (&endpoint.embeddings, document(DocumentForm::Passing(List::Embeddings))),
            Endpoint::Rerank => (&endpoint.rerank, document(ranking(request, &endpoint.settings)?)),
            Endpoint::ChatCompletions | Endpoint::Messages | Endpoint::Responses => return Err(request.unserved()),
        };
        let body = match (request.endpoint(), endpoint.settings.rerank) {
            (Endpoint::Rerank, RerankApi::Tei) => request.tei_body(&endpoint.params)?,
            _ => request.body_for(&backend.model_name, &endpoint.settings, &endpoint.params)?,
        };
        Ok(Self {
            url,
            headers: endpoint.headers.clone(),
            body: body.bytes,
            warnings: body.warnings,
            converter,
        })
    }

    fn messages(
        request: &MessagesRequest<'_>,
        grant: &Grant,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
        call: MessagesCall,
    ) -> Result<Self, ApiError> {
        // The operator's headers override the client's.
        let (mut headers, left_out) = request.protocol_headers(&endpoint.settings);
        headers.extend(endpoint.headers.clone());
        let envelope = Envelope::of(backend.protocol, call, &mut headers);
        let mut body = request.body_for(&backend.model_name, &endpoint.settings, &endpoint.params, &envelope)?;
        body.warnings.extend(left_out);
        Ok(Self {
            url: endpoint.messages(call),
            headers,
            body: body.bytes,
            warnings: body.warnings,
            converter: ResponseConverter::Messages(Box::new(passthrough(
                grant,
                request.model(),
                endpoint,
                Dialect::Anthropic,
            ))),
        })
    }

    fn responses(
        request: &ResponsesRequest<'_>,
        grant: &Grant,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
    ) -> Result<Self, ApiError> {
        let body = request.body_for(&backend.model_name, &endpoint.settings, &endpoint.params)?;
        let context = passthrough(grant, request.model(), endpoint, Dialect::OpenAi);
        let url = if request.is_compacted_by(&endpoint.settings) {
            &endpoint.compact
        } else {
            &endpoint.responses
        };
        Ok(Self {
            url,
            headers: endpoint.headers.clone(),
            body: body.bytes,
            warnings: body.warnings,
            converter: ResponseConverter::Responses(Box::new(context), Box::new(request.lifecycle().clone())),
        })
    }

    /// The request to a backend that speaks another dialect than the client.
    fn translated(
        request: &CompletionRequest<'_>,
        translated: DirectedRequest,
        backend: &Backend,
        endpoint: &'e BackendEndpoint,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let (dialect, call) = (dialect(backend.protocol), call(request.stream()));
        let (url, mut headers) = match dialect {
            ApiDialect::Chat => (&endpoint.chat_completions, HeaderMap::new()),
            ApiDialect::Messages => (endpoint.messages(call), own_protocol_headers(&endpoint.settings)),
            ApiDialect::Responses => (&endpoint.responses, HeaderMap::new()),
        };
        headers.extend(endpoint.headers.clone());
        let envelope = Envelope::of(backend.protocol, call, &mut headers);
        let mut client = translated.context;
        let context = client.response_mut();
        context.created = now.as_second();
        if context.estimated_input_tokens == 0 {
            context.estimated_input_tokens = request.input_estimate();
        }
        let body = Bytes::from(translated.body);
        let mut patches = envelope.patches_unread(&body)?;
        patches.extend(endpoint.params.patch_unread(&body));
        let direction = Direction {
            client,
            backend: dialect,
        };
        Ok(Self {
            url,
            headers,
            body: patched_pieces(&body, patches),
            converter: ResponseConverter::Translated(Box::new(direction)),
            warnings: translated.warnings,
        })
    }
}

fn dialect(protocol: Protocol) -> ApiDialect {
    match protocol {
        Protocol::Openai => ApiDialect::Chat,
        Protocol::Anthropic | Protocol::AnthropicVertex => ApiDialect::Messages,
        Protocol::Responses => ApiDialect::Responses,
    }
}

/// The verb of Messages for an answer.
fn call(streams: bool) -> MessagesCall {
    if streams {
        MessagesCall::Streamed
    } else {
        MessagesCall::Whole
    }
}

/// What a translation needs of the requested model.
fn facts(request: &CompletionRequest<'_>, grant: &Grant, backend: &Backend, endpoint: &BackendEndpoint) -> ModelFacts {
    ModelFacts {
        client_model: grant.response_model(request.model()).to_owned(),
        backend_model: backend.model_name.clone(),
        max_output_tokens: grant.entry.model.max_output_tokens,
        context_window: grant.entry.model.context_window,
        secrets: endpoint.errors.secrets.clone(),
        sealer: request.sealer(),
        ..ModelFacts::default()
    }
}

/// What a response in the client's own dialect needs on its way.
fn passthrough(grant: &Grant, model: &str, endpoint: &BackendEndpoint, dialect: Dialect) -> PassthroughContext {
    PassthroughContext {
        errors: own_errors(endpoint, dialect),
        context_window: grant.entry.model.context_window,
        ..PassthroughContext::named(grant.response_model(model))
    }
}

/// How errors are read that pass within one dialect.
fn own_errors(endpoint: &BackendEndpoint, dialect: Dialect) -> ErrorContext {
    ErrorContext {
        same_dialect: Some(dialect),
        ..endpoint.errors.clone()
    }
}

/// What a backend with `settings` sends as a ranking.
fn ranking(request: &DirectRequest<'_>, settings: &BackendSettings) -> Result<DocumentForm, ApiError> {
    Ok(match settings.rerank {
        RerankApi::Pass => DocumentForm::Passing(List::Ranking),
        RerankApi::Tei => DocumentForm::Ranks(RanksWanted {
            top_n: request.top_n()?,
            input_estimate: request.input_estimate(),
        }),
    })
}
