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

use crate::front::Front;
use crate::json_errors::JsonErrors;

/// Limits of a request's head (promise 30, docs/api.md §7).
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of a body at once, and what is written. The library lets a head be as long, so [`Front`] measures it.
const BUFFER_BYTES: usize = 256 * 1024;
/// How long connections may take to end; longer than running streams are given.
const CLOSING: Duration = Duration::from_secs(4);

/// Serves until `stop`, then lets the requests under way end. Each connection stays on one of the `workers`, with all that
/// is done for its requests: work that moves between threads costs more than it gains where there is nothing but to wait.
pub(crate) async fn serve(listener: TcpListener, front: Front, workers: Option<LocalPoolHandle>, stop: CancellationToken) {
    let front = Arc::new(front);
    let graceful = GracefulShutdown::new();
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener)).await {
        match accepted {
            Ok((stream, peer)) => {
                let (front, watcher, under_way) = (Arc::clone(&front), graceful.watcher(), connections.token());
                let conversation = move || async move {
                    let _under_way = under_way;
                    if let Err(error) = converse(stream, peer, front, watcher).await {
                        tracing::debug!(%error, "a connection broke");
                    }
                };
                match &workers {
                    Some(workers) => drop(workers.spawn_pinned(conversation)),
                    None => drop(connections.spawn(conversation())),
                }
            }
            // Out of file descriptors, most likely: without a pause this would spin.
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(CLOSING, async { tokio::join!(graceful.shutdown(), connections.wait()) }).await;
}

/// The next connection, not bound to a thread yet.
async fn accept(listener: &TcpListener) -> std::io::Result<(std::net::TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    // Each event of a stream is to leave at once.
    let _ = stream.set_nodelay(true);
    Ok((stream.into_std()?, peer))
}

/// Answers the requests of one connection, one after the other.
async fn converse(stream: std::net::TcpStream, peer: SocketAddr, front: Arc<Front>, watcher: Watcher) -> Result<(), ConnectionError> {
    let stream = TcpStream::from_std(stream)?;
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(JsonErrors::new(TokioIo::new(stream)), service);
    Ok(watcher.watch(connection).await?)
}

#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}
