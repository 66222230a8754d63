//! The parameters that have a counterpart in chat, and those that only some backends take (R20).

use std::borrow::Cow;

use crate::chat::request::{Parameters, ServiceTier, StreamOptions};
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, Json};
use crate::model::ModelFacts;
use crate::responses::wire::request::ResponsesBody;
use crate::settings::{MaxTokensField, UserField};
use crate::to_hub::Scope;

/// What `include` says to ask for the probabilities of tokens.
const LOGPROBS: &str = "message.output_text.logprobs";

pub(super) fn write<'a>(
    body: &ResponsesBody<'a>,
    model: &ModelFacts,
    scope: &mut Scope<'a>,
) -> Result<Parameters<'a>, RequestError> {
    let mut parameters = Parameters {
        temperature: body.temperature.raw(),
        top_p: body.top_p.raw(),
        service_tier: service_tier(body, scope)?,
        verbosity: verbosity(body, scope)?,
        prompt_cache_key: taken(body.prompt_cache_key, scope.backend.prompt_cache_key),
        ..Parameters::default()
    };
    let max_tokens = max_tokens(body, model, scope)?;
    match scope.backend.max_tokens_field {
        MaxTokensField::MaxTokens => parameters.max_tokens = max_tokens,
        MaxTokensField::MaxCompletionTokens => parameters.max_completion_tokens = max_tokens,
    }
    if body.stream.flag(FieldPath::root("stream"))? {
        parameters.stream = Some(true);
        parameters.stream_options = scope
            .backend
            .stream_usage
            .then_some(StreamOptions { include_usage: true });
    }
    write_user(body, scope, &mut parameters);
    write_logprobs(body, &mut parameters)?;
    Ok(parameters)
}

/// Only called where there are tools to be called.
pub(super) fn write_parallel_calls(
    body: &ResponsesBody<'_>,
    scope: &mut Scope<'_>,
    parameters: &mut Parameters<'_>,
) -> Result<(), RequestError> {
    if !body.parallel_tool_calls.is_present() {
        return Ok(());
    }
    let parallel = body.parallel_tool_calls.flag(FieldPath::root("parallel_tool_calls"))?;
    if scope.backend.parallel_tool_calls {
        parameters.parallel_tool_calls = Some(parallel);
    } else if !parallel {
        scope.warnings.dropped("parallel_tool_calls");
    }
    Ok(())
}

/// The client's limit, or the gateway's, lowered to what the model can.
fn max_tokens(
    body: &ResponsesBody<'_>,
    model: &ModelFacts,
    scope: &mut Scope<'_>,
) -> Result<Option<u64>, RequestError> {
    let path = FieldPath::root("max_output_tokens");
    let Some(requested) = body.max_output_tokens.integer(path)? else {
        return Ok(model.output_limit);
    };
    let requested = u64::try_from(requested).ok().filter(|tokens| *tokens > 0);
    let requested = requested.ok_or_else(|| path.error("must be at least 1"))?;
    match model.max_output_tokens {
        Some(limit) if requested > limit => {
            scope.warnings.dropped("max_output_tokens");
            Ok(Some(limit))
        }
        _ => Ok(Some(requested)),
    }
}

fn service_tier(body: &ResponsesBody<'_>, scope: &mut Scope<'_>) -> Result<Option<ServiceTier>, RequestError> {
    let Some(tier) = body.service_tier.word(FieldPath::root("service_tier"))? else {
        return Ok(None);
    };
    let known = match tier.as_ref() {
        "auto" => Some(ServiceTier::Auto),
        "default" => Some(ServiceTier::Default),
        "fast" => Some(ServiceTier::Fast),
        "priority" => Some(ServiceTier::Priority),
        "flex" => Some(ServiceTier::Flex),
        _ => None,
    };
    let taken = known.filter(|_| scope.backend.service_tier);
    // A backend without tiers serves as these two ask.
    if taken.is_none() && !matches!(known, Some(ServiceTier::Auto | ServiceTier::Default)) {
        scope.warnings.dropped("service_tier");
    }
    Ok(taken)
}

fn verbosity<'a>(body: &ResponsesBody<'a>, scope: &mut Scope<'_>) -> Result<Option<Json<'a>>, RequestError> {
    let verbosity = body.text()?.verbosity;
    if verbosity.is_present() && !scope.backend.verbosity {
        scope.warnings.dropped("text.verbosity");
    }
    Ok(taken(verbosity, scope.backend.verbosity))
}

fn taken(field: Field<'_>, is_taken: bool) -> Option<Json<'_>> {
    field.raw().filter(|_| is_taken).map(Cow::Borrowed)
}

/// One name of the user, under the field that the backend takes.
fn write_user<'a>(body: &ResponsesBody<'a>, scope: &Scope<'_>, parameters: &mut Parameters<'a>) {
    let either = |first: Field<'a>, second: Field<'a>| first.raw().or(second.raw()).map(Cow::Borrowed);
    match scope.backend.user_field {
        UserField::None => {}
        UserField::User => parameters.user = either(body.user, body.safety_identifier),
        UserField::SafetyIdentifier => parameters.safety_identifier = either(body.safety_identifier, body.user),
    }
}

fn write_logprobs<'a>(body: &ResponsesBody<'a>, parameters: &mut Parameters<'a>) -> Result<(), RequestError> {
    let include = body.include.words(FieldPath::root("include"))?;
    let top = body.top_logprobs.raw().filter(|top| top.get() != "0");
    if top.is_some() || include.iter().any(|wanted| wanted == LOGPROBS) {
        parameters.logprobs = Some(true);
        parameters.top_logprobs = top;
    }
    Ok(())
}
