//! The parameters of a chat request that backends of all other dialects read alike.

use serde_json::Value;
use serde_json::value::RawValue;

use super::input::ChatInput;
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::settings::Effort;
use crate::warnings::Warnings;

/// Refuses what only chat backends can do, where its loss would show in the answer (O25, N14).
pub(crate) fn refuse_unsupported(request: &ChatInput<'_>) -> Result<(), RequestError> {
    let modalities = request.modalities.raw();
    let wants_audio = modalities.is_some_and(|raw| raw.get().contains("\"audio\""));
    let several = request.n.raw().is_some_and(|raw| raw.get().parse() != Ok(1.0_f64));
    let refused = [
        ("n", several),
        ("logprobs", is_true(request.logprobs)),
        ("top_logprobs", request.top_logprobs.is_present()),
        ("logit_bias", !request.logit_bias.is_void()),
        ("modalities", wants_audio),
        ("audio", request.audio.is_present()),
        ("web_search_options", request.web_search_options.is_present()),
        ("moderation", request.moderation.raw().is_some_and(blocks)),
    ];
    match refused.iter().find(|(_, refused)| *refused) {
        Some((name, _)) => Err(RequestError::unsupported(name)),
        None => Ok(()),
    }
}

/// Names what is left out and could be missed (O26, N14), and the field `besides` if its flag is set.
pub(crate) fn warn_of_dropped(request: &ChatInput<'_>, besides: (&str, bool), warnings: &mut Warnings) {
    let fields = [
        ("seed", request.seed.is_present()),
        ("presence_penalty", request.presence_penalty.is_present()),
        ("frequency_penalty", request.frequency_penalty.is_present()),
        ("prediction", request.prediction.is_present()),
        besides,
        ("store", is_true(request.store)),
        ("moderation", request.moderation.is_present()),
    ];
    for (name, _) in fields.iter().filter(|(_, is_dropped)| *is_dropped) {
        warnings.dropped(name);
    }
}

/// The client's limit of the output in tokens, behind the name of its field. 0 and less are no limit, as for chat
/// backends.
pub(crate) fn output_limit(request: &ChatInput<'_>) -> Result<Option<(&'static str, u64)>, RequestError> {
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
        let limit = number.ceil() as u64;
        if limit > 0 {
            return Ok(Some((name, limit)));
        }
    }
    Ok(None)
}

/// The effort that the client asks for.
pub(crate) fn effort(request: &ChatInput<'_>) -> Result<Option<Effort>, RequestError> {
    let path = FieldPath::root("reasoning_effort");
    let Some(word) = request.reasoning_effort.word(path)? else {
        return Ok(None);
    };
    let effort = serde_json::from_value(Value::from(word.as_ref()));
    effort
        .map(Some)
        .map_err(|_| path.error(format!("unknown effort `{word}`")))
}

fn is_true(field: Field<'_>) -> bool {
    field.raw().is_some_and(|raw| raw.get() == "true")
}

/// True for a `moderation` that is to block answers: one that is only told could be missed.
fn blocks(moderation: &RawValue) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::String(text) => text == "block",
            Value::Array(items) => items.iter().any(any),
            Value::Object(members) => members.values().any(any),
            _ => false,
        }
    }
    serde_json::from_str(moderation.get()).is_ok_and(|value| any(&value))
}
