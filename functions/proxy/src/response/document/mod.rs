//! A JSON response that is not read as a whole, such as a list of embeddings, or one that must be made anew. Pure.

mod passing;
mod ranks;
mod walk;

use bytes::Bytes;
use translators::error::{BackendError, ErrorContext};
use translators::stream::StreamEnd;

pub(crate) use self::passing::List;
use self::passing::Passing;
use self::ranks::Ranks;
pub(crate) use self::ranks::RanksWanted;
use super::model_name::ModelName;
use super::outcome::{FullResponse, StreamChunk, StreamEnding};

/// What is known of a document before it comes.
#[derive(Clone, Debug)]
pub(crate) struct DocumentContext {
    pub(crate) model_name: ModelName,
    pub(crate) form: DocumentForm,
    pub(crate) errors: ErrorContext,
}

/// What a backend sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentForm {
    /// What the client gets.
    Passing(List),
    /// TEI's ranks, of which a ranking is made (RR2).
    Ranks(RanksWanted),
}

/// A document on its way.
#[derive(Debug)]
pub(crate) enum Document {
    Passing(Box<Passing>),
    Ranks(Ranks),
}

impl Document {
    pub(crate) fn new(context: DocumentContext) -> Self {
        let DocumentContext {
            model_name,
            form,
            errors,
        } = context;
        match form {
            DocumentForm::Passing(list) => Self::Passing(Box::new(Passing::new(model_name, list, errors))),
            DocumentForm::Ranks(wanted) => Self::Ranks(Ranks::new(model_name, wanted, errors)),
        }
    }

    /// Takes the next piece, and gives what of it goes to the client.
    pub(crate) fn feed(&mut self, piece: &Bytes) -> StreamChunk {
        match self {
            Self::Passing(passing) => passing.feed(piece),
            Self::Ranks(ranks) => ranks.feed(piece),
        }
    }

    /// The response whose body is this.
    pub(super) fn whole(mut self, body: &Bytes) -> Result<FullResponse, BackendError> {
        let frames = self.feed(body).frames;
        self.into_full(frames)
    }

    /// The response that has come to its end in these frames.
    pub(crate) fn into_full(self, frames: Vec<Bytes>) -> Result<FullResponse, BackendError> {
        match self {
            Self::Passing(passing) => passing.into_full(frames),
            Self::Ranks(ranks) => ranks.into_full(),
        }
    }

    /// The document, unless what has come of it is none.
    pub(crate) fn checked(self) -> Result<Self, BackendError> {
        match self {
            Self::Passing(passing) if passing.is_wrong() => Err(BackendError::unreadable()),
            document => Ok(document),
        }
    }

    /// Ends a document whose beginning the client has.
    pub(super) fn finish(self, end: StreamEnd) -> StreamEnding {
        match self {
            Self::Passing(passing) => passing.finish(end),
            Self::Ranks(ranks) => ranks.finish(),
        }
    }
}
