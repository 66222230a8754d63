//! Stored responses (ST): what a request goes on from, and what is kept of its response so that the next one can.
//!
//! ```text
//! request ──▶ references ──▶ shelf ──▶ expansion ──▶ a request that says everything itself
//!                              ▲
//! response ──▶ storing ────────┘
//! ```
//!
//! Behind a [`StoredTurn`] nobody knows that anything is stored: the backend gets what a client would send that sends
//! all of its conversation.

mod expansion;
mod listing;
mod record;
mod references;
mod shelf;
mod storing;

use std::sync::Arc;

use bytes::Bytes;
use service::http::{ApiError, Code};
use translators::responses::lifecycle::Lifecycle;

use crate::app::App;
use crate::grant::Grant;
use crate::quota::admission::check;
use crate::request::ResponsesRequest;
use crate::seals::OwnersSeals;
use expansion::expanded;
pub(crate) use listing::Listing;
use record::History;
pub(crate) use record::Record;
use references::References;
pub(crate) use shelf::Shelf;
pub(crate) use storing::{Storing, kept};

/// A request that refers to nothing any more.
pub(crate) struct StoredTurn {
    lifecycle: Lifecycle,
    /// The request with all that it refers to, if that is anything.
    body: Option<Bytes>,
    /// `None` if the response is not to be stored.
    storing: Option<Storing>,
}

/// The error of what needs stored responses while there are no keys to open them.
pub(crate) fn unreadable() -> ApiError {
    ApiError::new(
        Code::DependencyUnavailable,
        "stored responses cannot be read at the moment",
    )
}

impl StoredTurn {
    /// Reads what `request` refers to, and settles whether its response is to be stored (ST1). Nothing is read for who
    /// may not use the model, or has no request left.
    pub(crate) async fn begin(app: &App, grant: &Grant, request: &ResponsesRequest<'_>) -> Result<Self, ApiError> {
        let seals = app.seals(&grant.caller.user.id).await;
        let references = References::read(request.body())?;
        let settings = app.store.settings().await?;
        let is_stored = settings.responses_store.stores(request.store()?) && seals.is_some();
        let lifecycle = sealed(request.lifecycle().clone(), seals.as_ref())
            .stored(is_stored)
            .following(references.previous());
        if references.is_empty() && !lifecycle.is_stored() {
            return Ok(Self {
                lifecycle,
                body: None,
                storing: None,
            });
        }
        let most = app.limits.max_body_bytes;
        let shelf = Shelf::new(app, seals.ok_or_else(unreadable)?);
        let history = if references.is_empty() {
            History::default()
        } else {
            check(&app.store, grant).await?;
            shelf.history(&references).await?
        };
        let own = references.resolved(&history, most)?;
        let body = (!references.is_empty()).then(|| expanded(request, &history, &own, most));
        let storing = lifecycle.is_stored().then(|| {
            let (id, days) = (lifecycle.id(), settings.responses_retention_days);
            let before = history.continued_with(own, request.body().asks_for_a_summary());
            Storing::new(shelf, id, before, days)
        });
        Ok(Self {
            body: body.transpose()?,
            lifecycle,
            storing,
        })
    }

    /// The request with all that it refers to.
    pub(crate) fn complete<'a>(&'a self, request: ResponsesRequest<'a>) -> Result<ResponsesRequest<'a>, ApiError> {
        let lifecycle = self.lifecycle.clone();
        match &self.body {
            Some(body) => Ok(request.said_by(ResponsesRequest::read(body, lifecycle)?)),
            None => Ok(request.answered_by(lifecycle)),
        }
    }

    /// The body that says everything itself, if the request's own does not.
    pub(crate) fn into_body(self) -> Option<Bytes> {
        self.body
    }

    /// The storing of its response, if it is to be stored.
    pub(crate) fn take_storing(&mut self) -> Option<Storing> {
        self.storing.take()
    }
}

/// The response to a client for whom `seals` seal, if there are any.
fn sealed(lifecycle: Lifecycle, seals: Option<&Arc<OwnersSeals>>) -> Lifecycle {
    match seals {
        Some(seals) => lifecycle.sealed_by(Arc::clone(seals)),
        None => lifecycle,
    }
}
