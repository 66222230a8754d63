//! Admission: a caller's right to one request now, held until it is settled.

use std::time::Instant;

use jiff::Timestamp;
use shared::http::ApiError;
use shared::models::usage::Endpoint;
use shared::models::{RequestId, UsageId};

use crate::State;
use crate::ask::Ask;
use crate::exchange::Grant;

/// One admitted request. It is settled exactly once, by value.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// Under which it is settled, once.
    pub(crate) id: UsageId,
    pub(crate) request_id: RequestId,
    pub(crate) at: Timestamp,
    pub(crate) grant: Grant,
    pub(crate) endpoint: Endpoint,
    pub(crate) streamed: bool,
    /// Of the prompt, about, in tokens.
    pub(crate) input_estimate: u64,
    pub(crate) began: Instant,
}

/// Admits the request. Without a limiting policy there is nothing to count, and no call is made.
#[expect(clippy::unused_async, reason = "a limited caller is admitted by a conditional write to the store")]
pub(crate) async fn reserve(state: &State, grant: &Grant, ask: &Ask<'_>, request_id: RequestId) -> Result<Reservation, ApiError> {
    let at = state.store.clock().now();
    Ok(Reservation {
        id: UsageId::generate(at),
        request_id,
        at,
        grant: grant.clone(),
        endpoint: ask.endpoint(),
        streamed: ask.stream(),
        input_estimate: ask.input_estimate(),
        began: Instant::now(),
    })
}
