//! A server on a loopback port and a thread of its own.
//!
//! The thread is joined when the server is dropped, so a panic in a fake fails the test that uses it; and a test
//! that blocks its own runtime does not stop the fakes it talks to.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A running server. Dropping it ends it, with all its connections.
#[derive(Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    /// Runs `serve` with a listener on a free port.
    pub(crate) fn start<F: Future<Output = ()>>(serve: impl FnOnce(TcpListener) -> F + Send + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), serve)
    }

    /// The same at an address where another one was before.
    pub(crate) fn start_at<F: Future<Output = ()>>(
        address: SocketAddr,
        serve: impl FnOnce(TcpListener) -> F + Send + 'static,
    ) -> Self {
        let listener = StdListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    // A panic of a connection is to be noticed also by a server that is told to stop meanwhile.
                    biased;
                    () = serve(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Err(panic)) = ended
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

/// Gives each connection to `handle`; a panic in one ends the server.
pub(crate) async fn accept<F>(listener: TcpListener, handle: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                // Without it small writes wait for the other side's acknowledgement, up to 40 ms.
                stream.set_nodelay(true).unwrap();
                connections.spawn(handle(stream));
            }
            Some(Err(failure)) = connections.join_next() => resume_unwind(failure.into_panic()),
        }
    }
}
