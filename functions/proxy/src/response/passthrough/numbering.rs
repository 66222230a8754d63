//! The numbers and the id of a Responses stream that is passed on: the backend's, until the gateway has written an
//! event of its own (N8).

use bytes::Bytes;
use translators::error::BackendError;
use translators::json::{Lenient, Raw, ordinal};
use translators::lenient_object;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::reshape::{Begun, failed_event, in_progress_event};

use crate::patch::{Patch, Span, patched};
use crate::response::model_name::ModelName;

/// Comments between two events that show life (RS6): with fifteen seconds of silence for each, a minute.
const COMMENTS_PER_EVENT: u32 = 3;

/// The state of the client's stream: what it has of the response, and what it needs at the end.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    lifecycle: Option<Lifecycle>,
    begun: Begun,
    /// The events get numbers of ours, since some were written here.
    renumbers: bool,
    /// The object that the backend began with.
    response: Option<Bytes>,
    /// The backend has told its failure itself.
    has_failed: bool,
    /// Signs of life since the last event.
    silent_signs: u32,
}

lenient_object! {
    Named {
        model: Raw<'a> = b"model",
    }
}

impl Numbering {
    pub(super) fn of(lifecycle: Lifecycle) -> Self {
        Self {
            lifecycle: Some(lifecycle),
            ..Self::default()
        }
    }

    /// The id of the response, if its client knows it by one of ours.
    pub(super) fn id(&self) -> Option<&str> {
        self.begun.id.as_deref()
    }

    /// Notes the object that the backend began with.
    pub(super) fn begin(&mut self, response: impl FnOnce() -> Option<Bytes>) {
        if self.response.is_none() {
            self.response = response();
        }
    }

    /// Notes that an event has come.
    pub(super) fn end_silence(&mut self) {
        self.silent_signs = 0;
    }

    /// Notes that the backend has told its failure itself.
    pub(super) fn has_told_failure(&mut self) {
        self.has_failed = true;
    }

    /// The part of the response that the client has.
    pub(super) fn begun(&mut self) -> &mut Begun {
        &mut self.begun
    }

    /// Goes on with a response whose beginning the client has already, under an id of ours.
    pub(super) fn continue_begun(&mut self) {
        if let Some(lifecycle) = &self.lifecycle {
            self.begun = Begun {
                id: Some(lifecycle.id()),
                next: lifecycle.early_events(),
            };
            self.renumbers = true;
        }
    }

    /// Once a minute of silence an event: comments do not reset the clock by which Codex gives up (RS6).
    pub(super) fn sign_of_life(&mut self, model: &ModelName) -> Option<Bytes> {
        let response = self.response.as_ref()?;
        self.silent_signs += 1;
        if !self.silent_signs.is_multiple_of(COMMENTS_PER_EVENT + 1) {
            return None;
        }
        let event = in_progress_event(&named(response, model), &mut self.begun)?;
        self.renumbers = true;
        Some(event.freeze())
    }

    /// The event that ends the response, unless the backend has told it.
    pub(super) fn failed(&mut self, model: &ModelName, error: &BackendError) -> Option<Bytes> {
        if self.has_failed {
            return None;
        }
        let named = self.response.as_ref().map(|response| named(response, model));
        Some(failed_event(named.as_deref(), &mut self.begun, error).freeze())
    }

    /// The number of an event in the client's stream.
    pub(super) fn take(&mut self, said: Raw<'_>) -> u64 {
        let own = self.begun.next;
        let number = if self.renumbers {
            own
        } else {
            ordinal(said).unwrap_or(own)
        };
        self.begun.next = number + 1;
        number
    }

    /// The patch that gives an event its number in the client's stream.
    pub(super) fn number(&mut self, said: Raw<'_>, text: &[u8]) -> Option<Patch> {
        let number = self.take(said);
        let span = span(said, text).filter(|_| ordinal(said) != Some(number))?;
        self.renumbers.then(|| Patch::replace(span, number.to_string()))
    }
}

pub(super) fn span(json: Raw<'_>, text: &[u8]) -> Option<Span> {
    Span::of(json?.get().as_bytes(), text).ok()
}

/// The response with the client's name of the model.
fn named(response: &Bytes, model: &ModelName) -> Bytes {
    let text = String::from_utf8_lossy(response);
    let Ok(Lenient(Some(members))) = serde_json::from_str::<Lenient<Named<'_>>>(&text) else {
        return response.clone();
    };
    let place = span(members.model, text.as_bytes());
    match place.and_then(|place| model.patch_at(text.as_bytes(), place)) {
        Some(patch) => patched(text.as_bytes(), &[patch]),
        None => response.clone(),
    }
}
