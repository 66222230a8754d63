//! A request to a model from its first byte to the last of its response, one call per step.
//!
//! A type is the permit for the next step: nothing is reserved without a [`Grant`], no backend is called without a
//! [`Reservation`], and every reservation is settled, however the exchange ends.

use axum::extract::FromRequestParts;
use domain::models::RequestId;
use domain::models::usage::Endpoint;
use http::request::Parts;
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::edge::Deadline;

use crate::app::App;
use crate::deadlines::Deadlines;
use crate::downstream::Downstream;
use crate::grant::Grant;
use crate::opening;
use crate::quota::admission::{Reservation, pass_rate, reserve};
use crate::quota::refusals::Refusals;
use crate::quota::settlement::{self, Undelivered};
use crate::relay::Relay;
use crate::request::{CompletionRequest, MessagesRequest, ResponsesRequest};
use crate::stored::{StoredTurn, Storing};
use crate::turn::Turn;
use crate::upstream::failover::OpenResponse;
use crate::upstream::token_count;

/// The facts of a request besides its body.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) caller: ApiCaller,
    pub(crate) id: RequestId,
    /// The end of the Lambda invocation, if there is one.
    pub(crate) deadline: Option<Deadline>,
}

/// Runs the exchange of `request`: responds, and settles.
pub(crate) async fn run(
    app: &App,
    context: RequestContext,
    request: Result<CompletionRequest<'_>, ApiError>,
    mut downstream: Downstream,
) {
    let deadlines = Deadlines::new(&app.limits, context.deadline, app.store.clock().now());
    match open(app, context, request, &deadlines, &mut downstream).await {
        Ok(Opened {
            response,
            reservation,
            storing,
        }) => {
            let relay = Relay {
                store: &app.store,
                usage_writer: &app.usage_writer,
                limits: &app.limits,
                stop: app.exchanges.stop(),
            };
            relay
                .pass_on(response, reservation, (&deadlines, storing), downstream)
                .await;
        }
        Err(error) => downstream.fail(error),
    }
}

/// An exchange whose response has begun.
struct Opened<'a> {
    response: OpenResponse<'a>,
    reservation: Reservation,
    /// `None` if the response is not to be stored.
    storing: Option<Storing>,
}

/// All steps until a backend's response has begun.
async fn open<'a>(
    app: &'a App,
    context: RequestContext,
    request: Result<CompletionRequest<'_>, ApiError>,
    deadlines: &Deadlines,
    downstream: &mut Downstream,
) -> Result<Opened<'a>, ApiError> {
    let refusals = Refusals::of(&app.usage_writer, &context.caller);
    let request = refusals.counted(None, request).await?;
    let granted = authorize(app, context.caller, (request.endpoint(), request.model())).await;
    let grant = refusals.counted(None, granted).await?;
    let begun = Turn::begin(app, &grant, &request).await;
    let mut turn = refusals.counted(Some(&grant), begun).await?;
    let storing = turn.take_storing();
    let mut request = refusals.counted(Some(&grant), turn.complete(request)).await?;
    let (writer, total) = (&app.usage_writer, app.limits.total);
    let reserved = reserve(&app.store, writer, total, &grant, &mut request, context.id).await;
    let mut reservation = refusals.counted(Some(&grant), reserved).await?;
    match opening::open(app, &reservation, &request, deadlines, downstream).await {
        Ok(response) => Ok(Opened {
            response,
            reservation,
            storing,
        }),
        Err(failed) => {
            reservation.calls = failed.calls;
            let rate_limits = reservation.rate_limits.clone();
            let end = match (failed.client_left, downstream.has_begun()) {
                (true, _) => Undelivered::ClientLeft,
                (false, true) => Undelivered::Begun,
                (false, false) => Undelivered::Refused(failed.error.status(reservation.dialect())),
            };
            let told = (failed.backend, failed.error.code());
            settlement::release(&app.store, writer, reservation, end, told).await;
            Err(failed.error.hints(rate_limits))
        }
    }
}

/// The stored responses that `request` refers to, for a caller who may use its model.
pub(crate) async fn stored_turn(
    app: &App,
    caller: &ApiCaller,
    request: Result<&ResponsesRequest<'_>, ApiError>,
) -> Result<StoredTurn, ApiError> {
    let refusals = Refusals::of(&app.usage_writer, caller);
    let request = refusals.counted(None, request).await?;
    let granted = authorize(app, caller.clone(), (Endpoint::Responses, request.model())).await;
    let grant = refusals.counted(None, granted).await?;
    let begun = StoredTurn::begin(app, &grant, request).await;
    refusals.counted(Some(&grant), begun).await
}

/// Approximate tokens of a conversation. Requires the same rights as the conversation itself (promise 19).
pub(crate) async fn count_tokens(
    app: &App,
    context: RequestContext,
    request: Result<MessagesRequest<'_>, ApiError>,
) -> Result<u64, ApiError> {
    let refusals = Refusals::of(&app.usage_writer, &context.caller);
    let request = refusals.counted(None, request).await?;
    let grant = count(app, &refusals, context, (Endpoint::Messages, request.model())).await?;
    token_count::count(&app.upstream.balancer, &app.upstream.client, &grant, &request).await
}

/// Approximate tokens of a Responses request, by its text. Requires the same rights as the request itself.
pub(crate) async fn count_input_tokens(
    app: &App,
    context: RequestContext,
    request: Result<ResponsesRequest<'_>, ApiError>,
) -> Result<u64, ApiError> {
    let refusals = Refusals::of(&app.usage_writer, &context.caller);
    let request = refusals.counted(None, request).await?;
    let grant = count(app, &refusals, context, (Endpoint::Responses, request.model())).await?;
    let begun = StoredTurn::begin(app, &grant, &request).await;
    let turn = refusals.counted(Some(&grant), begun).await?;
    let complete = turn.complete(request);
    Ok(refusals.counted(Some(&grant), complete).await?.input_estimate())
}

/// The right to count tokens for a model, which is counted in the rate of requests.
async fn count(
    app: &App,
    refusals: &Refusals<'_>,
    context: RequestContext,
    model: (Endpoint, &str),
) -> Result<Grant, ApiError> {
    let granted = authorize(app, context.caller, model).await;
    let grant = refusals.counted(None, granted).await?;
    let passed = pass_rate(&app.store, app.limits.total, &grant, model.0, context.id).await;
    refusals.counted(Some(&grant), passed).await?;
    Ok(grant)
}

async fn authorize(app: &App, caller: ApiCaller, model: (Endpoint, &str)) -> Result<Grant, ApiError> {
    let now = app.store.clock().now();
    let pool = &app.upstream.balancer.pool;
    Grant::new(&app.store, caller, model, |backend| pool.state(backend, now).usable).await
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = ApiCaller::from_request_parts(parts, state).await?;
        let id = parts.extensions.get().cloned().unwrap_or_else(RequestId::generate);
        Ok(Self {
            caller,
            id,
            deadline: parts.extensions.get().copied(),
        })
    }
}
