//! A TCP connection that can be told, from beside it, to acknowledge at once what has come.
//!
//! A server that writes the head of a response and its body apart, with Nagle's algorithm on, keeps the body back until
//! the head is acknowledged (RFC 9293 §3.7.4). The kernel acknowledges with the next request, or after 40 ms; only on a
//! new connection at once.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use futures_util::TryFutureExt as _;
use futures_util::future::MapOk;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tower_service::Service;

/// A connection, for the library that reads and writes it.
pub(super) struct Socket {
    reading: TokioIo<OwnedReadHalf>,
    writing: Arc<OwnedWriteHalf>,
}

/// The same connection, for who waits for a response. It does not keep it open.
#[derive(Clone, Debug, Default)]
pub(super) struct Acknowledging(Weak<OwnedWriteHalf>);

/// Makes sockets of what a connector connects.
#[derive(Clone)]
pub(super) struct Sockets<C>(pub(super) C);

impl Socket {
    fn new(stream: TokioIo<TcpStream>) -> Self {
        let (reading, writing) = stream.into_inner().into_split();
        Self {
            reading: TokioIo::new(reading),
            writing: Arc::new(writing),
        }
    }

    pub(super) fn acknowledging(&self) -> Acknowledging {
        Acknowledging(Arc::downgrade(&self.writing))
    }

    /// Writes what the kernel takes at once, or waits until it takes something.
    fn poll_with(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let tcp = self.writing.as_ref().as_ref();
        loop {
            ready!(tcp.poll_write_ready(context))?;
            match write(tcp) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }
}

impl Acknowledging {
    /// Acknowledges now what has come and is not acknowledged yet; what comes later, as ever.
    #[cfg(target_os = "linux")]
    pub(super) fn now(&self) {
        if let Some(socket) = self.0.upgrade() {
            let tcp: &TcpStream = socket.as_ref().as_ref();
            // An error is one of the connection, which its reader gets to know.
            let _ = tcp.set_quickack(true).and_then(|()| tcp.set_quickack(false));
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn now(&self) {}
}

impl<C: Service<Uri, Response = TokioIo<TcpStream>>> Service<Uri> for Sockets<C> {
    type Response = Socket;
    type Error = C::Error;
    type Future = MapOk<C::Future, fn(TokioIo<TcpStream>) -> Socket>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        self.0.call(address).map_ok(Socket::new)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reading).poll_read(context, buffer)
    }
}

impl Write for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(context, |tcp| tcp.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(context, |tcp| tcp.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The connection is shut down when it is dropped, which the library does next.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use http::{HeaderMap, Uri};

    use crate::outbound::{Authorities, IdleTime, Outbound, Pieces};

    /// The least time that Linux waits with an acknowledgement.
    const DELAY: Duration = Duration::from_millis(40);

    /// Answers each request of one connection in these pieces, each written by itself with Nagle's algorithm on.
    fn answer(mut stream: TcpStream, pieces: &[&[u8]]) {
        let mut read = [0; 4096];
        while stream.read(&mut read).is_ok_and(|count| count > 0) {
            for piece in pieces {
                stream.write_all(piece).unwrap();
            }
        }
    }

    async fn times_of(pieces: &'static [&'static [u8]], requests: usize) -> Vec<Duration> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        thread::spawn(move || answer(listener.accept().unwrap().0, pieces));
        let outbound = Outbound::new("127.0.0.0/8".parse().unwrap(), &Authorities::default()).unwrap();
        let idle = IdleTime::default();
        let mut times = Vec::new();
        for _ in 0..requests {
            let began = Instant::now();
            let sent = outbound.http.post(
                address.clone(),
                HeaderMap::new(),
                Pieces::from(Bytes::from("{}")),
                &idle,
            );
            let mut body = sent.await.unwrap().into_body();
            while body.chunk().await.unwrap().is_some() {}
            times.push(began.elapsed());
        }
        times
    }

    /// The fastest one is looked at: a busy machine slows some of them down, a kernel that waits all of them.
    #[tokio::test]
    async fn b9_5_head_and_body_apart_cost_no_delayed_acknowledgement() {
        const DOCUMENT: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", b"{}", b"\r\n"];
        const STREAM: &[&[u8]] = &[
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            b"c\r\ndata: {}\r\n\r\n\r\n0\r\n\r\n",
        ];
        for pieces in [DOCUMENT, STREAM] {
            let times = times_of(pieces, 20).await;
            let fastest = times[10..].iter().min().unwrap();
            assert!(*fastest < DELAY / 2, "{times:?}");
        }
    }
}
