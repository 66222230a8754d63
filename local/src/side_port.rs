//! Ports beside the gateway's own, for few connections: the database's and that of metrics.

use std::convert::Infallible;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::server::accept;

/// Lets `respond` answer each request until `stop`.
pub(crate) async fn serve<F: Future<Output = Response> + Send>(
    listener: TcpListener,
    respond: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    stop: CancellationToken,
) {
    while let Some((stream, _)) = accept(&listener, &stop).await {
        let (respond, stop) = (respond.clone(), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "a connection lives beside the others")]
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = respond(request);
                async move { Ok::<_, Infallible>(response.await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            let _ = stop.run_until_cancelled(connection).await;
        });
    }
}
