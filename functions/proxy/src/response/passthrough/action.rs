//! The fate of an event of a stream that is passed through.

use translators::sse::Event;

use crate::patch::{Patch, Span};

/// The fate of an event.
pub(super) enum Action {
    Pass,
    /// The event is passed on with the patches, which may remove it.
    Patch(Vec<Patch>),
    /// Neither the event nor what follows is passed on.
    Stop,
}

impl Action {
    /// The event is not passed on.
    pub(super) fn remove(event: &Event) -> Self {
        Self::Patch(vec![Patch::remove(Span::first(event.raw.len()))])
    }
}
