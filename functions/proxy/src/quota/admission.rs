//! Admission: the permit of a caller for one request now, held until it is settled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::access::quota::{self, AdmissionRequest, Demand, Limits, Meter, Refusal, StoredFacts, StoredReservation};
use domain::models::circumstances::BackendCall;
use domain::models::limit::Unit;
use domain::models::policy::Policy;
use domain::models::price::Tier;
use domain::models::settings::UnpricedModels;
use domain::models::shadow::Finding;
use domain::models::usage::{Endpoint, RequestFacts};
use domain::models::{RequestId, UsageId};
use http::HeaderMap;
use jiff::Timestamp;
use jiff::tz::Offset;
use service::http::{ApiError, Code, Dialect, budget, rate_limits, refusal};
use service::store::{Admission, Store, StoreError};

use super::demand;
use super::usage_writer::UsageWriter;
use super::warnings;
use crate::grant::Grant;
use crate::request::CompletionRequest;

/// Time between the last moment of a request and the expiry of its reservation (promise 45).
const EXPIRY_MARGIN: Duration = Duration::from_mins(1);

/// One admitted request. It is settled exactly once, by value.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// The key of its usage record.
    pub(crate) id: UsageId,
    pub(crate) request: RequestFacts,
    pub(crate) grant: Grant,
    /// The limits of the caller and its key.
    pub(crate) limits: Arc<Limits>,
    /// Approximate tokens of the prompt.
    pub(crate) input_estimate: u64,
    /// The tier of service that it asks for: prices may depend on it.
    pub(crate) asked_tier: Option<Tier>,
    pub(crate) began: Instant,
    /// The part that the caller's meter holds; `None` for a caller without limits.
    pub(crate) stored: Option<StoredReservation>,
    /// What is left of the caller's limits, in the headers of the dialect.
    pub(crate) rate_limits: HeaderMap,
    /// Calls of backends, unless the first one succeeded.
    pub(crate) calls: Vec<BackendCall>,
}

