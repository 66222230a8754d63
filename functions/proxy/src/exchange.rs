//! A completion from the request to its last byte, one call per step.
//!
//! A type is the permit for the next step: nothing is reserved without a [`Grant`], no backend is called without a
//! [`Reservation`], and every reservation is settled, however the exchange ends.

use axum::extract::FromRequestParts;
use domain::models::RequestId;
use http::request::Parts;
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::edge::Deadline;

use crate::app::App;
use crate::deadlines::Deadlines;
use crate::downstream::Downstream;
use crate::grant::Grant;
use crate::opening;
use crate::quota::admission::{Reservation, reserve};
use crate::quota::settlement::{self, Undelivered};
use crate::relay::Relay;
use crate::request::{CompletionRequest, MessagesRequest};
use crate::upstream::failover::OpenResponse;
use crate::upstream::token_count;

/// What is known of a request besides its body.
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
        Ok((response, reservation)) => {
            let relay = Relay {
                store: &app.store,
                usage_writer: &app.usage_writer,
                limits: &app.limits,
                stop: app.exchanges.stop(),
            };
            relay.pass_on(response, reservation, &deadlines, downstream).await;
        }
        Err(error) => downstream.fail(error),
    }
}

/// All steps until a backend's response has begun.
async fn open<'a>(
    app: &'a App,
    context: RequestContext,
    request: Result<CompletionRequest<'_>, ApiError>,
    deadlines: &Deadlines,
    downstream: &mut Downstream,
) -> Result<(OpenResponse<'a>, Reservation), ApiError> {
    let mut request = request?;
    let grant = authorize(app, context.caller, request.model()).await?;
    let reservation = reserve(&app.store, app.limits.total, &grant, &mut request, context.id).await?;
    match opening::open(app, &reservation, &request, deadlines, downstream).await {
        Ok(response) => Ok((response, reservation)),
        Err(failed) => {
            let rate_limits = reservation.rate_limits.clone();
            let end = match (failed.client_left, downstream.has_begun()) {
                (true, _) => Undelivered::ClientLeft,
                (false, true) => Undelivered::Begun,
                (false, false) => Undelivered::Refused(failed.error.status(reservation.dialect())),
            };
            settlement::release(&app.store, &app.usage_writer, reservation, end, failed.backend).await;
            Err(failed.error.hints(rate_limits))
        }
    }
}

/// Approximate tokens of a conversation. Requires the same rights as the conversation itself (promise 19).
pub(crate) async fn count_tokens(app: &App, caller: ApiCaller, request: &MessagesRequest<'_>) -> Result<u64, ApiError> {
    let grant = authorize(app, caller, request.model()).await?;
    token_count::count(&app.upstream.balancer, &app.upstream.client, &grant, request).await
}

async fn authorize(app: &App, caller: ApiCaller, model: &str) -> Result<Grant, ApiError> {
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
