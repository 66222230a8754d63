//! The top-level fields besides the prompt and the tools (N11, N13, N14).

use serde_json::value::RawValue;

use super::body::{Parameters, Reasoning};
use super::output;
use crate::chat;
use crate::chat::input::ChatInput;
use crate::chat::parameters::{effort, output_limit};
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::model::ModelFacts;
use crate::settings::BackendSettings;
use crate::to_hub::Scope;
use crate::to_hub::thinking::clamp;

/// The lowest limit that the API takes, in tokens.
const LEAST_TOKENS: u64 = 16;

/// Refuses what the backend cannot do, where its loss would show in the answer (N14).
pub(super) fn refuse_unsupported(request: &ChatInput<'_>, backend: &BackendSettings) -> Result<(), RequestError> {
    if !backend.stop && !request.stop.is_void() {
        return Err(RequestError::unsupported("stop"));
    }
    chat::parameters::refuse_unsupported(request)
}

/// Names what is left out and could be missed (N14).
pub(super) fn warn_of_dropped(request: &ChatInput<'_>, scope: &mut Scope<'_>) {
    let top_k = ("top_k", request.top_k.is_present() && !takes_top_k(scope.backend));
    chat::parameters::warn_of_dropped(request, top_k, &mut scope.warnings);
}

/// The client's limit, else the gateway's; never above what the model can, nor below what the API takes (N11).
pub(super) fn max_tokens(
    request: &ChatInput<'_>,
    model: &ModelFacts,
    scope: &mut Scope<'_>,
) -> Result<Option<u64>, RequestError> {
    let most = model.max_output_tokens.unwrap_or(u64::MAX).max(LEAST_TOKENS);
    if let Some((name, wanted)) = output_limit(request)? {
        let sent = wanted.clamp(LEAST_TOKENS, most);
        if sent != wanted {
            scope.warnings.dropped(name);
        }
        return Ok(Some(sent));
    }
    Ok(model.output_limit.map(|limit| limit.clamp(LEAST_TOKENS, most)))
}

pub(super) fn write<'a>(request: &ChatInput<'a>, scope: &mut Scope<'a>) -> Result<Parameters<'a>, RequestError> {
    let stream = request.stream.flag(FieldPath::root("stream"))?;
    Ok(Parameters {
        parallel_tool_calls: request.parallel_tool_calls.raw(),
        reasoning: reasoning(request, scope)?,
        text: output::write(request)?,
        temperature: sampling("temperature", request.temperature, scope),
        top_p: sampling("top_p", request.top_p, scope),
        top_k: request.top_k.raw().filter(|_| takes_top_k(scope.backend)),
        stop: request.stop.raw().filter(|_| !request.stop.is_void()),
        service_tier: request.service_tier.raw(),
        prompt_cache_key: request.prompt_cache_key.raw(),
        prompt_cache_options: request.prompt_cache_options.raw(),
        prompt_cache_retention: request.prompt_cache_retention.raw(),
        safety_identifier: request.safety_identifier.raw(),
        user: request.user.raw(),
        metadata: request.metadata.raw(),
        stream: stream.then_some(true),
    })
}

/// The effort as the nearest that the backend has, and a summary of what was thought.
fn reasoning(request: &ChatInput<'_>, scope: &mut Scope<'_>) -> Result<Option<Reasoning>, RequestError> {
    let Some(wanted) = effort(request)? else {
        return Ok(None);
    };
    let Some(effort) = clamp(wanted, &scope.backend.effort_levels) else {
        scope.warnings.dropped("reasoning_effort");
        return Ok(None);
    };
    let summary = "auto";
    Ok(Some(Reasoning { effort, summary }))
}

fn takes_top_k(backend: &BackendSettings) -> bool {
    backend.sampling && backend.top_k
}

fn sampling<'a>(name: &str, field: Field<'a>, scope: &mut Scope<'_>) -> Option<&'a RawValue> {
    if field.is_present() && !scope.backend.sampling {
        scope.warnings.dropped(name);
    }
    field.raw().filter(|_| scope.backend.sampling)
}
