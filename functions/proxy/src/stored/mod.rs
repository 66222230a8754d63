//! Stored responses (ST): what a request goes on from, and what is kept of its response so that the next one can.
//!
//! ```text
//! request ──▶ references ──▶ shelf ──▶ expansion ──▶ a request that says everything itself
//!                              ▲
//! response ──▶ storing ────────┘
//! ```
//!
//! Behind [`begin`] nobody knows that anything is stored: the backend gets what a client would send that sends all of
//! its conversation.

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
use crate::request::ResponsesRequest;
use crate::seals::OwnersSeals;
use expansion::expanded;
pub(crate) use listing::Listing;
use record::Continuation;
pub(crate) use record::Record;
use references::References;
pub(crate) use shelf::Shelf;
pub(crate) use storing::Storing;

/// A request together with what was stored before it.
pub(crate) struct Turn {
    pub(crate) lifecycle: Lifecycle,
    /// The request with all that it refers to, if that is anything.
    pub(crate) body: Option<Bytes>,
    /// `None` if the response is not to be stored.
    pub(crate) storing: Option<Storing>,
}

/// The error of what needs stored responses while there are no keys to open them.
pub(crate) fn unreadable() -> ApiError {
    ApiError::new(
        Code::DependencyUnavailable,
        "stored responses cannot be read at the moment",
    )
}

/// Reads what `request` refers to, and settles whether its response is to be stored (ST1).
pub(crate) async fn begin(
    app: &App,
    seals: Option<Arc<OwnersSeals>>,
    request: &ResponsesRequest<'_>,
) -> Result<Turn, ApiError> {
    let references = References::read(request.body())?;
    let settings = app.store.settings().await?;
    let is_wanted = settings.responses_store.stores(request.store()?);
    let lifecycle = request.lifecycle().clone();
    let lifecycle = lifecycle
        .stored(is_wanted && seals.is_some())
        .following(references.previous());
    if references.is_empty() && !lifecycle.is_stored() {
        return Ok(Turn {
            lifecycle,
            body: None,
            storing: None,
        });
    }
    let seals = seals.ok_or_else(unreadable)?;
    let most = app.limits.max_body_bytes;
    let shelf = Shelf::new(app, seals);
    let history = shelf.history(&references).await?;
    let own = references.resolved(&history, most)?;
    let body = (!references.is_empty()).then(|| expanded(request, &history, &own, most));
    let storing = lifecycle.is_stored().then(|| {
        let (id, days) = (lifecycle.id(), settings.responses_retention_days);
        let before = if references.asks_for_a_summary() {
            Continuation::default()
        } else {
            history.continued_with(own)
        };
        Storing::new(shelf, id, before, days)
    });
    Ok(Turn {
        body: body.transpose()?,
        lifecycle,
        storing,
    })
}
