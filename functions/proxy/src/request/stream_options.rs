//! `stream_options.include_usage` of chat: without it most backends do not tell what a stream has used.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use service::http::ApiError;

use crate::patch::Splice;

#[derive(Default, Deserialize, Serialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What makes a body ask for usage that has these `stream_options`; `None` where it does.
pub(super) fn asking_for_usage(body: &str, options: Option<&RawValue>) -> Result<Option<Splice>, ApiError> {
    let Some(raw) = options else {
        // There are other members behind it: the model, if nothing else.
        let inside = body.find('{').map_or(0, |brace| brace + 1);
        return Ok(Some(Splice {
            at: inside..inside,
            with: Bytes::from_static(br#""stream_options":{"include_usage":true},"#),
        }));
    };
    let wrong = |error: serde_json::Error| ApiError::invalid("stream_options", error.to_string());
    let options: StreamOptions = serde_json::from_str::<Option<_>>(raw.get())
        .map_err(wrong)?
        .unwrap_or_default();
    if options.include_usage == Some(true) {
        return Ok(None);
    }
    let asking = StreamOptions {
        include_usage: Some(true),
        ..options
    };
    let start = raw.get().as_ptr().addr() - body.as_ptr().addr();
    let with = serde_json::to_vec(&asking).map_err(ApiError::internal)?.into();
    Ok(Some(Splice {
        at: start..start + raw.get().len(),
        with,
    }))
}
