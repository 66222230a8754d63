//! The top-level fields besides the prompt and the tools (N11, N13, N14).

use serde_json::value::RawValue;

use super::body::{Parameters, Reasoning};
use super::output;
use crate::chat::input::ChatInput;
use crate::chat::moderation;
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::model::ModelFacts;
use crate::settings::{BackendSettings, Effort};
use crate::to_hub::Scope;
use crate::to_hub::thinking::clamp;

/// The API takes no lower limit.
const LEAST_TOKENS: u64 = 16;

/// Refuses what the backend cannot do, where its loss would show in the answer (N14).
pub(super) fn refuse_unsupported(request: &ChatInput<'_>, backend: &BackendSettings) -> Result<(), RequestError> {
    let is_true = |field: Field<'_>| field.raw().is_some_and(|raw| raw.get() == "true");
    let modalities = request.modalities.raw();
    let wants_audio = modalities.is_some_and(|raw| raw.get().contains("\"audio\""));
    let several = request.n.raw().is_some_and(|raw| raw.get().parse() != Ok(1.0_f64));
    let refused = [
        ("stop", !backend.stop && !request.stop.is_void()),
        ("n", several),
        ("logit_bias", !request.logit_bias.is_void()),
        ("logprobs", is_true(request.logprobs)),
        ("top_logprobs", request.top_logprobs.is_present()),
        ("modalities", wants_audio),
        ("audio", request.audio.is_present()),
        ("web_search_options", request.web_search_options.is_present()),
        ("moderation", request.moderation.raw().is_some_and(moderation::blocks)),
    ];
    match refused.iter().find(|(_, refused)| *refused) {
        Some((name, _)) => Err(RequestError::unsupported(name)),
        None => Ok(()),
    }
}

/// Names what is left out and could be missed (N14).
pub(super) fn warn_of_dropped(request: &ChatInput<'_>, scope: &mut Scope<'_>) {
    let stores = request.store.raw().is_some_and(|raw| raw.get() == "true");
    let fields = [
        ("seed", request.seed.is_present()),
        ("presence_penalty", request.presence_penalty.is_present()),
        ("frequency_penalty", request.frequency_penalty.is_present()),
        ("prediction", request.prediction.is_present()),
        ("top_k", request.top_k.is_present() && !takes_top_k(scope.backend)),
        ("store", stores),
        ("moderation", request.moderation.is_present()),
    ];
    for (name, _) in fields.iter().filter(|(_, is_dropped)| *is_dropped) {
        scope.warnings.dropped(name);
    }
}

/// The client's limit, else the gateway's; never above what the model can, nor below what the API takes (N11).
pub(super) fn max_tokens(
    request: &ChatInput<'_>,
    model: &ModelFacts,
    scope: &mut Scope<'_>,
) -> Result<Option<u64>, RequestError> {
    let most = model.max_output_tokens.unwrap_or(u64::MAX).max(LEAST_TOKENS);
    for (name, field) in [
        ("max_completion_tokens", request.max_completion_tokens),
        ("max_tokens", request.max_tokens),
    ] {
        let Some(raw) = field.raw() else { continue };
        let number: f64 = raw
            .get()
            .parse()
            .map_err(|_| FieldPath::root(name).error("must be a number"))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, which is meant"
        )]
        let wanted = number.ceil() as u64;
        // 0 and less are no limit, as for chat backends.
        if wanted > 0 {
            let sent = wanted.clamp(LEAST_TOKENS, most);
            if sent != wanted {
                scope.warnings.dropped(name);
            }
            return Ok(Some(sent));
        }
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
    let path = FieldPath::root("reasoning_effort");
    let Some(word) = request.reasoning_effort.word(path)? else {
        return Ok(None);
    };
    let effort: Result<Effort, _> = serde_json::from_value(serde_json::Value::from(word.as_ref()));
    let effort = effort.map_err(|_| path.error(format!("unknown effort `{word}`")))?;
    let Some(effort) = clamp(effort, &scope.backend.effort_levels) else {
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
