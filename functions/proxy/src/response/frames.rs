//! The bytes of a stream that is passed through: slices of the chunks as they came, patched, or an error. Pure.

use bytes::Bytes;
use domain::models::RequestId;
use service::http::{ApiError, Dialect};
use translators::error::BackendError;

use crate::patch::{Patch, patched};

/// The first `complete` bytes of `before` bytes that were pending and of `chunk`: slices of the chunk where possible.
/// `first` is the first complete event, which may have begun in an earlier chunk.
pub(super) fn frames(chunk: Bytes, before: usize, complete: usize, first: Option<Bytes>) -> Vec<Bytes> {
    match first {
        None => Vec::new(),
        Some(_) if before == 0 => vec![chunk.slice(..complete)],
        Some(first) => {
            let rest = chunk.slice(first.len() - before..complete - before);
            if rest.is_empty() {
                vec![first]
            } else {
                vec![first, rest]
            }
        }
    }
}

/// The frames themselves where there is no patch; else all of them in one, with the patches.
pub(super) fn patched_frames(frames: Vec<Bytes>, patches: &[Patch]) -> Vec<Bytes> {
    if patches.is_empty() {
        return frames;
    }
    let text = patched(&frames.concat(), patches);
    if text.is_empty() { Vec::new() } else { vec![text] }
}

/// An error event within a stream of `dialect`: the backend's own object where it is one of that dialect (B6.6).
pub(super) fn error_event(error: &BackendError, dialect: Dialect, id: &RequestId) -> Bytes {
    let own = || ApiError::from(error.clone()).body(dialect, id);
    let data = match &error.object {
        Some((of, object)) if *of == dialect => object.to_string(),
        _ => own().to_string(),
    };
    match dialect {
        Dialect::Anthropic => format!("event: error\ndata: {data}\n\n"),
        Dialect::OpenAi | Dialect::Management => format!("data: {data}\n\n"),
    }
    .into()
}
