//! The body of a response, chunk by chunk, decompressed if it was compressed unasked (B9.3).

use std::future::poll_fn;
use std::io::{self, Write as _};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;

use super::CallError;
use super::socket::Acknowledging;

/// What one chunk may become when it is decompressed.
const MAX_INFLATED: usize = 16 * 1024 * 1024;

/// What is left of a body.
#[derive(Debug)]
pub struct ResponseBody {
    incoming: Incoming,
    gzip: Option<Box<GzDecoder<Bounded>>>,
    /// Acknowledges what has come whenever more is waited for: of a stream its first event, of anything else all of it
    /// (B9.5). Behind that an acknowledgement for each event would cost more than it brings.
    acknowledging: Option<Acknowledging>,
    is_stream: bool,
}

/// Decompressed bytes, up to [`MAX_INFLATED`] at once.
#[derive(Debug, Default)]
struct Bounded(Vec<u8>);

#[derive(Debug, thiserror::Error)]
#[error("a compressed body is not valid, or too large")]
struct InvalidGzip(#[source] io::Error);

impl ResponseBody {
    /// The response with its body to be read.
    pub(super) fn of(response: Response<Incoming>, acknowledging: Option<Acknowledging>) -> Response<Self> {
        let gzip = is_gzip(response.headers()).then(|| Box::new(GzDecoder::new(Bounded::default())));
        let is_stream = acknowledging.is_some() && is_event_stream(response.headers());
        response.map(|incoming| Self {
            incoming,
            gzip,
            acknowledging,
            is_stream,
        })
    }

    /// The length of the whole body, if it is known.
    pub fn length(&self) -> Option<u64> {
        if self.gzip.is_some() {
            None
        } else {
            self.incoming.size_hint().exact()
        }
    }

    /// True if nothing more comes. False says nothing.
    pub fn is_end(&self) -> bool {
        self.gzip.is_none() && self.incoming.is_end_stream()
    }

    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    /// All bytes; `None` if they are more than `limit`.
    pub async fn read(mut self, limit: usize) -> Result<Option<Vec<u8>>, CallError> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            if whole.len() + bytes.len() > limit {
                return Ok(None);
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(Some(whole))
    }

    /// The same as [`chunk`](Self::chunk), for whoever waits for something else too.
    pub fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, CallError>> {
        while let Some(frame) = ready!(self.poll_incoming(context)) {
            // Trailers say nothing to us.
            let Ok(bytes) = frame?.into_data() else { continue };
            let bytes = match &mut self.gzip {
                None => bytes,
                Some(gzip) => inflated(gzip, &bytes)?,
            };
            if self.gzip.is_none() || !bytes.is_empty() {
                return Poll::Ready(Ok(Some(bytes)));
            }
        }
        Poll::Ready(self.end())
    }

    fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(context);
        match &self.acknowledging {
            Some(acknowledging) if frame.is_pending() => acknowledging.now(),
            Some(_) if self.is_stream => self.acknowledging = None,
            _ => {}
        }
        frame
    }

    /// The last bytes of a compressed body, which must be whole.
    fn end(&mut self) -> Result<Option<Bytes>, CallError> {
        let Some(mut gzip) = self.gzip.take() else {
            return Ok(None);
        };
        gzip.try_finish().map_err(InvalidGzip)?;
        let rest = mem::take(&mut gzip.get_mut().0);
        Ok((!rest.is_empty()).then(|| rest.into()))
    }
}

impl From<Incoming> for ResponseBody {
    fn from(incoming: Incoming) -> Self {
        Self {
            incoming,
            gzip: None,
            acknowledging: None,
            is_stream: false,
        }
    }
}

impl From<InvalidGzip> for CallError {
    fn from(error: InvalidGzip) -> Self {
        Self::other(error)
    }
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    coding.is_some_and(|coding| {
        ["gzip", "x-gzip"]
            .iter()
            .any(|name| coding.trim().eq_ignore_ascii_case(name))
    })
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// What `bytes` become. Flushed, so that an event is passed on as soon as its bytes are there.
fn inflated(gzip: &mut GzDecoder<Bounded>, bytes: &[u8]) -> Result<Bytes, InvalidGzip> {
    gzip.write_all(bytes).and_then(|()| gzip.flush()).map_err(InvalidGzip)?;
    Ok(mem::take(&mut gzip.get_mut().0).into())
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_INFLATED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn b9_3_gzip_is_read_however_it_is_cut() {
        let text = "data: {}\n\n".repeat(50);
        for size in [1, 2, 7, 1000] {
            let mut gzip = GzDecoder::new(Bounded::default());
            let chunks = compressed(text.as_bytes());
            let read: Vec<u8> = chunks
                .chunks(size)
                .flat_map(|chunk| inflated(&mut gzip, chunk).unwrap())
                .collect();
            gzip.try_finish().unwrap();
            assert_eq!([read, gzip.get_ref().0.clone()].concat(), text.as_bytes(), "{size}");
        }
    }

    #[test]
    fn b9_3_what_is_no_gzip_or_swells_too_much_is_an_error() {
        assert!(inflated(&mut GzDecoder::new(Bounded::default()), b"{\"choices\":[]}").is_err());
        let bomb = compressed(&vec![0; MAX_INFLATED + 1]);
        assert!(bomb.len() < 50_000 && inflated(&mut GzDecoder::new(Bounded::default()), &bomb).is_err());
    }
}
