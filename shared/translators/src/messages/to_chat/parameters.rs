//! The top-level fields besides the prompt (§3.2).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::{Parameters, ServiceTier, StreamOptions};
use crate::json::{Field, Json, json_string};
use crate::messages::wire::request::{MessagesBody, Metadata, OutputConfig};
use crate::settings::{MaxTokensField, UserField};
use crate::sha256::sha256_hex;

use super::output_format;
use crate::error::{FieldPath, RequestError};
use crate::model::ModelFacts;
use crate::to_hub::Scope;

/// Refuses what would ask the server to act, to remember, or to compute elsewhere.
pub(super) fn refuse_unsupported(request: &MessagesBody<'_>, scope: &Scope<'_>) -> Result<(), RequestError> {
    let fields = [
        ("mcp_servers", request.mcp_servers),
        ("container", request.container),
        ("compaction", request.compaction),
    ];
    for (name, field) in fields {
        if !field.is_void() {
            return Err(FieldPath::root(name).error("not supported for this model"));
        }
    }
    let path = FieldPath::root("inference_geo");
    match request.inference_geo.word(path)? {
        Some(geo) if !scope.backend.inference_geos.iter().any(|declared| *declared == geo) => {
            Err(path.error(format!("this model is not known to run in `{geo}`")))
        }
        _ => Ok(()),
    }
}

/// Names what is left out and could be missed (P2). The rest of what has no counterpart goes silently (§3.2).
pub(super) fn warn_of_dropped(request: &MessagesBody<'_>, output: &OutputConfig<'_>, scope: &mut Scope<'_>) {
    let fields = [
        ("context_management", request.context_management),
        ("fallbacks", request.fallbacks),
        ("safeguards", request.safeguards),
        ("output_config.task_budget", output.task_budget),
    ];
    for (name, _) in fields.iter().filter(|(_, field)| field.is_present()) {
        scope.warnings.dropped(name);
    }
    for name in output.rest.names() {
        scope.warnings.dropped(&format!("output_config.{name}"));
    }
}

pub(super) fn write<'a>(
    request: &MessagesBody<'a>,
    output: &OutputConfig<'a>,
    model: &ModelFacts,
    scope: &mut Scope<'a>,
) -> Result<Parameters<'a>, RequestError> {
    let mut parameters = Parameters {
        stop: stop(request, scope)?,
        temperature: request.temperature.raw(),
        top_p: request.top_p.raw(),
        top_k: top_k(request.top_k, scope),
        response_format: output_format::write(request, output)?,
        service_tier: service_tier(request, scope)?,
        ..Parameters::default()
    };
    let max_tokens = Some(max_tokens(request, model, scope)?);
    match scope.backend.max_tokens_field {
        MaxTokensField::MaxTokens => parameters.max_tokens = max_tokens,
        MaxTokensField::MaxCompletionTokens => parameters.max_completion_tokens = max_tokens,
    }
    if request.stream.flag(FieldPath::root("stream"))? {
        parameters.stream = Some(true);
        parameters.stream_options = scope
            .backend
            .stream_usage
            .then_some(StreamOptions { include_usage: true });
    }
    match scope.backend.user_field {
        UserField::None => {}
        // The lengths are those that vendors state for the two fields.
        UserField::User => parameters.user = user_id(request, 64)?,
        UserField::SafetyIdentifier => parameters.safety_identifier = user_id(request, 128)?,
    }
    Ok(parameters)
}

/// Lowered to what the model can: agents ask for the same number whatever the model is.
fn max_tokens(request: &MessagesBody<'_>, model: &ModelFacts, scope: &mut Scope<'_>) -> Result<u64, RequestError> {
    let path = FieldPath::root("max_tokens");
    let requested = request.max_tokens.integer(path)?.ok_or_else(|| path.missing())?;
    if requested == 0 {
        return Err(path.error("must be at least 1; this model has no cache that could be warmed beforehand"));
    }
    let requested = u64::try_from(requested).map_err(|_| path.error("must be at least 1"))?;
    match model.max_output_tokens {
        Some(limit) if requested > limit => {
            scope.warnings.dropped("max_tokens");
            Ok(limit)
        }
        _ => Ok(requested),
    }
}

/// More stop sequences than the backend accepts are refused: the response would run past those that were cut off.
fn stop<'a>(request: &MessagesBody<'a>, scope: &Scope<'a>) -> Result<Option<&'a RawValue>, RequestError> {
    let path = FieldPath::root("stop_sequences");
    let count = request.stop_sequences.words(path)?.len();
    if let Some(limit) = scope.backend.max_stop.exceeded_by(count) {
        return Err(path.error(format!("{count} stop sequences, but this model takes at most {limit}")));
    }
    Ok(request.stop_sequences.raw().filter(|_| count > 0))
}

fn top_k<'a>(field: Field<'a>, scope: &mut Scope<'a>) -> Option<&'a RawValue> {
    if field.is_present() && !scope.backend.top_k {
        scope.warnings.dropped("top_k");
        return None;
    }
    field.raw()
}

fn service_tier(request: &MessagesBody<'_>, scope: &mut Scope<'_>) -> Result<Option<ServiceTier>, RequestError> {
    let fast = request.speed.word(FieldPath::root("speed"))?.as_deref() == Some("fast");
    if !scope.backend.service_tier {
        if fast {
            scope.warnings.dropped("speed");
        }
        return Ok(None);
    }
    if fast {
        return Ok(Some(ServiceTier::Fast));
    }
    Ok(
        match request.service_tier.word(FieldPath::root("service_tier"))?.as_deref() {
            Some("auto") => Some(ServiceTier::Auto),
            Some("standard_only") => Some(ServiceTier::Default),
            _ => None,
        },
    )
}

/// `metadata.user_id`, as its hash if it is longer than the field may be. The rest of `metadata` stays here:
/// the chat field of that name is something else.
fn user_id<'a>(request: &MessagesBody<'a>, max: usize) -> Result<Option<Json<'a>>, RequestError> {
    let path = FieldPath::root("metadata");
    let metadata: Metadata<'a> = request.metadata.object(path)?.unwrap_or_default();
    let Some(id) = metadata.user_id.word(path.field("user_id"))? else {
        return Ok(None);
    };
    if id.chars().count() > max {
        return json_string(&sha256_hex(&id)).map(Some);
    }
    Ok(metadata.user_id.raw().map(Cow::Borrowed))
}
