//! Messages request → chat request (§3). [`to_chat`] shows the order of work; each step has its file.
//!
//! | file | what |
//! | --- | --- |
//! | `parameters.rs`, `thinking.rs`, `output_format.rs` | top-level fields (§3.2, §3.8, §3.9) |
//! | `system.rs`, `turns.rs`, `history.rs`, `pairing.rs`, `prefill.rs` | the conversation as turns (§3.3, §3.4) |
//! | `user.rs`, `assistant.rs`, `parts.rs`, `images.rs`, `documents.rs`, `server_tools.rs` | content blocks (§3.5) |
//! | `tools.rs`, `builtin_tools.rs`, `tool_choice.rs`, `tool_changes.rs` | tools (§3.6) |
//! | `messages.rs`, `cache.rs`, `extras.rs` | the chat request written down (§3.10, P3) |
//! | `native.rs` | the one change to a request that is not translated (TH4) |
//!
//! Nothing here knows HTTP, who the caller is, or which vendor the backend is: only its settings.

pub mod error;
pub mod native;

mod assistant;
mod builtin_tools;
mod cache;
mod documents;
mod extras;
mod history;
mod images;
mod messages;
mod output_format;
mod pairing;
mod parameters;
mod parts;
mod prefill;
mod scope;
mod server_tools;
mod system;
mod thinking;
mod tool_changes;
mod tool_choice;
mod tools;
mod turns;
mod user;

use std::borrow::Cow;

use super::anthropic::request::{OutputConfig, Request};
use super::chat::request as chat;
use super::context::AnswerContext;
use super::names::ToolNames;
use super::settings::BackendSettings;
use super::tokens;

pub use error::RequestError;

use error::At;
use scope::{Scope, Warnings};
use thinking::Asked;
use tool_changes::ToolChanges;
use tools::Declared;
use turns::Messages;

/// What the catalog knows of the model that was asked for.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    /// The name that the client used; it comes back in the answer.
    pub client_model: String,
    /// The backend's own name for the model.
    pub backend_model: String,
    /// `max_tokens` is lowered to this.
    pub max_output_tokens: Option<u64>,
}

/// A chat request, ready to be sent, and what its answer will need.
#[derive(Clone, Debug)]
pub struct ChatCall {
    pub body: Vec<u8>,
    pub stream: bool,
    /// Names of fields that the backend does not get, for `x-translation-warnings` (P2).
    pub warnings: Vec<String>,
    pub context: AnswerContext,
}

/// Translates a Messages request for a backend. Fails before anything is sent, naming the field at fault.
pub fn to_chat(request: &Request<'_>, backend: &BackendSettings, model: &ModelFacts) -> Result<ChatCall, RequestError> {
    let parsed = Parsed::read(request)?;
    let mut context = AnswerContext {
        model: model.client_model.clone(),
        names: parsed.tool_names(backend.tool_name_max),
        stop_sequences: parsed.stop_sequences()?,
        thinking: parsed.thinking.answer(),
        think_tags: backend.think_tags,
        estimated_input_tokens: tokens::estimate(request, &parsed.messages.0),
    };
    let names = std::mem::take(&mut context.names);
    let mut scope = Scope { backend, names: &names, warnings: Warnings::default() };
    let chat = parsed.into_chat(model, &mut scope)?;
    let stream = chat.parameters.stream.is_some();
    let body = extras::serialize(&chat, &request.rest, &backend.extra_body, &mut scope.warnings)?;
    let warnings = scope.warnings.into_names();
    Ok(ChatCall { body, stream, warnings, context: AnswerContext { names, ..context } })
}

/// The request with its parts read as far as they can be without knowing the backend.
struct Parsed<'a> {
    request: &'a Request<'a>,
    output: OutputConfig<'a>,
    thinking: Asked,
    tools: Vec<Declared<'a>>,
    messages: Messages<'a>,
}

impl<'a> Parsed<'a> {
    fn read(request: &'a Request<'a>) -> Result<Self, RequestError> {
        let output = request.output_config.object(At::root("output_config"))?.unwrap_or_default();
        Ok(Self {
            request,
            thinking: Asked::read(request, &output)?,
            output,
            tools: tools::read(request)?,
            messages: Messages(request.conversation()?),
        })
    }

    /// All names that the backend will see, also of tools that only the history knows (NA2).
    fn tool_names(&self, max: u32) -> ToolNames {
        let declared = self.tools.iter().map(|tool| tool.name.clone());
        ToolNames::new(declared.chain(self.messages.tool_names()), max)
    }

    fn stop_sequences(&self) -> Result<Vec<String>, RequestError> {
        let stops = self.request.stop_sequences.words(At::root("stop_sequences"))?;
        Ok(stops.into_iter().map(Cow::into_owned).collect())
    }

    fn into_chat(self, model: &'a ModelFacts, scope: &mut Scope<'a>) -> Result<chat::Request<'a>, RequestError> {
        let Self { request, output, thinking, tools, messages } = self;
        parameters::refuse_unsupported(request, scope)?;
        parameters::warn_of_dropped(request, &output, scope);
        let mut parameters = parameters::write(request, &output, model, scope)?;

        let declared: Vec<_> = tools.iter().map(|tool| tool.name.clone()).collect();
        let mut changes = ToolChanges::new(&declared);
        let system = system::read(request.system, scope)?;
        let mut history = messages.into_history(system, scope, &mut changes)?;
        pairing::pair(&mut history.turns)?;
        let mut messages = messages::write(history, scope)?;
        cache::mark_end(request, scope.backend.cache, &mut messages)?;
        cache::keep_last_breakpoints(&mut messages);
        prefill::write(scope.backend.prefill, &mut messages, &mut parameters)?;

        let tools = tools::write(&tools, &changes, scope)?;
        if !tools.is_empty() {
            tool_choice::write(request, thinking.is_on(), scope, &mut parameters)?;
            parameters.tool_stream = (scope.backend.tool_stream && parameters.stream.is_some()).then_some(true);
        }
        thinking.write(!tools.is_empty(), scope, &mut parameters);
        Ok(chat::Request { model: &model.backend_model, messages, tools, parameters })
    }
}
