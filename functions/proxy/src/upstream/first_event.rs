//! The head of a stream, held until there is something to pass on: an error before that is still an HTTP error, and
//! another backend may be asked (translation.md W2).

use std::time::Duration;

use bytes::Bytes;
use domain::models::RequestId;
use hyper::body::Incoming;
use service::outbound::{CallError, chunk};
use tokio::time::timeout;
use translators::error::BackendError;
use translators::messages::stream::{Progress, StreamEnd};
use translators::sse::Decoder;

use crate::response::convert::Reader;
use crate::response::stream::Voice;

/// How long a backend may have nothing to say before the answer is begun without it (W3).
const COMMIT_AFTER: Duration = Duration::from_secs(10);

/// A stream that has something to pass on.
pub(crate) struct Begun {
    pub(crate) body: Incoming,
    pub(crate) decoder: Decoder,
    pub(crate) voice: Voice,
    /// What came so far, to be passed on first.
    pub(crate) head: Vec<Bytes>,
    pub(crate) progress: Progress,
}

/// Why a stream has nothing to pass on.
pub(crate) enum NoStream {
    Broken(CallError),
    Told(BackendError),
}

/// Reads `body` until its first event with data, or until the client has waited long enough.
pub(crate) async fn begin(body: Incoming, reader: Reader, max_event_bytes: usize) -> Result<Begun, NoStream> {
    let decoder = Decoder::new(max_event_bytes);
    let mut begun = Begun {
        body,
        decoder,
        voice: reader.stream(),
        head: Vec::new(),
        progress: Progress::More,
    };
    let has_begun = match timeout(COMMIT_AFTER, begun.hear()).await {
        Ok(heard) => heard,
        Err(_) if begun.commit() => return Ok(begun),
        Err(_) => begun.hear().await,
    };
    if has_begun.map_err(NoStream::Broken)? {
        Ok(begun)
    } else {
        Err(NoStream::Told(begun.ended_early()))
    }
}

impl Begun {
    /// Whether the stream said something before it was over. May be called again after it was dropped half-way.
    async fn hear(&mut self) -> Result<bool, CallError> {
        while !self.voice.has_begun() {
            if self.progress == Progress::Failed {
                return Ok(false);
            }
            let Some(chunk) = chunk(&mut self.body).await? else {
                return Ok(false);
            };
            let spoken = self.voice.take(&mut self.decoder, chunk);
            self.head.extend(spoken.frames);
            self.progress = spoken.progress;
        }
        Ok(true)
    }

    /// Begins without the backend, if there is a way to say so in the client's dialect.
    fn commit(&mut self) -> bool {
        self.head.extend(self.voice.commit());
        !self.head.is_empty()
    }

    /// A stream that was over before it had begun is an error, whatever it ended with.
    fn ended_early(self) -> BackendError {
        let ended = self
            .voice
            .finish(self.decoder, StreamEnd::Closed, &RequestId::generate());
        ended.ending.err().unwrap_or_else(BackendError::unreadable)
    }
}
