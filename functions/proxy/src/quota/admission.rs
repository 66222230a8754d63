//! Admission: a caller's right to one request now, held until it is settled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::access::quota::{self, AdmissionRequest, Demand, Meter, Refusal, RequestFacts, StoredReservation};
use domain::models::policy::Mode;
use domain::models::usage::Endpoint;
use domain::models::{RequestId, UsageId};
use http::HeaderMap;
use jiff::Timestamp;
use service::http::{ApiError, Code, Dialect, rate_limits, refusal};
use service::store::{Admission, StoreError};

use super::demand;
use crate::App;
use crate::exchange::Grant;
use crate::request::Ask;

/// How long after the last moment of a request its reservation expires (promise 45).
const EXPIRY_MARGIN: Duration = Duration::from_mins(1);

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
    /// What the caller's meter holds for it; nothing for a caller without limits.
    pub(crate) stored: Option<StoredReservation>,
    /// What is left of the caller's limits, in the headers of the dialect.
    pub(crate) rate_limits: HeaderMap,
}

impl Reservation {
    pub(crate) fn dialect(&self) -> Dialect {
        match self.endpoint {
            Endpoint::ChatCompletions => Dialect::OpenAi,
            Endpoint::Messages => Dialect::Anthropic,
        }
    }

    /// What the meter keeps for the record, whoever settles it.
    fn facts(&self, kept_days: Option<u32>) -> RequestFacts {
        let caller = &self.grant.caller;
        RequestFacts {
            at: self.at.as_millisecond(),
            request_id: self.request_id.clone(),
            key: caller.key.id.clone(),
            department: caller.user.department.clone(),
            model: self.grant.entry.model.id.clone(),
            endpoint: self.endpoint,
            client: caller.client,
            streamed: self.streamed,
            kept_days,
        }
    }
}

/// Admits the request. Under a policy that limits nothing there is nothing to count, and no call is made. One that
/// limits tokens limits the answer too, if the client has not (promise 43).
pub(crate) async fn reserve(
    app: &App,
    grant: &Grant,
    ask: &mut Ask<'_>,
    request_id: RequestId,
) -> Result<Reservation, ApiError> {
    let at = app.store.clock().now();
    let mut reservation = Reservation {
        id: UsageId::generate(at),
        request_id,
        at,
        grant: grant.clone(),
        endpoint: ask.endpoint(),
        streamed: ask.stream(),
        input_estimate: ask.input_estimate(),
        began: Instant::now(),
        stored: None,
        rate_limits: HeaderMap::new(),
    };
    if !grant.policy.counts_nothing() {
        let demand = demand(grant, ask);
        let (stored, meter) = stored(app, &reservation, demand).await?;
        if grant.policy.mode == Mode::Enforce {
            reservation.rate_limits = rate_limits::headers(
                &quota::limit_usage(&meter, &grant.policy, at),
                reservation.dialect(),
                at,
            );
        }
        reservation.stored = Some(stored);
    }
    Ok(reservation)
}

fn demand(grant: &Grant, ask: &mut Ask<'_>) -> Demand {
    if !grant.policy.counts_tokens() {
        return Demand::default();
    }
    let (demand, cap) = demand::of(ask, &grant.entry);
    if let Some(tokens) = cap {
        ask.limit_output(tokens);
    }
    demand
}

/// Counts the request in the caller's meter, or says which limit is in the way.
async fn stored(
    app: &App,
    reservation: &Reservation,
    demand: Demand,
) -> Result<(StoredReservation, Arc<Meter>), ApiError> {
    let (policy, user, now) = (
        &reservation.grant.policy,
        &reservation.grant.caller.user.id,
        reservation.at,
    );
    let expires_at = now
        .checked_add(app.limits.total + EXPIRY_MARGIN)
        .unwrap_or(now)
        .as_second();
    let facts = reservation.facts(app.store.settings().await?.kept_days());
    let request = AdmissionRequest {
        policy,
        demand,
        facts: &facts,
        now,
        expires_at,
    };
    match Box::pin(app.store.admit(user, &reservation.id, &request)).await {
        Ok(Admission::Admitted {
            reservation: stored,
            meter,
        }) => {
            if let Some(Refusal { usage, .. }) = (policy.mode == Mode::Shadow)
                .then(|| quota::overrun(&meter, policy, now))
                .flatten()
            {
                let limit = usage.limit.field();
                tracing::info!(policy = %policy.name, user.id = %user, limit, usage.used, "over a limit; served in shadow mode");
            }
            Ok((stored, meter))
        }
        Ok(Admission::Refused(refusal)) => {
            let told = rate_limits::headers(&[refusal.usage], reservation.dialect(), now);
            Err(refusal::over_limit(policy, &refusal, now).hints(told))
        }
        // Too many were faster: nothing is admitted without its step (docs/api.md §9).
        Err(error @ StoreError::Conflict) => Err(ApiError::new(
            Code::DependencyUnavailable,
            "the caller's limits cannot be judged at the moment",
        )
        .source(error)),
        Err(error) => Err(error.into()),
    }
}
