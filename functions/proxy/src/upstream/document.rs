//! The start of a document, held back until it has ended or is too long for that: until then an error is an HTTP error,
//! and another backend may be called (EM4).

use std::time::Duration;

use service::outbound::ResponseBody;
use translators::error::BackendError;
use translators::sse::Decoder;

use super::body::{self, ReadError};
use super::first_event::StartedStream;
use super::response::Content;
use crate::response::document::{Document, DocumentContext};
use crate::response::stream::ResponseStream;

/// The response that `body` is: the whole document if it has at most `hold` bytes, else the stream of its bytes. Never
/// waits longer than `idle` for the next ones.
pub(super) async fn start(
    mut body: ResponseBody,
    context: DocumentContext,
    hold: usize,
    idle: Duration,
) -> Result<Result<Content, BackendError>, ReadError> {
    let mut document = Document::new(context);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let Some(bytes) = body::next(&mut body, idle).await? else {
            return Ok(document.into_full(head).map(Content::full));
        };
        length += bytes.len();
        let chunk = document.feed(&bytes);
        head.extend(chunk.frames);
        if length > hold {
            return Ok(document.checked().map(|document| {
                Content::Stream(Box::new(StartedStream {
                    body,
                    decoder: Decoder::new(0),
                    stream: ResponseStream::Document(Box::new(document)),
                    head,
                    progress: chunk.progress,
                }))
            }));
        }
    }
}
