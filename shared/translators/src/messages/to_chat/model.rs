//! The requested model, as far as a translation needs it.

/// The catalog's facts of the requested model.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    /// The name that the client used; the response repeats it.
    pub client_model: String,
    /// The backend's own name for the model.
    pub backend_model: String,
    /// `max_tokens` is lowered to this.
    pub max_output_tokens: Option<u64>,
}
