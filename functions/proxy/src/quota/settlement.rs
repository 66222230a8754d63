//! Settlement: what an admitted request came to, told once, however it ended.

use std::time::Duration;

use domain::access::quota::StoredReservation;
use domain::models::BackendId;
use domain::models::usage::{Outcome, Tokens, UsageRecord};
use http::StatusCode;
use service::http::trace::TraceContext;

use super::admission::Reservation;
use crate::App;
use crate::response::convert::Notes;
use crate::response::usage::Metered;
use crate::upstream::UpstreamError;

/// How long a settlement is tried: the time that an exchange leaves of its invocation (promise 49).
const TIMEOUT: Duration = Duration::from_secs(20);
/// Between two tries, each of which tries several times itself.
const PAUSE: Duration = Duration::from_millis(500);

/// What the books need to know of a request that has ended.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) backend: Option<BackendId>,
    pub(crate) status: StatusCode,
    pub(crate) outcome: Outcome,
    pub(crate) metered: Metered,
    /// From the request to the first byte of the answer.
    pub(crate) first_byte: Option<Duration>,
    pub(crate) notes: Notes,
}

/// Closes the books on a request that delivered something.
pub(crate) async fn settle(app: &App, reservation: Reservation, account: Account) {
    let record = reservation.record(&account);
    let trace = reservation.grant.caller.trace.as_ref().map(TraceContext::trace_id);
    log(&record, &account.notes, trace);
    enter(app, &reservation, record).await;
}

/// Enters the record in the books, with what was reserved or alone.
async fn enter(app: &App, reservation: &Reservation, record: UsageRecord) {
    match &reservation.stored {
        // Boxed, as the calls of the store are: what an exchange may have to do is not part of each one's size.
        Some(stored) => Box::pin(close(app, stored, &record)).await,
        None => app.usage.record(record).await,
    }
}

/// Settles a reservation; what cannot be settled in time is left to the janitor (docs/api.md §9).
async fn close(app: &App, stored: &StoredReservation, record: &UsageRecord) {
    let settling = async {
        while let Err(error) = app.store.settle(stored, record).await {
            tracing::warn!(request.id = %record.request_id, %error, "not settled yet");
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(TIMEOUT, settling).await.is_err() {
        tracing::error!(request.id = %record.request_id, user.id = %record.user, "left to the janitor");
    }
}

/// Closes the books on a request that delivered nothing (promise 42). Its line in the log is the edge's, which has the error.
pub(crate) async fn release(app: &App, reservation: Reservation, error: &UpstreamError) {
    let account = Account {
        backend: error.backend.clone(),
        status: error.error.status(reservation.dialect()),
        outcome: Outcome::Failed,
        metered: Metered::nothing(),
        first_byte: None,
        notes: Notes::default(),
    };
    enter(app, &reservation, reservation.record(&account)).await;
}

impl Reservation {
    /// A guess never exceeds what was reserved (promise 44); what a backend reports is the truth.
    fn not_beyond_reserved(&self, tokens: Tokens, metered: Metered) -> Tokens {
        match &self.stored {
            Some(stored) if metered.is_estimated() && self.grant.policy.counts_tokens() => Tokens {
                input: tokens.input.min(stored.input_tokens),
                output: tokens.output.min(stored.output_tokens),
                ..tokens
            }
            .bounded(),
            Some(_) | None => tokens,
        }
    }

    /// What the books have of the request.
    fn record(&self, account: &Account) -> UsageRecord {
        let (caller, model) = (&self.grant.caller, &self.grant.entry.model);
        let usage = account.metered.usage(self.input_estimate);
        let tokens = Tokens {
            input: usage.input,
            cached_input: usage.cached_input,
            output: usage.output,
            reasoning: usage.reasoning.unwrap_or_default(),
        };
        let tokens = self.not_beyond_reserved(tokens.bounded(), account.metered);
        UsageRecord {
            id: self.id.clone(),
            request_id: self.request_id.clone(),
            at: self.at,
            user: caller.user.id.clone(),
            key: caller.key.id.clone(),
            department: caller.user.department.clone(),
            model: model.id.clone(),
            backend: account.backend.clone(),
            endpoint: self.endpoint,
            client: caller.client,
            streamed: self.streamed,
            status: account.status.as_u16(),
            outcome: account.outcome,
            tokens,
            estimated: account.metered.is_estimated(),
            cost: model.prices().cost(tokens),
            duration_ms: millis(self.began.elapsed()),
            first_byte_ms: account.first_byte.map(millis),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn log(record: &UsageRecord, notes: &Notes, trace: Option<&str>) {
    tracing::info!(
        request.id = %record.request_id,
        trace.id = trace,
        key.id = %record.key,
        user.id = %record.user,
        model = %record.model,
        backend = record.backend.as_ref().map(BackendId::as_str),
        tokens.input = record.tokens.input,
        tokens.output = record.tokens.output,
        cost_usd = record.cost.usd(),
        status = record.status,
        duration_ms = record.duration_ms,
        first_byte_ms = record.first_byte_ms,
        outcome = ?record.outcome,
        upstream.id = notes.upstream_id,
        nameless_calls = notes.nameless_calls,
        "exchange"
    );
}
