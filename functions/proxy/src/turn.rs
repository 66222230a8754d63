//! The earlier turns that a request brings with it: made ready once its caller may use the model, and before anything
//! is reserved for it.

use std::sync::Arc;

use service::http::ApiError;

use crate::app::App;
use crate::grant::Grant;
use crate::request::CompletionRequest;
use crate::seals::OwnersSeals;
use crate::stored::{StoredTurn, Storing};

pub(crate) enum Turn {
    /// The request says everything itself.
    Plain,
    /// A Messages client's turn, whose thinking is sealed where it is translated (K1).
    Sealed(Arc<OwnersSeals>),
    Stored(Box<StoredTurn>),
}

impl Turn {
    pub(crate) async fn begin(app: &App, grant: &Grant, request: &CompletionRequest<'_>) -> Result<Self, ApiError> {
        Ok(match request {
            CompletionRequest::Responses(request) => {
                Self::Stored(Box::new(StoredTurn::begin(app, grant, request).await?))
            }
            CompletionRequest::Messages(_) if is_translated(grant) => {
                let seals = app.seals(&grant.caller.user.id).await;
                seals.map_or(Self::Plain, Self::Sealed)
            }
            CompletionRequest::Messages(_) | CompletionRequest::Chat(_) | CompletionRequest::Direct(_) => Self::Plain,
        })
    }

    /// The request with all that it brings.
    pub(crate) fn complete<'a>(&'a self, request: CompletionRequest<'a>) -> Result<CompletionRequest<'a>, ApiError> {
        Ok(match (request, self) {
            (CompletionRequest::Responses(request), Self::Stored(turn)) => {
                CompletionRequest::Responses(Box::new(turn.complete(*request)?))
            }
            (CompletionRequest::Messages(request), Self::Sealed(seals)) => {
                CompletionRequest::Messages(Box::new(request.sealed_by(Arc::clone(seals))))
            }
            (request, _) => request,
        })
    }

    /// The storing of the response, if it is to be stored.
    pub(crate) fn take_storing(&mut self) -> Option<Storing> {
        match self {
            Self::Stored(turn) => turn.take_storing(),
            Self::Plain | Self::Sealed(_) => None,
        }
    }
}

/// True if a backend may get a Messages request in another dialect.
fn is_translated(grant: &Grant) -> bool {
    grant.backends().any(|backend| !backend.protocol.is_messages())
}
