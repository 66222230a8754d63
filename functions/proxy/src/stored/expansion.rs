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
    let body = request.with_input(&joined(&history.items(), own))?;
    if body.len() > most {
        let message = format!("the conversation is longer than {most} bytes");
        return Err(ApiError::new(Code::RequestTooLarge, message).field("previous_response_id"));
    }
    Ok(body)
}
