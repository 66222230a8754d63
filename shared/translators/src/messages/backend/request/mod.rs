//! Chat request → Messages request (O1 to O27). [`translate`] shows the order of work; each step has its file.
//!
//! | file | what |
//! | --- | --- |
//! | `parameters.rs`, `thinking.rs`, `output.rs` | top-level fields (O11 to O13, O17 to O27) |
//! | `messages.rs`, `turns.rs`, `history.rs`, `system.rs` | the conversation as turns, calls paired with results (O1 to O3, O6, O7) |
//! | `user.rs`, `media.rs`, `assistant.rs`, `calls.rs` | content blocks (O4, O5, O8 to O10) |
//! | `tools.rs`, `tool_choice.rs` | tools (O14 to O16) |
//! | `body.rs`, `cache.rs` | the request written down (O23) |

mod assistant;
mod body;
mod cache;
mod calls;
mod history;
mod media;
mod messages;
mod output;
mod parameters;
mod system;
mod thinking;
mod tool_choice;
mod tools;
mod turns;
mod user;

use crate::chat::declared_tools::{self, DeclaredTool};
use crate::chat::input::{ChatInput, InputStreamOptions};
use crate::chat::parameters::refuse_unsupported;
use crate::context::ResponseContext;
use crate::error::{ErrorContext, FieldPath, RequestError};
use crate::model::ModelFacts;
use crate::request_members;
use crate::restricted::Path;
use crate::settings::BackendSettings;
use crate::to_hub::Scope;
use crate::tool_ids::UsedIds;
use crate::tool_names::ToolNames;
use crate::translated::TranslatedRequest;
use body::{Content, MessagesRequest};
use history::Conversation;
use messages::ReadMessage;

/// Translates a chat request for a backend. Fails before anything is sent, naming the field at fault.
pub fn translate(
    request: &ChatInput<'_>,
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<TranslatedRequest, RequestError> {
    let tools = declared_tools::read(request)?;
    let messages = messages::read(request)?;
    let context = context(request, &tools, &messages, backend, model)?;
    let mut scope = Scope::new(backend, &context.names, model.sealer.get());
    refuse_unsupported(request)?;
    parameters::warn_of_dropped(request, &mut scope);
    let body = write(request, &tools, messages, model, &mut scope)?;
    let stream = body.parameters.stream.is_some();
    let mut warnings = scope.warnings;
    let body = request_members::serialize(&body, &request.rest, Path::ChatToMessages, backend, &mut warnings)?;
    Ok(TranslatedRequest {
        body,
        stream,
        warnings: warnings.into_names(),
        context,
    })
}

fn context(
    request: &ChatInput<'_>,
    tools: &[DeclaredTool<'_>],
    messages: &[ReadMessage<'_>],
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<ResponseContext, RequestError> {
    let options: InputStreamOptions<'_> = request
        .stream_options
        .object(FieldPath::root("stream_options"))?
        .unwrap_or_default();
    let path = FieldPath::root("stream_options");
    let calls = || messages.iter().flat_map(|message| &message.calls);
    // All names that the backend will see, also of tools that only the history knows (NA2).
    let declared = tools.iter().map(|tool| tool.name.clone());
    let names = declared.chain(calls().map(|call| call.name.clone()));
    let mut used_ids = UsedIds::default();
    calls().for_each(|call| used_ids.add(&call.id));
    let custom = tools.iter().filter(|tool| tool.is_custom);
    Ok(ResponseContext {
        model: model.client_model.clone(),
        includes_usage: options.include_usage.flag(path.field("include_usage"))?,
        names: ToolNames::new(names, backend.tool_name_max),
        custom_tools: custom.map(|tool| tool.name.clone().into_owned()).collect(),
        used_ids,
        context_window: model.context_window,
        errors: ErrorContext {
            secrets: model.secrets.clone(),
            ..ErrorContext::default()
        },
        ..ResponseContext::default()
    })
}

fn write<'a>(
    request: &ChatInput<'a>,
    tools: &[DeclaredTool<'a>],
    messages: Vec<ReadMessage<'a>>,
    model: &'a ModelFacts,
    scope: &mut Scope<'a>,
) -> Result<MessagesRequest<'a>, RequestError> {
    let mut history = Conversation::new(scope.backend.inline_system);
    for message in messages {
        turns::add(message, &mut history, scope)?;
    }
    let mut history = history.finish()?;
    let choice = tool_choice::read(request, tools)?;
    let tools = tools::write(tools, |name| choice.allows(name), scope)?;
    let tool_choice = choice.write(request, !tools.is_empty(), scope)?;
    let format = output::read(request, &mut history, scope)?;
    let max_tokens = parameters::max_tokens(request, model, scope)?;
    let mut parameters = parameters::write(request, scope)?;
    let facts = thinking::Facts {
        is_forced: tool_choice.as_ref().is_some_and(|choice| choice.kind.is_forced()),
        continues_unsigned: history.continues_unsigned_calls(),
        max_tokens,
    };
    thinking::write(request, format, &facts, scope, &mut parameters)?;
    let (system, mut messages) = history.write();
    let mut system = system::joined(system)?;
    let blocks = match &mut system {
        Some(Content::Blocks(blocks)) => blocks.as_mut_slice(),
        _ => &mut [],
    };
    cache::keep_last(blocks, &mut messages);
    Ok(MessagesRequest {
        model: &model.backend_model,
        max_tokens,
        system,
        messages,
        tools,
        tool_choice,
        parameters,
    })
}
