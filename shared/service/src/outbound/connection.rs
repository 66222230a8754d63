//! A connection that knows if it served a request before: a server may close it just as the next request is sent.

use std::error::Error as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::{Extensions, Response};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::socket::Acknowledging;

/// A stream with its [`Reuse`].
pub(super) struct ReusableStream<S> {
    stream: S,
    reuse: Reuse,
}

/// Facts of a connection, for who has a response of it.
#[derive(Clone, Debug)]
pub(super) struct Reuse(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// True once it has served a request.
    has_served: AtomicBool,
    acknowledging: Acknowledging,
}

impl<S> ReusableStream<S> {
    pub(super) fn new(stream: S, acknowledging: Acknowledging) -> Self {
        let has_served = AtomicBool::new(false);
        let known = Known {
            has_served,
            acknowledging,
        };
        Self {
            stream,
            reuse: Reuse(Arc::new(known)),
        }
    }
}

impl Reuse {
    /// True if `error` came on a connection that had served another request before, and nothing of an answer came
    /// (B9.4).
    pub(super) fn is_stale(error: &legacy::Error) -> bool {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
        if cause.is_some_and(|cause| cause.is_parse() || cause.is_timeout()) {
            return false;
        }
        let mut extensions = Extensions::new();
        error.connect_info().is_some_and(|info| {
            info.get_extras(&mut extensions);
            extensions
                .get::<Self>()
                .is_some_and(|reuse| reuse.0.has_served.load(Ordering::Relaxed))
        })
    }

    /// Notes the head of a response. Returns its connection, if that has served another request before: a new one
    /// acknowledges at once by itself.
    pub(super) fn note<B>(response: &Response<B>) -> Option<Acknowledging> {
        let known = &response.extensions().get::<Self>()?.0;
        let was_used = known.has_served.swap(true, Ordering::Relaxed);
        was_used.then(|| known.acknowledging.clone())
    }
}

impl<S: Connection> Connection for ReusableStream<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.reuse.clone())
    }
}

impl<S: Read + Connection + Unpin> Read for ReusableStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Connection + Unpin> Write for ReusableStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
