//! A backend's whole body, unless it is too long or stalls.

use std::time::Duration;

use bytes::Bytes;
use service::outbound::{CallError, ResponseBody};
use tokio::time::timeout;

pub(super) enum ReadError {
    TooLong,
    /// Nothing arrived for too long.
    Stalled,
    Disconnected(CallError),
}

/// Reads all of `body`: at most `limit` bytes, never waiting longer than `idle` for the next ones.
pub(super) async fn read(mut body: ResponseBody, limit: usize, idle: Duration) -> Result<Bytes, ReadError> {
    let declared = body
        .length()
        .map_or(0, |length| usize::try_from(length).unwrap_or(limit));
    let mut whole = Vec::new();
    while let Some(bytes) = next(&mut body, idle).await? {
        if whole.len() + bytes.len() > limit {
            return Err(ReadError::TooLong);
        }
        // Common case: the whole body arrived in one chunk; return it without copying.
        if whole.is_empty() && body.is_end() {
            return Ok(bytes);
        }
        whole.reserve(declared.min(limit).saturating_sub(whole.len()));
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.into())
}

async fn next(body: &mut ResponseBody, idle: Duration) -> Result<Option<Bytes>, ReadError> {
    timeout(idle, body.chunk())
        .await
        .map_err(|_| ReadError::Stalled)?
        .map_err(ReadError::Disconnected)
}
