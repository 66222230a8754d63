//! A backend's body as a whole, while it is not too long and does not stall.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

pub(crate) enum ReadError {
    TooLong,
    /// Nothing came for too long.
    Silent,
    Broken(reqwest::Error),
}

/// Reads all of `response`: `limit` bytes at most, and never waiting longer than `idle` for the next ones.
pub(crate) async fn read(mut response: reqwest::Response, limit: usize, idle: Duration) -> Result<Bytes, ReadError> {
    let mut body = Vec::with_capacity(response.content_length().map_or(0, |length| limit.min(usize::try_from(length).unwrap_or(limit))));
    while let Some(chunk) = timeout(idle, response.chunk()).await.map_err(|_| ReadError::Silent)?.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}
