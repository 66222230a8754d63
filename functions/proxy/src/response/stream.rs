//! A streamed response on its way from the backend's chunks to the client's frames. Pure.

use bytes::Bytes;
use domain::models::RequestId;
use translators::sse::Decoder;
use translators::stream::StreamEnd;

use super::document::Document;
use super::outcome::{StreamChunk, StreamEnding};
use super::passthrough::Passthrough;
use super::translation::Translation;

pub(crate) enum ResponseStream {
    /// The backend speaks the client's dialect: its bytes are the client's frames.
    Passthrough(Box<Passthrough>),
    Translation(Box<Translation>),
    /// No events, but a long JSON body.
    Document(Box<Document>),
}

impl ResponseStream {
    /// Converts the next chunk.
    pub(crate) fn feed(&mut self, decoder: &mut Decoder, chunk: Bytes) -> StreamChunk {
        match self {
            Self::Passthrough(passthrough) => passthrough.feed(decoder, chunk),
            Self::Translation(translation) => translation.feed(decoder, chunk),
            Self::Document(document) => document.feed(&chunk),
        }
    }

    /// Takes what the body has left at its end: its last event, or a whole response that came in place of a stream.
    /// Call it once the body has ended, and [`finish`](Self::finish) afterwards.
    pub(crate) fn close(&mut self, decoder: &mut Decoder) -> StreamChunk {
        match self {
            Self::Passthrough(passthrough) => passthrough.close(decoder),
            Self::Translation(translation) => translation.close(decoder),
            Self::Document(document) => document.feed(&Bytes::new()),
        }
    }

    /// True once the backend has sent an event that a response begins with.
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Passthrough(passthrough) => passthrough.has_begun(),
            Self::Translation(translation) => translation.has_begun(),
            Self::Document(_) => true,
        }
    }

    /// Goes on with a response whose beginning the client has already got (translation.md W3). May be called again.
    pub(crate) fn continue_begun(&mut self) {
        match self {
            Self::Passthrough(passthrough) => passthrough.continue_begun(),
            Self::Translation(translation) => translation.continue_begun(),
            Self::Document(_) => {}
        }
    }

    /// The frame that shows in a silence that the stream is alive (promise 48); JSON has none.
    pub(crate) fn ping(&mut self) -> Option<Bytes> {
        match self {
            Self::Passthrough(passthrough) => Some(passthrough.ping()),
            Self::Translation(translation) => Some(translation.ping()),
            Self::Document(_) => None,
        }
    }

    /// True for a JSON body, false for events.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self, Self::Document(_))
    }

    /// The backend's id of a response that the client knows by another one (translation.md §4.1).
    pub(crate) fn upstream_id(&self) -> Option<&str> {
        match self {
            Self::Passthrough(_) | Self::Document(_) => None,
            Self::Translation(translation) => translation.upstream_id(),
        }
    }

    /// Ends the stream: with the frames that were held back, or with one error event and no end mark (promise 50).
    pub(crate) fn finish(self, decoder: Decoder, end: StreamEnd, id: &RequestId) -> StreamEnding {
        match self {
            Self::Passthrough(passthrough) => passthrough.finish(decoder, end, id),
            Self::Translation(translation) => translation.finish(decoder, end),
            Self::Document(document) => document.finish(end),
        }
    }
}
