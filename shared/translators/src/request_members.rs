//! The last two steps (§3.1): fields that only the client knows, and the operator's `extra_body`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::json::{Json, Members};
use crate::restricted::{Path, is_withheld};
use crate::settings::{BackendSettings, changes};

use crate::error::RequestError;
use crate::warnings::Warnings;

/// The one object of ours that a client's own is merged with, key by key (§3.8).
const TEMPLATE_SWITCHES: &str = "chat_template_kwargs";

/// The request as bytes, with the client's unknown fields (P3) and the operator's on top.
pub(crate) fn serialize(
    request: &impl Serialize,
    unknown: &Members<'_>,
    path: Path,
    settings: &BackendSettings,
    warnings: &mut Warnings,
) -> Result<Vec<u8>, RequestError> {
    let body = serde_json::to_vec(request)?;
    if unknown.is_empty() && !changes::are_set(settings) {
        return Ok(body);
    }
    let mut members: Members<'_> = serde_json::from_slice(&body)?;
    let mut added = Members::default();
    // `null` counts as absent (H3).
    for (name, value) in unknown.0.iter().filter(|(_, value)| value.get() != "null") {
        match members.get(name) {
            _ if is_withheld(name, path, settings) => warnings.dropped(name),
            None if name == "max_completion_tokens" => warnings.dropped(name), // `max_tokens` has it already
            None => added.push(name.clone(), value.clone()),
            Some(ours) if name == TEMPLATE_SWITCHES => {
                let both = merge_members(ours, value)?;
                members.set(name.clone(), both);
            }
            Some(_) => warnings.dropped(name),
        }
    }
    members.append(added);
    for dropped in changes::apply(&mut members, settings)? {
        warnings.dropped(dropped);
    }
    Ok(serde_json::to_vec(&members)?)
}

/// The members of both objects; of two with one name the client's.
fn merge_members<'a>(ours: &RawValue, theirs: &RawValue) -> Result<Json<'a>, RequestError> {
    let (Ok(mut all), Ok(theirs)) = (parse(ours), parse(theirs)) else {
        return owned(theirs);
    };
    all.append(theirs);
    owned(&all.unique())
}

fn parse(object: &RawValue) -> serde_json::Result<Members<'_>> {
    serde_json::from_str(object.get())
}

fn owned<'a>(value: &(impl Serialize + ?Sized)) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(to_raw_value(value)?))
}
