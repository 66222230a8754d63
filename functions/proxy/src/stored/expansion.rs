//! The body of a request that says everything itself. Pure.

use bytes::Bytes;
use service::http::{ApiError, Code};

use super::record::{History, joined};
use crate::request::ResponsesRequest;

/// The body of `request` with all items as its input, and without the id of what it goes on from. It may not be longer
/// than what a client could send.
pub(super) fn expanded(
    request: &ResponsesRequest<'_>,
    history: &History,
    own: &str,
    most: usize,
) -> Result<Bytes, ApiError> {
    let body = request.with_input(&joined(history.items(), own))?;
    if body.len() > most {
        return Err(too_long(most).field("previous_response_id"));
    }
    Ok(body)
}

/// The error of a request that refers to more than it may hold itself.
pub(super) fn too_long(most: usize) -> ApiError {
    ApiError::new(
        Code::RequestTooLarge,
        format!("the conversation is longer than {most} bytes"),
    )
}
