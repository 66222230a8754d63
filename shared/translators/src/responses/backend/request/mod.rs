//! Chat request → Responses request (N10 to N14). [`translate`] shows the order of work; each step has its file.
//!
//! | file | what |
//! | --- | --- |
//! | `parameters.rs`, `output.rs` | top-level fields (N11, N13, N14) |
//! | `messages.rs`, `calls.rs`, `conversation.rs`, `parts.rs` | messages as items (N10) |
//! | `tools.rs`, `tool_choice.rs` | tools (N12) |
//! | `body.rs` | the request written down |

mod body;
mod calls;
mod conversation;
mod messages;
mod output;
mod parameters;
mod parts;
mod tool_choice;
mod tools;

use crate::chat::declared_tools::{self, DeclaredTool};
use crate::chat::input::{ChatInput, InputStreamOptions};
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
use body::ResponsesRequest;
use messages::ReadMessage;

/// Translates a chat request for a backend. Fails before anything is sent, naming the field at fault.
pub fn translate(
    request: &ChatInput<'_>,
    backend: &BackendSettings,
    model: &ModelFacts,
) -> Result<TranslatedRequest, RequestError> {
    parameters::refuse_unsupported(request, backend)?;
    let tools = declared_tools::read(request)?;
    let messages = messages::read(request)?;
    let context = context(request, &tools, &messages, backend, model)?;
    let mut scope = Scope::new(backend, &context.names, model.sealer.get());
    parameters::warn_of_dropped(request, &mut scope);
    let body = write(request, &tools, messages, model, &mut scope)?;
    let stream = body.parameters.stream.is_some();
    let mut warnings = scope.warnings;
    let body = request_members::serialize(&body, &request.rest, Path::ChatToResponses, backend, &mut warnings)?;
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
    let path = FieldPath::root("stream_options");
    let options: InputStreamOptions<'_> = request.stream_options.object(path)?.unwrap_or_default();
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
) -> Result<ResponsesRequest<'a>, RequestError> {
    let (instructions, input) = conversation::write(messages, scope)?;
    let declared = tools;
    let tools = tools::write(declared, scope)?;
    let tool_choice = if tools.is_empty() {
        None
    } else {
        tool_choice::write(request, declared, scope)?
    };
    Ok(ResponsesRequest {
        model: &model.backend_model,
        store: false,
        include: ["reasoning.encrypted_content"],
        instructions,
        input,
        max_output_tokens: parameters::max_tokens(request, model, scope)?,
        tools,
        tool_choice,
        parameters: parameters::write(request, scope)?,
    })
}
