//! The top-level fields besides the prompt, tools and thinking (O11 to O13, O22, O24 to O27).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::{Metadata, Parameters};
use crate::chat;
use crate::chat::input::ChatInput;
use crate::chat::parameters::output_limit;
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json};
use crate::model::ModelFacts;
use crate::sha256::sha256_hex;
use crate::to_hub::Scope;

/// The longest `metadata.user_id`, in characters.
const MAX_USER_ID: usize = 256;

/// Names what is left out and could be missed (O26). What else has no counterpart goes silently (O27).
pub(super) fn warn_of_dropped(request: &ChatInput<'_>, scope: &mut Scope<'_>) {
    let verbosity = ("verbosity", request.verbosity.is_present());
    chat::parameters::warn_of_dropped(request, verbosity, &mut scope.warnings);
}

/// The client's limit, else the gateway's, else the backend's default; never above what the model can (O11).
pub(super) fn max_tokens(
    request: &ChatInput<'_>,
    model: &ModelFacts,
    scope: &mut Scope<'_>,
) -> Result<u64, RequestError> {
    let most = model.max_output_tokens.unwrap_or(u64::MAX).max(1);
    if let Some((name, wanted)) = output_limit(request)? {
        if wanted > most {
            scope.warnings.dropped(name);
        }
        return Ok(wanted.min(most));
    }
    Ok(model
        .output_limit
        .unwrap_or_else(|| scope.backend.default_max_tokens.into())
        .min(most))
}

pub(super) fn write<'a>(request: &ChatInput<'a>, scope: &mut Scope<'a>) -> Result<Parameters<'a>, RequestError> {
    let stream = request.stream.flag(FieldPath::root("stream"))?;
    Ok(Parameters {
        stop_sequences: stop_sequences(request.stop, scope)?,
        temperature: share("temperature", request.temperature, scope)?,
        top_p: share("top_p", request.top_p, scope)?,
        top_k: top_k(request.top_k, scope),
        metadata: user_id(request, scope)?.map(|user_id| Metadata { user_id }),
        service_tier: service_tier(request, scope)?,
        stream: stream.then_some(true),
        ..Parameters::default()
    })
}

/// The API refuses a sequence of white space alone (O12).
fn stop_sequences<'a>(field: Field<'a>, scope: &mut Scope<'_>) -> Result<Option<Vec<Cow<'a, str>>>, RequestError> {
    let path = FieldPath::root("stop");
    let is_string = field.raw().is_some_and(|raw| EscapedText::of(raw).is_some());
    let all = if is_string {
        vec![field.required_word(path)?]
    } else {
        field.words(path)?
    };
    let count = all.len();
    let kept: Vec<_> = all.into_iter().filter(|stop| !stop.trim().is_empty()).collect();
    if kept.len() < count {
        scope.warnings.dropped("stop");
    }
    if let Some(limit) = scope.backend.max_stop.exceeded_by(kept.len()) {
        let message = format!("{} stop sequences, but this model takes at most {limit}", kept.len());
        return Err(path.error(message));
    }
    Ok(Some(kept).filter(|kept| !kept.is_empty()))
}

/// A number from 0 to 1; chat's goes beyond (O13).
fn share<'a>(name: &str, field: Field<'a>, scope: &mut Scope<'_>) -> Result<Option<Json<'a>>, RequestError> {
    let Some(raw) = field.raw() else { return Ok(None) };
    let number: f64 = raw
        .get()
        .parse()
        .map_err(|_| FieldPath::root(name).error("must be a number"))?;
    if !scope.backend.sampling {
        scope.warnings.dropped(name);
        return Ok(None);
    }
    if number > 1.0 {
        scope.warnings.dropped(name);
        return Ok(Some(Cow::Owned(RawValue::from_string("1".to_owned())?)));
    }
    Ok(Some(Cow::Borrowed(raw)))
}

fn top_k<'a>(field: Field<'a>, scope: &mut Scope<'_>) -> Option<Json<'a>> {
    let taken = scope.backend.sampling && scope.backend.top_k;
    if field.is_present() && !taken {
        scope.warnings.dropped("top_k");
    }
    field.raw().filter(|_| taken).map(Cow::Borrowed)
}

/// As its hash if it is longer than the field may be, or the backend wants none but hashes.
fn user_id<'a>(request: &ChatInput<'a>, scope: &Scope<'_>) -> Result<Option<Cow<'a, str>>, RequestError> {
    let user = request.user.word(FieldPath::root("user"))?;
    let id = match user.filter(|user| !user.is_empty()) {
        Some(user) => Some(user),
        None => request
            .safety_identifier
            .word(FieldPath::root("safety_identifier"))?
            .filter(|id| !id.is_empty()),
    };
    Ok(id.map(|id| {
        if id.chars().count() > MAX_USER_ID {
            Cow::Owned(sha256_hex(&id))
        } else {
            scope.backend.user_id.applied(id)
        }
    }))
}

fn service_tier(request: &ChatInput<'_>, scope: &mut Scope<'_>) -> Result<Option<&'static str>, RequestError> {
    let tier = request.service_tier.word(FieldPath::root("service_tier"))?;
    Ok(match tier.as_deref() {
        None => None,
        Some("auto") => Some("auto"),
        Some("default") => Some("standard_only"),
        Some(_) => {
            scope.warnings.dropped("service_tier");
            None
        }
    })
}
