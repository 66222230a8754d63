//! What is known of a response that is passed through before it comes.

use translators::error::ErrorContext;

use crate::response::model_name::ModelName;

/// What is known of a response that is passed through before it comes.
#[derive(Clone, Debug)]
pub(crate) struct PassthroughContext {
    pub(crate) model_name: ModelName,
    /// True if the client has not asked for the usage at the end of a stream, but the gateway has.
    pub(crate) hides_usage: bool,
    /// True if several choices are generated side by side: the end of one is not that of the response.
    pub(crate) has_several_choices: bool,
    pub(crate) errors: ErrorContext,
    /// The most tokens that a count can mean (B7.4).
    pub(crate) context_window: Option<u64>,
}

impl PassthroughContext {
    /// For the model that the client knows as `name`.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            model_name: ModelName::new(name),
            hides_usage: false,
            has_several_choices: false,
            errors: ErrorContext::default(),
            context_window: None,
        }
    }
}
