//! Settlement: what an admitted request came to, told once, however it ended.

use std::time::Duration;

use http::StatusCode;
use shared::http::trace::TraceContext;
use shared::http::{ApiError, Dialect};
use shared::models::BackendId;
use shared::models::usage::{Endpoint, Outcome, Tokens, UsageRecord};

use crate::State;
use crate::admit::Reservation;
use crate::answer::Notes;
use crate::metered::Metered;

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
pub(crate) async fn settle(state: &State, reservation: Reservation, account: Account) {
    let record = reservation.record(&account);
    let trace = reservation.grant.caller.trace.as_ref().map(TraceContext::trace_id);
    log(&record, &account.notes, trace);
    state.usage.record(record).await;
}

/// Closes the books on a request that delivered nothing (promise 42). Its line in the log is the edge's, which has the error.
pub(crate) async fn release(state: &State, reservation: Reservation, error: &ApiError) {
    let account = Account {
        backend: None,
        status: error.status(reservation.dialect()),
        outcome: Outcome::Failed,
        metered: Metered::nothing(),
        first_byte: None,
        notes: Notes::default(),
    };
    state.usage.record(reservation.record(&account)).await;
}

impl Reservation {
    fn dialect(&self) -> Dialect {
        match self.endpoint {
            Endpoint::ChatCompletions => Dialect::OpenAi,
            Endpoint::Messages => Dialect::Anthropic,
        }
    }

    /// What the books have of the request.
    fn record(&self, account: &Account) -> UsageRecord {
        let (caller, model) = (&self.grant.caller, &self.grant.offer.model);
        let usage = account.metered.usage(self.input_estimate);
        let tokens = Tokens {
            input: usage.input,
            cached_input: usage.cached_input,
            output: usage.output,
            reasoning: usage.reasoning.unwrap_or_default(),
        };
        let tokens = tokens.bounded();
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
