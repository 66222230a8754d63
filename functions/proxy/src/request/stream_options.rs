//! `stream_options.include_usage` of chat: without it most backends do not report the usage of a stream.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::http::ApiError;

use super::body::RequestBody;
use crate::patch::Patch;

#[derive(Default, Deserialize, Serialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The patch that makes `body` request usage; `None` if it does already.
pub(super) fn include_usage(body: &RequestBody<'_>) -> Result<Option<Patch>, ApiError> {
    let Some(raw) = body.value("stream_options") else {
        // The comma is right: at least the model follows.
        let start = body.start();
        let member = Bytes::from_static(br#""stream_options":{"include_usage":true},"#);
        return Ok(Some(Patch::insert(start, member)));
    };
    let invalid = |error: serde_json::Error| ApiError::invalid("stream_options", error.to_string());
    let options: StreamOptions = serde_json::from_str::<Option<_>>(raw.get())
        .map_err(invalid)?
        .unwrap_or_default();
    if options.include_usage == Some(true) {
        return Ok(None);
    }
    let options = StreamOptions {
        include_usage: Some(true),
        ..options
    };
    let span = body.span(raw)?;
    let options = serde_json::to_vec(&options).map_err(ApiError::internal)?;
    Ok(Some(Patch::replace(span, options)))
}
