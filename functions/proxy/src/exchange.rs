//! A completion from the request to its last byte, one call per step.
//!
//! A type is the permit for the next step: nothing is reserved without a [`Grant`], nothing is forwarded without a
//! [`Reservation`], and every reservation ends in [`settle`], however the exchange ends.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::models::RequestId;
use domain::models::catalog::Entry;
use domain::models::policy::Policy;
use http::request::Parts;
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::http::edge::Deadline;

use crate::deadlines::Times;
use crate::detached::Client;
use crate::grant::{ResolvedModel, Rights};
use crate::quota::admission::{self, Reservation};
use crate::quota::settlement;
use crate::request::{Ask, MessagesAsk};
use crate::upstream::Upstream;
use crate::{App, relay, upstream};

/// The right of a caller to use a model.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) caller: ApiCaller,
    pub(crate) policy: Arc<Policy>,
    pub(crate) entry: Arc<Entry>,
    /// Whether a default model answers, since the one that was asked for has no usable backend.
    pub(crate) is_fallback: bool,
}

impl Grant {
    /// What the answer calls the model that was asked for as `name`: what stands in says its own name.
    pub(crate) fn answers_as<'a>(&'a self, name: &'a str) -> &'a str {
        if self.is_fallback {
            self.entry.model.id.as_str()
        } else {
            name
        }
    }
}

/// What a request says besides its body.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub(crate) caller: ApiCaller,
    pub(crate) id: RequestId,
    /// When the invocation ends, if there is one.
    pub(crate) deadline: Option<Deadline>,
}

/// Answers `ask`, or says why not.
pub(crate) async fn run(app: &App, context: RequestContext, ask: Result<Ask<'_>, ApiError>, mut client: Client) {
    let times = Times::new(&app.limits, context.deadline, app.store.clock().now());
    match open(app, context, ask, &times, &mut client).await {
        Ok((upstream, reservation)) => relay::pass_on(app, upstream, reservation, &times, client).await,
        Err(error) => client.answer(Err(error)),
    }
}

/// Everything until a backend's answer has begun.
async fn open(
    app: &App,
    context: RequestContext,
    ask: Result<Ask<'_>, ApiError>,
    times: &Times,
    client: &mut Client,
) -> Result<(Upstream, Reservation), ApiError> {
    let mut ask = ask?;
    let grant = authorize(app, context.caller, ask.model()).await?;
    let reservation = admission::reserve(app, &grant, &mut ask, context.id).await?;
    match upstream::open(app, &reservation, &ask, times, client).await {
        Ok(upstream) => Ok((upstream, reservation)),
        Err(error) => {
            if client.has_left() {
                tracing::info!(request.id = %reservation.request_id, "the client left before its answer");
            }
            let rate_limits = reservation.rate_limits.clone();
            settlement::release(app, reservation, &error).await;
            Err(error.error.hints(rate_limits))
        }
    }
}

/// How many tokens a conversation has, about; asks for the same rights as the conversation itself (promise 19).
pub(crate) async fn count_tokens(app: &App, caller: ApiCaller, ask: &MessagesAsk<'_>) -> Result<u64, ApiError> {
    let grant = authorize(app, caller, ask.model()).await?;
    upstream::token_count::count(app, &grant, ask).await
}

async fn authorize(app: &App, caller: ApiCaller, name: &str) -> Result<Grant, ApiError> {
    let rights = Rights::of(app, caller).await?;
    let ResolvedModel { entry, is_fallback } = rights.resolve(app, name).await?;
    rights.check_hours(app)?;
    Ok(Grant {
        caller: rights.caller,
        policy: rights.policy,
        entry,
        is_fallback,
    })
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
