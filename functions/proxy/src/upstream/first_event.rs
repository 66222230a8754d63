//! The start of a stream, held back until its first event: an error before that is still an HTTP error, and another
//! backend may be called (translation.md W2).

use bytes::Bytes;
use domain::models::RequestId;
use service::outbound::{CallError, ResponseBody};
use translators::error::BackendError;
use translators::sse::Decoder;
use translators::stream::{Progress, StreamEnd};

use crate::downstream::ClientState;
use crate::response::convert::ResponseConverter;
use crate::response::outcome::StreamChunk;
use crate::response::stream::ResponseStream;

/// A stream with something to pass on.
pub(crate) struct StartedStream {
    pub(crate) body: ResponseBody,
    pub(crate) decoder: Decoder,
    pub(crate) stream: ResponseStream,
    /// The first frames for the client.
    pub(crate) head: Vec<Bytes>,
    pub(crate) progress: Progress,
}

/// The stream ended before its first event.
#[derive(Debug)]
pub(crate) enum FirstEventError {
    Disconnected(CallError),
    Backend(BackendError),
}

/// Reads `body` until its first event with data. The client may have got the beginning of the response meanwhile.
pub(crate) async fn start(
    body: ResponseBody,
    converter: ResponseConverter,
    max_event_bytes: usize,
    client: &ClientState,
) -> Result<StartedStream, FirstEventError> {
    let mut started = StartedStream {
        body,
        decoder: Decoder::new(max_event_bytes),
        stream: converter.into_stream(),
        head: Vec::new(),
        progress: Progress::More,
    };
    match started.read_first(client).await {
        Ok(true) => Ok(started),
        Ok(false) => Err(FirstEventError::Backend(started.error())),
        Err(error) => Err(FirstEventError::Disconnected(error)),
    }
}

impl StartedStream {
    /// Reads up to the first event; false if the stream ended without one.
    async fn read_first(&mut self, client: &ClientState) -> Result<bool, CallError> {
        while !self.stream.has_begun() {
            if matches!(self.progress, Progress::Done | Progress::Failed) {
                return Ok(false);
            }
            let chunk = self.body.chunk().await?;
            if client.has_begun() {
                self.stream.continue_begun();
            }
            let Some(chunk) = chunk else {
                let rest = self.stream.close(&mut self.decoder);
                self.take(rest);
                return Ok(self.stream.has_begun());
            };
            let converted = self.stream.feed(&mut self.decoder, chunk);
            self.take(converted);
        }
        Ok(true)
    }

    fn take(&mut self, converted: StreamChunk) {
        self.head.extend(converted.frames);
        self.progress = converted.progress;
    }

    /// The error of a stream that ended before it had begun, whatever it ended with.
    fn error(self) -> BackendError {
        let ending = self
            .stream
            .finish(self.decoder, StreamEnd::Closed, &RequestId::generate());
        ending.result.err().unwrap_or_else(BackendError::unreadable)
    }
}
