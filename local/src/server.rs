//! The HTTP server: connections, their limits, and their end.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use shared::http::edge::ClientAddress;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::json_errors::JsonErrors;

/// Limits of a request's head (promise 30, docs/api.md §7).
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;
/// What is read of a body at once, and what is written. The library lets a head be as long, so [`is_long`] measures it.
const BUFFER_BYTES: usize = 256 * 1024;
/// How long connections may take to end; longer than running streams are given.
const CLOSING: Duration = Duration::from_secs(4);

/// Serves until `stop`, then lets the requests under way end.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => accept(stream, peer, &router, &graceful, &connections),
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

fn accept(stream: TcpStream, peer: SocketAddr, router: &Router, graceful: &GracefulShutdown, connections: &TaskTracker) {
    // Each event of a stream is to leave at once.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(peer.ip()));
        let answer = (!is_long(&request)).then(|| router.clone().oneshot(request));
        async { if let Some(answer) = answer { answer.await } else { Ok(too_long()) } }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(JsonErrors::new(TokioIo::new(stream)), service);
    let connection = graceful.watch(connection);
    connections.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}

/// Whether the head is longer than a head may be.
fn is_long(request: &Request<Incoming>) -> bool {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    // With a colon, a blank and the end of the line.
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + headers.sum::<usize>() > MAX_HEAD_BYTES
}

/// What the library says itself where it finds a head too long; [`JsonErrors`] words it.
fn too_long() -> Response {
    let mut refusal = Response::new(Body::empty());
    *refusal.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    refusal
}
