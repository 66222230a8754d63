//! The events that the gateway writes into a stream that it passes on.

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::writer::{Begun, Writer};
use crate::error::BackendError;
use crate::json::{Members, to_json};
use crate::responses::status::backend_failure_code;
use crate::responses::wire::item::quoted;

/// The event that ends a stream which broke off: `response` is the object that the backend began with.
pub fn failed_event(response: Option<&[u8]>, begun: &mut Begun, error: &BackendError) -> BytesMut {
    let mut members: Members<'_> = response
        .and_then(|response| serde_json::from_slice(response).ok())
        .unwrap_or_default();
    let code = backend_failure_code(error);
    let message = quoted(error.message.as_str());
    let id = begun.id.as_deref().map(quoted);
    let own = [
        ("id", id),
        ("object", Some("\"response\"".to_owned())),
        ("status", Some("\"failed\"".to_owned())),
        ("error", Some(format!("{{\"code\":\"{code}\",\"message\":{message}}}"))),
    ];
    for (name, value) in own {
        if let Some(value) = value.and_then(|value| RawValue::from_string(value).ok()) {
            members.set(Cow::Borrowed(name), Cow::Owned(value));
        }
    }
    if members.contains("store")
        && let Ok(not_stored) = to_json(&false)
    {
        members.set(Cow::Borrowed("store"), not_stored);
    }
    if !members.contains("output")
        && let Ok(none) = RawValue::from_string("[]".to_owned())
    {
        members.push(Cow::Borrowed("output"), Cow::Owned(none));
    }
    let mut out = BytesMut::new();
    if let Ok(response) = to_json(&members) {
        let written = Writer { begun, out: &mut out }.event("response.failed", &[("response", response)]);
        debug_assert!(written.is_ok(), "a buffer in memory takes everything");
    }
    out
}

/// The event that shows that a response goes on which the backend began with the object `response`.
pub fn in_progress_event(response: &[u8], begun: &mut Begun) -> Option<BytesMut> {
    let mut members: Members<'_> = serde_json::from_slice(response).ok()?;
    if let Some(id) = &begun.id {
        members.set(Cow::Borrowed("id"), to_json(id).ok()?);
    }
    let mut out = BytesMut::new();
    let response = to_json(&members).ok()?;
    let mut writer = Writer { begun, out: &mut out };
    writer.event("response.in_progress", &[("response", response)]).ok()?;
    Some(out)
}
