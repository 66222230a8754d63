//! What a translation comes to: a request for a backend, a whole response for a client.

use crate::context::ResponseContext;
use crate::stream::Repairs;
use crate::usage::Usage;

/// A request, ready to be sent, and what the translation of its response will need.
#[derive(Clone, Debug)]
pub struct TranslatedRequest<C = ResponseContext> {
    pub body: Vec<u8>,
    pub stream: bool,
    /// Names of fields that the backend does not get, for `x-translation-warnings` (P2).
    pub warnings: Vec<String>,
    pub context: C,
}

impl<C> TranslatedRequest<C> {
    /// The same request with another context.
    pub fn map_context<D>(self, change: impl FnOnce(C) -> D) -> TranslatedRequest<D> {
        TranslatedRequest {
            body: self.body,
            stream: self.stream,
            warnings: self.warnings,
            context: change(self.context),
        }
    }
}

/// The body for the client, and what usage records and logs need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedResponse {
    pub body: Vec<u8>,
    pub usage: Usage,
    /// Some of the usage is not the backend's own.
    pub usage_is_estimated: bool,
    /// The backend's id of the response, for the log and `x-upstream-id`.
    pub upstream_id: Option<String>,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
    pub repairs: Repairs,
}
