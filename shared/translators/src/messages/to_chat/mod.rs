//! Messages request → chat request (§3). [`translate`] shows the order of work; each step has its file.
//!
//! | file | what |
//! | --- | --- |
//! | `parameters.rs`, `thinking.rs`, `output_format.rs` | top-level fields (§3.2, §3.8, §3.9) |
//! | `system.rs`, `conversation.rs`, `pairing.rs`, `prefill.rs` | the conversation as turns (§3.3, §3.4) |
//! | `user.rs`, `assistant.rs`, `parts.rs`, `images.rs`, `documents.rs`, `server_tools.rs` | content blocks (§3.5) |
//! | `tools.rs`, `builtin_tools.rs`, `tool_choice.rs`, `tool_changes.rs` | tools (§3.6) |
//! | `cache.rs` | cache marks (§3.10) |
//!
//! What does not depend on the client's dialect is in `to_hub`: the order of turns, and the chat request written down.
//!
//! Nothing here knows HTTP, who the caller is, or which vendor the backend is: only its settings.

mod assistant;
mod blocks;
mod builtin_tools;
mod cache;
mod conversation;
mod documents;
mod images;
mod output_format;
mod pairing;
mod parameters;
mod parts;
mod prefill;
mod server_tools;
mod system;
mod thinking;
mod tool_changes;
mod tool_choice;
mod tools;
mod user;

use std::borrow::Cow;

use crate::chat::request::{ChatBody, ChatMessage};
use crate::context::ResponseContext;
use crate::messages::token_count;
use crate::messages::wire::request::{MessagesBody, OutputConfig};
use crate::model::ModelFacts;
use crate::request_members;
use crate::restricted::Path;
use crate::sealed::{self, Sealer};
use crate::settings::BackendSettings;
use crate::to_hub::thinking::ThinkingRequest;
use crate::to_hub::{Scope, messages};
use crate::tool_names::ToolNames;
use crate::translated::TranslatedRequest;

use crate::error::{ErrorContext, FieldPath, RequestError};
use conversation::Conversation;
use tool_changes::ToolChanges;
use tools::DeclaredTool;

/// Translates a Messages request for a backend. Fails before anything is sent, naming the field at fault.
pub fn translate(
    request: &MessagesBody<'_>,
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<TranslatedRequest, RequestError> {
    let parsed = Parsed::read(request, model.sealer.get())?;
    let context = parsed.context(backend, model)?;
    let mut scope = Scope::new(backend, &context.names, model.sealer.get());
    let chat = parsed.into_chat(model, &mut scope)?;
    let stream = chat.parameters.stream.is_some();
    let mut warnings = scope.warnings;
    let body = request_members::serialize(&chat, &request.rest, Path::MessagesToChat, backend, &mut warnings)?;
    Ok(TranslatedRequest {
        body,
        stream,
        warnings: warnings.into_names(),
        context,
    })
}

/// The request, read as far as it can be without knowing the backend.
struct Parsed<'a> {
    request: &'a MessagesBody<'a>,
    output: OutputConfig<'a>,
    thinking: ThinkingRequest,
    tools: Vec<DeclaredTool<'a>>,
    messages: Conversation<'a>,
}

impl<'a> Parsed<'a> {
    fn read(request: &'a MessagesBody<'a>, sealer: &dyn Sealer) -> Result<Self, RequestError> {
        let output = request
            .output_config
            .object(FieldPath::root("output_config"))?
            .unwrap_or_default();
        let thinking = thinking::read(request, &output)?;
        let messages = Conversation(request.conversation()?);
        sealed::check(sealer, "messages", messages.signatures())?;
        Ok(Self {
            request,
            thinking,
            output,
            tools: tools::read(request, tool_changes::definitions(&messages.0)?)?,
            messages,
        })
    }

    fn context(&self, backend: &BackendSettings, model: &ModelFacts) -> Result<ResponseContext, RequestError> {
        let stop_sequences = self.request.stop_sequences.words(FieldPath::root("stop_sequences"))?;
        // All names that the backend will see, also of tools that only the history knows (NA2).
        let declared = self.tools.iter().map(|tool| tool.name.clone());
        let names = declared.chain(self.messages.tool_names());
        Ok(ResponseContext {
            model: model.client_model.clone(),
            names: ToolNames::new(names, backend.tool_name_max),
            stop_sequences: stop_sequences.into_iter().map(Cow::into_owned).collect(),
            thinking: self.thinking.display(),
            thinking_is_unasked: !self.thinking.is_on(),
            keeps_reasoning_details: backend.reasoning_details,
            used_ids: self.messages.used_ids(),
            context_window: model.context_window,
            errors: ErrorContext {
                secrets: model.secrets.clone(),
                ..ErrorContext::default()
            },
            think_tags: backend.think_tags,
            sealer: model.sealer.clone(),
            estimated_input_tokens: token_count::estimate(self.request, &self.messages.0),
            ..ResponseContext::default()
        })
    }

    fn into_chat(self, model: &'a ModelFacts, scope: &mut Scope<'a>) -> Result<ChatBody<'a>, RequestError> {
        let request = self.request;
        parameters::refuse_unsupported(request, scope)?;
        parameters::warn_of_dropped(request, &self.output, scope);
        let mut parameters = parameters::write(request, &self.output, model, scope)?;

        let mut changes = ToolChanges::new(self.tools.iter().map(|tool| tool.name.as_ref()));
        let mut messages = prompt(request, self.messages, &mut changes, scope)?;
        prefill::write(scope.backend.prefill, &mut messages, &mut parameters)?;

        let tools = tools::write(&self.tools, &changes, scope)?;
        if !tools.is_empty() {
            tool_choice::write(
                request,
                (self.tools.as_slice(), self.thinking.is_on()),
                scope,
                &mut parameters,
            )?;
            parameters.tool_stream = (scope.backend.tool_stream && parameters.stream.is_some()).then_some(true);
        }
        self.thinking.write(!tools.is_empty(), scope, &mut parameters);
        Ok(ChatBody {
            model: &model.backend_model,
            messages,
            tools,
            parameters,
        })
    }
}

/// System text and turns as chat messages.
fn prompt<'a>(
    request: &MessagesBody<'a>,
    messages: Conversation<'a>,
    changes: &mut ToolChanges<'_>,
    scope: &mut Scope<'a>,
) -> Result<Vec<ChatMessage<'a>>, RequestError> {
    let system = system::read(request.system, scope)?;
    let mut history = messages.into_history(system, scope, changes)?;
    pairing::pair(&mut history.turns)?;
    let mut messages = messages::write(history, scope)?;
    cache::mark_end(request, scope.backend.cache, &mut messages)?;
    cache::keep_last_breakpoints(&mut messages);
    Ok(messages)
}
