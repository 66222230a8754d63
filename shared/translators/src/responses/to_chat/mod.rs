//! Responses request → chat request (R). [`translate`] shows the order of work; each step has its file.
//!
//! | file | what |
//! | --- | --- |
//! | `checks.rs`, `parameters.rs`, `format.rs`, `reasoning.rs` | top-level fields (R20 to R22) |
//! | `conversation.rs`, `outputs.rs` | the items of `input` as turns (R1 to R7) |
//! | `parts.rs`, `files.rs`, `assistant.rs`, `hosted.rs` | the content of items (R4, R8, R9, R12) |
//! | `compaction.rs` | summaries that stand for a conversation (R11) |
//! | `tools.rs`, `function.rs`, `tool_choice.rs` | tools (R13 to R19) |

mod assistant;
mod checks;
mod compaction;
mod conversation;
mod files;
mod format;
mod function;
mod hosted;
mod outputs;
mod parameters;
mod parts;
mod reasoning;
mod tool_choice;
mod tools;

use super::context::ResponsesContext;
use super::lifecycle::Lifecycle;
use super::tools::ClientTools;
use super::wire::request::{InputItem, ResponsesBody, TextOr};
use crate::chat::request::ChatBody;
use crate::context::{ResponseContext, ThinkingDisplay};
use crate::error::{ErrorContext, RequestError};
use crate::model::ModelFacts;
use crate::request_members;
use crate::restricted::Path;
use crate::sealed;
use crate::settings::BackendSettings;
use crate::to_hub::Scope;
use crate::tool_ids::UsedIds;
use crate::tool_names::ToolNames;
use crate::translated::TranslatedRequest;

pub use checks::check;
use reasoning::ReasoningRequest;
use tool_choice::Choice;
use tools::Declared;

/// The request before a backend is chosen, and the response that it will get.
#[derive(Clone, Copy, Debug)]
pub struct ResponsesRequest<'a> {
    pub body: &'a ResponsesBody<'a>,
    pub lifecycle: &'a Lifecycle,
}

/// Translates a Responses request for a backend. Fails before anything is sent, naming the field at fault.
pub fn translate(
    request: ResponsesRequest<'_>,
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<TranslatedRequest<ResponsesContext>, RequestError> {
    translated(request, backend, model).map_err(RequestError::with_brackets)
}

fn translated(
    request: ResponsesRequest<'_>,
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<TranslatedRequest<ResponsesContext>, RequestError> {
    let parsed = Parsed::read(request)?;
    let context = parsed.context(backend, model)?;
    let mut scope = Scope::new(backend, context.tools.names(), request.lifecycle.sealer());
    let chat = parsed.into_chat(model, &mut scope)?;
    let stream = chat.parameters.stream.is_some();
    let mut warnings = scope.warnings;
    let unknown = &request.body.rest;
    let body = request_members::serialize(&chat, unknown, Path::ResponsesToChat, backend, &mut warnings)?;
    Ok(TranslatedRequest {
        body,
        stream,
        warnings: warnings.into_names(),
        context,
    })
}

/// The request, read as far as it can be without knowing the backend.
struct Parsed<'a> {
    request: ResponsesRequest<'a>,
    input: TextOr<'a, InputItem<'a>>,
    reasoning: ReasoningRequest,
    declared: Declared<'a>,
}

impl<'a> Parsed<'a> {
    fn read(request: ResponsesRequest<'a>) -> Result<Self, RequestError> {
        let input = request.body.input()?;
        let items = input.items();
        checks::refuse_previous(request.body)?;
        let contents = items.iter().map(|item| item.encrypted_content);
        sealed::check(request.lifecycle.sealer(), "input", contents)?;
        Ok(Self {
            reasoning: ReasoningRequest::read(request.body, items)?,
            declared: Declared::read(request.body, items)?,
            request,
            input,
        })
    }

    /// A summary in place of a response (CO1).
    fn asks_for_a_summary(&self) -> bool {
        self.input.items().last().is_some_and(InputItem::asks_for_a_summary)
    }

    fn context(&self, backend: &BackendSettings, model: &ModelFacts) -> Result<ResponsesContext, RequestError> {
        let items = self.input.items();
        let mut used_ids = UsedIds::default();
        items
            .iter()
            .filter_map(InputItem::id_of_call)
            .for_each(|id| used_ids.add(&id));
        // All names that the backend will see, also of tools that only the history knows (NA2).
        let names = self
            .declared
            .names()
            .chain(items.iter().filter_map(assistant::called_name));
        let names = ToolNames::new(names, backend.tool_name_max);
        let body = self.request.body;
        // What is stored is the client's to send back, too (RA3).
        let seals = self.reasoning.seals || self.request.lifecycle.is_stored();
        Ok(ResponsesContext {
            lifecycle: self.request.lifecycle.of_request(body, &model.client_model)?,
            tools: ClientTools::new(self.declared.client_tools(), names),
            summarizes: self.reasoning.summarizes,
            seals,
            compacts: self.asks_for_a_summary(),
            response: ResponseContext {
                model: model.client_model.clone(),
                thinking: ThinkingDisplay::Shown,
                thinking_is_unasked: !self.reasoning.is_asked_for(),
                keeps_reasoning_details: seals,
                used_ids,
                context_window: model.context_window,
                errors: ErrorContext {
                    secrets: model.secrets.clone(),
                    ..ErrorContext::default()
                },
                think_tags: backend.think_tags,
                ..ResponseContext::default()
            },
        })
    }

    fn into_chat(self, model: &'a ModelFacts, scope: &mut Scope<'a>) -> Result<ChatBody<'a>, RequestError> {
        let body = self.request.body;
        checks::warn_of_dropped(body, self.request.lifecycle.is_stored(), scope)?;
        let mut parameters = parameters::write(body, model, scope)?;
        let compacts = self.asks_for_a_summary();
        if !compacts {
            parameters.response_format = format::write(body, self.input.items())?;
        }
        let messages = conversation::write(body, &self.input, scope)?;
        let choice = Choice::read(body, &self.declared)?;
        // A summary is a text, and calls nothing (CO1).
        let tools = if compacts {
            Vec::new()
        } else {
            self.declared
                .write(|name| choice.allows(name), choice.is_forced(), scope)?
        };
        if !tools.is_empty() {
            choice.write(self.reasoning.is_on(), scope, &mut parameters)?;
            parameters::write_parallel_calls(body, scope, &mut parameters)?;
            parameters.tool_stream = (scope.backend.tool_stream && parameters.stream.is_some()).then_some(true);
        }
        self.reasoning.thinking.write(!tools.is_empty(), scope, &mut parameters);
        Ok(ChatBody {
            model: &model.backend_model,
            messages,
            tools,
            parameters,
        })
    }
}
