//! The requested model and its client, as far as a translation needs them.

use crate::error::Secrets;
use crate::sealed::ClientSealer;

/// The catalog's facts of the requested model, and who seals for its client.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    /// The name that the client used; the response repeats it.
    pub client_model: String,
    /// The backend's own name for the model.
    pub backend_model: String,
    /// `max_tokens` is lowered to this.
    pub max_output_tokens: Option<u64>,
    /// The limit of an answer for which the client has set none.
    pub output_limit: Option<u64>,
    /// No count of tokens can be more (B7.4).
    pub context_window: Option<u64>,
    /// What must not leave with an error of the backend (HA1).
    pub secrets: Secrets,
    pub sealer: ClientSealer,
}
