//! A completion from the request to its last byte, one call per step.
//!
//! A type is the permit for the next step: nothing is reserved without a [`Grant`], nothing is forwarded without a
//! [`Reservation`], and every reservation ends in [`settle`], however the exchange ends.

use std::sync::Arc;

use axum::response::Response;
use shared::http::ApiError;
use shared::http::caller::ApiCaller;
use shared::models::RequestId;
use shared::models::catalog::Offer;
use shared::models::policy::Policy;

use crate::admit::{self, Reservation};
use crate::ask::{Ask, MessagesAsk};
use crate::rights::Rights;
use crate::{State, count, forward, relay, settle};

/// The right of a caller to use a model.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) caller: ApiCaller,
    #[expect(dead_code, reason = "admission is judged by it")]
    pub(crate) policy: Arc<Policy>,
    pub(crate) offer: Arc<Offer>,
}

/// Answers `ask`, or says why not.
pub(crate) async fn run(state: &State, caller: ApiCaller, ask: Ask<'_>, id: RequestId) -> Result<Response, ApiError> {
    let grant = authorize(state, caller, ask.model()).await?;
    let reservation: Reservation = admit::reserve(state, &grant, &ask, id).await?;
    match forward::open(state, &grant, &ask).await {
        Ok(upstream) => Ok(relay::respond(state, upstream, reservation).await),
        Err(error) => {
            settle::release(state, reservation, &error).await;
            Err(error)
        }
    }
}

/// How many tokens a conversation has, about; asks for the same rights as the conversation itself (promise 19).
pub(crate) async fn count_tokens(state: &State, caller: ApiCaller, ask: &MessagesAsk<'_>) -> Result<u64, ApiError> {
    let grant = authorize(state, caller, ask.model()).await?;
    count::count(state, &grant, ask).await
}

async fn authorize(state: &State, caller: ApiCaller, name: &str) -> Result<Grant, ApiError> {
    let rights = Rights::of(state, caller).await?;
    let offer = Arc::clone(rights.offer(name)?);
    rights.check_hours(state)?;
    Ok(Grant { caller: rights.caller, policy: rights.policy, offer })
}
