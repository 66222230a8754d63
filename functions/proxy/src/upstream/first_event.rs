//! The start of a stream, held back until its first event: an error before that is still an HTTP error, and another
//! backend may be called (translation.md W2).

use std::time::Duration;

use bytes::Bytes;
use domain::models::RequestId;
use hyper::body::Incoming;
use service::outbound::{CallError, chunk};
use tokio::time::timeout;
use translators::error::BackendError;
use translators::sse::Decoder;
use translators::stream::{Progress, StreamEnd};

use crate::response::convert::ResponseConverter;
use crate::response::outcome::StreamChunk;
use crate::response::stream::ResponseStream;

/// Time that a client waits for the first event; then the response begins without it (translation.md W3).
const COMMIT_AFTER: Duration = Duration::from_secs(10);

/// A stream with something to pass on.
pub(crate) struct StartedStream {
    pub(crate) body: Incoming,
    pub(crate) decoder: Decoder,
    pub(crate) stream: ResponseStream,
    /// The first frames for the client.
    pub(crate) head: Vec<Bytes>,
    pub(crate) progress: Progress,
}

/// The stream ended before its first event.
pub(crate) enum FirstEventError {
    Disconnected(CallError),
    Backend(BackendError),
}

/// Reads `body` until its first event with data, or until the client has waited long enough.
pub(crate) async fn start(
    body: Incoming,
    converter: ResponseConverter,
    max_event_bytes: usize,
) -> Result<StartedStream, FirstEventError> {
    let mut started = StartedStream {
        body,
        decoder: Decoder::new(max_event_bytes),
        stream: converter.into_stream(),
        head: Vec::new(),
        progress: Progress::More,
    };
    let has_begun = match timeout(COMMIT_AFTER, started.read_first()).await {
        Ok(read) => read,
        Err(_) if started.commit() => return Ok(started),
        Err(_) => started.read_first().await,
    };
    if has_begun.map_err(FirstEventError::Disconnected)? {
        Ok(started)
    } else {
        Err(FirstEventError::Backend(started.error()))
    }
}

impl StartedStream {
    /// Reads up to the first event; false if the stream ended without one. May be called again after it was dropped
    /// half-way.
    async fn read_first(&mut self) -> Result<bool, CallError> {
        while !self.stream.has_begun() {
            if self.progress == Progress::Failed {
                return Ok(false);
            }
            let Some(chunk) = chunk(&mut self.body).await? else {
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

    /// Begins the response without the backend, if the client's dialect has a frame for it.
    fn commit(&mut self) -> bool {
        self.head.extend(self.stream.commit());
        !self.head.is_empty()
    }

    /// The error of a stream that ended before it had begun, whatever it ended with.
    fn error(self) -> BackendError {
        let ending = self
            .stream
            .finish(self.decoder, StreamEnd::Closed, &RequestId::generate());
        ending.result.err().unwrap_or_else(BackendError::unreadable)
    }
}
