//! The HTTP server: connections, their limits, and their end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{LocalPoolHandle, TaskTracker};

use crate::descriptors;
use crate::front::Front;
use crate::half_open::{HalfOpen, Place};
use crate::json_errors::JsonErrors;

/// The time limit of a request's head (promise 30). The library's own limit of 100 headers is ours too.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// The bytes that are read of a body at once, and written. The library lets a head be as long, so that [`Front`]
/// measures it.
const BUFFER_BYTES: usize = 256 * 1024;
/// How long connections may take to end behind the end of the streams.
const CLOSING: Duration = Duration::from_secs(2);

/// Begins to serve on each of the `workers`; without any, on this runtime.
pub(crate) fn begin(
    listener: &std::net::TcpListener,
    front: &Arc<Front>,
    workers: Option<&LocalPoolHandle>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> std::io::Result<()> {
    let number = workers.map_or(1, LocalPoolHandle::num_threads);
    let most = descriptors::half_open(number);
    for worker in 0..number {
        let serving = tasks.track_future(serve(listener.try_clone()?, Arc::clone(front), most, stop.clone()));
        match workers {
            Some(workers) => drop(workers.spawn_pinned_by_idx(|| serving, worker)),
            None => drop(tasks.spawn(serving)),
        }
    }
    Ok(())
}

/// Serves on this thread until `stop`, then lets the requests under way end. A connection stays on the thread that has
/// accepted it, with all that is done for its requests: work that moves between threads costs more than it gains where
/// there is nothing but to wait.
async fn serve(listener: std::net::TcpListener, front: Arc<Front>, most: usize, stop: CancellationToken) {
    match TcpListener::from_std(listener) {
        Ok(listener) => accept_all(listener, front, HalfOpen::with_room_for(most), stop).await,
        Err(error) => tracing::error!(%error, "a worker cannot listen"),
    }
}

async fn accept_all(listener: TcpListener, front: Arc<Front>, half_open: Arc<HalfOpen>, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let connections = TaskTracker::new();
    while let Some((stream, peer)) = accept(&listener, &stop).await {
        let place = half_open.enter();
        let conversation = converse(stream, peer, Arc::clone(&front), Arc::clone(&place), graceful.watcher());
        place.served_by(connections.spawn(conversation).abort_handle());
    }
    drop(listener);
    connections.close();
    let closing = front.stream_grace + CLOSING;
    let _ = tokio::time::timeout(closing, async { tokio::join!(graceful.shutdown(), connections.wait()) }).await;
}

/// The next connection; `None` at `stop`.
pub(crate) async fn accept(listener: &TcpListener, stop: &CancellationToken) -> Option<(TcpStream, SocketAddr)> {
    loop {
        match stop.run_until_cancelled(listener.accept()).await? {
            Ok(accepted) => return Some(accepted),
            // Out of file descriptors, most likely: without a pause this would spin.
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves the requests of one connection, one after the other.
async fn converse(stream: TcpStream, peer: SocketAddr, front: Arc<Front>, place: Arc<Place>, watcher: Watcher) {
    // Each event of a stream is to leave at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        place.leave();
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.respond(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(JsonErrors::new(TokioIo::new(stream)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
}