impl Reservation {
    fn new(grant: Grant, limits: Limits, request: RequestFacts, input_estimate: u64) -> Self {
        Self {
            id: UsageId::generate(request.at),
            request,
            grant,
            limits: Arc::new(limits),
            input_estimate,
            asked_tier: None,
            began: Instant::now(),
            stored: None,
            rate_limits: HeaderMap::new(),
            calls: Vec::new(),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.request.endpoint {
            Endpoint::ChatCompletions
            | Endpoint::Embeddings
            | Endpoint::Completions
            | Endpoint::Rerank
            | Endpoint::Responses => Dialect::OpenAi,
            Endpoint::Messages => Dialect::Anthropic,
        }
    }
}

/// Admits the request, which ends within `max_duration`. Without limits in the policy the store is not called. A policy
/// that limits tokens limits the response too, if the client has not (promise 43).
pub(crate) async fn reserve(
    store: &Store,
    tallies: &UsageWriter,
    max_duration: Duration,
    grant: &Grant,
    request: &mut CompletionRequest<'_>,
    request_id: RequestId,
) -> Result<Reservation, ApiError> {
    let at = store.clock().now();
    let facts = facts(grant, request.endpoint(), request.stream(), request_id, at);
    let limits = grant.limits();
    let mut reservation = Reservation::new(grant.clone(), limits, facts, request.input_estimate());
    reservation.asked_tier = demand::asked_tier(request, &grant.entry.model);
    let would_refuse_price = check_price(store, &reservation, request).await?;
    if !reservation.limits.is_empty() {
        let demand = demand(&reservation, request);
        let (stored, meter) = admit(store, &reservation, demand, max_duration).await?;
        let limits = Arc::clone(&reservation.limits);
        warnings::warn(store, grant, &limits, &meter, at).await;
        if limits.rules.iter().any(|rule| rule.is_enforced) {
            let mut usage = quota::limit_usage(&meter, &limits, at);
            usage.retain(|usage| usage.is_enforced);
            reservation.rate_limits = rate_limits::headers(&usage, reservation.dialect(), at);
            reservation.rate_limits.extend(budget::headers(&usage));
        }
        if let Some(Refusal { usage, .. }) = quota::overrun(&meter, &limits, at) {
            tallies.find(finding(&reservation, usage.name.to_string())).await;
        }
        reservation.stored = Some(stored);
    }
    if would_refuse_price {
        tallies.find(finding(&reservation, "unpriced_models".to_owned())).await;
    }
    if grant.is_outside_hours {
        tallies
            .find(finding(&reservation, "available_time_ranges".to_owned()))
            .await;
    }
    Ok(reservation)
}

/// The finding that the policy, which is in shadow mode, would have refused the request for its limit of this name.
fn finding(reservation: &Reservation, limit: String) -> Finding {
    let (policy, request) = (&reservation.grant.policy, &reservation.request);
    let user = &reservation.grant.caller.user;
    tracing::info!(policy = %policy.name, user.id = %user.id, limit, "over a limit; served in shadow mode");
    Finding {
        policy: policy.name.clone(),
        day: Offset::UTC.to_datetime(request.at).date(),
        limit,
        user: user.id.clone(),
        user_name: user.name.clone(),
        department: user.department.clone(),
        requests: 1,
        last_at: request.at,
    }
}

/// Counts a request that generates nothing in the caller's rate of requests, and in no other limit (HA13).
pub(crate) async fn pass_rate(
    store: &Store,
    max_duration: Duration,
    grant: &Grant,
    endpoint: Endpoint,
    request_id: RequestId,
) -> Result<(), ApiError> {
    let rates = grant.limits().rates_of_requests();
    if rates.is_empty() {
        return Ok(());
    }
    let facts = facts(grant, endpoint, false, request_id, store.clock().now());
    let reservation = Reservation::new(grant.clone(), rates, facts, 0);
    let (stored, _) = admit(store, &reservation, Demand::default(), max_duration).await?;
    store
        .withdraw(&stored, &reservation.request.user, &reservation.id)
        .await?;
    Ok(())
}

/// Refuses a caller who has no request left, and counts nothing: for work that comes before the reservation.
pub(crate) async fn check(store: &Store, grant: &Grant) -> Result<(), ApiError> {
    let limits = grant.limits();
    if limits.rules.iter().all(|rule| !rule.is_enforced) {
        return Ok(());
    }
    let Some(meter) = store.meter(&grant.caller.user.id).await? else {
        return Ok(());
    };
    let at = store.clock().now();
    match quota::judge(&meter, &limits, Demand::default(), at) {
        Some(refusal) => Err(refused(&grant.policy, &refusal, Dialect::OpenAi, at)),
        None => Ok(()),
    }
}

fn refused(policy: &Policy, refusal: &Refusal, dialect: Dialect, at: Timestamp) -> ApiError {
    if refusal.usage.is_of_many() {
        return refusal::over_limit(policy, refusal, at);
    }
    let headers = rate_limits::headers(std::slice::from_ref(&refusal.usage), dialect, at);
    refusal::over_limit(policy, refusal, at).hints(headers)
}

/// Refuses a model without a price under a limit of cost, which could not limit it (OP9), and one without a price for
/// the dearer tier that the client asks for. True if a policy in shadow mode would have.
async fn check_price(
    store: &Store,
    reservation: &Reservation,
    request: &CompletionRequest<'_>,
) -> Result<bool, ApiError> {
    let Reservation { grant, limits, .. } = reservation;
    let model = &grant.entry.model;
    if limits.measures().all(|measure| measure.unit() != Unit::Cost) {
        return Ok(false);
    }
    let at = reservation.request.at;
    // A tier that the model's entry asks for has the model's prices.
    let asked = request.service_tier().map(demand::price_tier);
    let untold = asked.filter(|tier| !model.is_priced_in(*tier, at));
    if untold.is_none() && model.is_priced_at(request.endpoint(), at) {
        return Ok(false);
    }
    if store.settings().await?.unpriced_models == UnpricedModels::Free {
        return Ok(false);
    }
    match limits.enforced_of_cost() {
        Some(level) => Err(refusal::unpriced(&grant.policy, level, &model.id, untold)),
        None => Ok(true),
    }
}

fn facts(grant: &Grant, endpoint: Endpoint, streamed: bool, request_id: RequestId, at: Timestamp) -> RequestFacts {
    let caller = &grant.caller;
    RequestFacts {
        request_id,
        at,
        user: caller.user.id.clone(),
        key: caller.key.id.clone(),
        department: caller.user.department.clone(),
        model: grant.entry.model.id.clone(),
        endpoint,
        client: caller.client,
        streamed,
    }
}

fn demand(reservation: &Reservation, request: &mut CompletionRequest<'_>) -> Demand {
    if !reservation.limits.counts_tokens() {
        return Demand::default();
    }
    let (entry, at) = (&reservation.grant.entry, reservation.request.at);
    let (demand, limit) = demand::of(request, entry, reservation.asked_tier, at);
    if let Some(tokens) = limit {
        request.limit_output(tokens);
    }
    demand
}

/// Counts the request in the caller's meter, or refuses it with the limit that is exceeded.
async fn admit(
    store: &Store,
    reservation: &Reservation,
    demand: Demand,
    max_duration: Duration,
) -> Result<(StoredReservation, Arc<Meter>), ApiError> {
    let grant = &reservation.grant;
    let (user, now) = (&reservation.request.user, reservation.request.at);
    let expires_at = now.checked_add(max_duration + EXPIRY_MARGIN).unwrap_or(now).as_second();
    let price = grant.entry.model.price_at(now).name();
    let facts = StoredFacts {
        price: price.map(Timestamp::as_second),
        ..StoredFacts::new(&reservation.request, store.settings().await?.kept_days())
    };
    let request = AdmissionRequest {
        limits: &reservation.limits,
        demand,
        facts: &facts,
        now,
        expires_at,
    };
    match Box::pin(store.admit(user, &reservation.id, &request)).await {
        Ok(Admission::Admitted {
            reservation: stored,
            meter,
        }) => Ok((stored, meter)),
        Ok(Admission::Refused { refusal, meter }) => {
            if let Some(meter) = meter {
                warnings::warn(store, grant, &reservation.limits, &meter, now).await;
            }
            Err(refused(&grant.policy, &refusal, reservation.dialect(), now))
        }
        // Other requests won each time: nothing is admitted without its update (docs/api.md §9).
        Err(error @ StoreError::Conflict) => Err(ApiError::new(
            Code::DependencyUnavailable,
            "the caller's limits cannot be judged at the moment",
        )
        .source(error)),
        Err(error) => Err(error.into()),
    }
}
