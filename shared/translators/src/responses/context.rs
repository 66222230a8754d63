//! What the translation of a response needs of a Responses request.

use super::lifecycle::Lifecycle;
use super::tools::ClientTools;
use crate::context::ResponseContext;

/// Made with the backend's request, used for its response.
#[derive(Clone, Debug)]
pub struct ResponsesContext {
    /// What clients of all dialects need.
    pub response: ResponseContext,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) tools: ClientTools,
    /// Reasoning is shown as a summary, not as content (RA3).
    pub(crate) summarizes: bool,
    /// Reasoning has its `encrypted_content` (RA3).
    pub(crate) seals: bool,
    /// The answer is a summary that stands for the conversation (CO1).
    pub(crate) compacts: bool,
}
