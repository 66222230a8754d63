//! Settlement: what an admitted request came to, told once, however it ended.

use shared::http::ApiError;
use shared::translators::usage::Usage;

use crate::admit::Reservation;
use crate::answer::Notes;

/// How an exchange that delivered something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    /// The backend broke off, stalled or talked nonsense.
    CutShort,
    /// The client left.
    ClientGone,
    /// The process is shutting down, or time is up.
    Stopped,
}

/// What the books need to know of an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) usage: Option<Usage>,
    pub(crate) ending: Ending,
    pub(crate) notes: Notes,
}

/// Closes the books on a request that delivered a byte of `backend`.
pub(crate) fn settle(reservation: Reservation, backend: &str, outcome: Outcome) {
    let Reservation { id, grant, began } = reservation;
    let usage = outcome.usage.unwrap_or_default();
    tracing::info!(
        request.id = %id,
        key.id = %grant.caller.key.id,
        user.id = %grant.caller.user.id,
        model = %grant.offer.model.id,
        backend,
        tokens.input = usage.input,
        tokens.output = usage.output,
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        outcome = ?outcome.ending,
        upstream.id = outcome.notes.upstream_id,
        nameless_calls = outcome.notes.nameless_calls,
        "exchange"
    );
}

/// Closes the books on a request that delivered nothing.
pub(crate) fn release(reservation: Reservation, error: &ApiError) {
    let Reservation { id, grant, .. } = reservation;
    tracing::debug!(request.id = %id, model = %grant.offer.model.id, code = ?error.code(), "released");
}
