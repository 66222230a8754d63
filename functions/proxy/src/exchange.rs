//! A completion from the request to its last byte, one call per step.
//!
//! A type is the permit for the next step: nothing is reserved without a [`Grant`], nothing is forwarded without a
//! [`Reservation`], and every reservation ends in [`settle`], however the exchange ends.

use std::sync::Arc;

use axum::response::Response;
use shared::http::caller::ApiCaller;
use shared::http::{ApiError, Code};
use shared::models::RequestId;
use shared::models::catalog::Offer;

use crate::admit::{self, Reservation};
use crate::ask::{Ask, MessagesAsk};
use crate::{State, count, forward, relay, settle};

/// The right of a caller to use a model.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) caller: ApiCaller,
    pub(crate) offer: Arc<Offer>,
}

/// Answers `ask`, or says why not.
pub(crate) async fn run(state: &State, caller: ApiCaller, ask: Ask<'_>, id: RequestId) -> Result<Response, ApiError> {
    let grant = authorize(state, caller, ask.model()).await?;
    let reservation: Reservation = admit::reserve(state, &grant, id).await?;
    match forward::open(state, &grant, &ask).await {
        Ok(upstream) => Ok(relay::respond(state, upstream, reservation)),
        Err(error) => {
            settle::release(reservation, &error);
            Err(error)
        }
    }
}

/// How many tokens a conversation has, about; asks for the same rights as the conversation itself (promise 19).
pub(crate) async fn count_tokens(state: &State, caller: ApiCaller, ask: &MessagesAsk<'_>) -> Result<u64, ApiError> {
    let grant = authorize(state, caller, ask.model()).await?;
    count::count(state, &grant, ask).await
}

/// Unknown and forbidden models give the same answer (promise 19).
async fn authorize(state: &State, caller: ApiCaller, name: &str) -> Result<Grant, ApiError> {
    let catalog = state.store.catalog().await?;
    let offer = catalog.resolve(name).filter(|offer| caller.key.allows_model(offer.model.id.as_str()));
    match offer {
        Some(offer) => Ok(Grant { caller, offer: Arc::clone(offer) }),
        None => Err(ApiError::new(Code::ModelNotFound, format!("the model `{name}` does not exist or is not allowed")).field("model")),
    }
}
