//! A backend's body as a whole, while it is not too long and does not stall.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use service::outbound::{CallError, chunk};
use tokio::time::timeout;

pub(crate) enum ReadError {
    TooLong,
    /// Nothing came for too long.
    Silent,
    Broken(CallError),
}

/// Reads all of `body`: `limit` bytes at most, and never waiting longer than `idle` for the next ones.
pub(crate) async fn read(mut body: Incoming, limit: usize, idle: Duration) -> Result<Bytes, ReadError> {
    let declared = body
        .size_hint()
        .exact()
        .map_or(0, |length| usize::try_from(length).unwrap_or(limit));
    let mut whole = Vec::new();
    while let Some(bytes) = timeout(idle, chunk(&mut body))
        .await
        .map_err(|_| ReadError::Silent)?
        .map_err(ReadError::Broken)?
    {
        if whole.len() + bytes.len() > limit {
            return Err(ReadError::TooLong);
        }
        // The usual answer came whole with its head: then it is these bytes.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(bytes);
        }
        whole.reserve(declared.min(limit).saturating_sub(whole.len()));
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.into())
}
