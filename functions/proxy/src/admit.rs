//! Admission: a caller's right to one request now, held until it is settled.

use std::time::Instant;

use shared::http::ApiError;
use shared::models::RequestId;

use crate::State;
use crate::exchange::Grant;

/// One admitted request. It is settled exactly once, by value.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) id: RequestId,
    pub(crate) grant: Grant,
    pub(crate) began: Instant,
}

/// Admits the request. Without a limiting policy there is nothing to count, and no call is made.
#[expect(clippy::unused_async, reason = "a limited caller is admitted by a conditional write to the store")]
pub(crate) async fn reserve(_: &State, grant: &Grant, id: RequestId) -> Result<Reservation, ApiError> {
    Ok(Reservation { id, grant: grant.clone(), began: Instant::now() })
}
