//! `GET /metrics`, on a port of its own: who watches the gateway need not be who uses it.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use domain::clock::Clock;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Metrics;
use crate::inflight::Permits;
use crate::side_port;

/// The facts that the process tells of itself besides its totals.
#[derive(Clone, Debug)]
pub(crate) struct Gauges {
    permits: Permits,
    started: Timestamp,
}

/// Serves until `stop`.
pub(crate) async fn serve(listener: TcpListener, metrics: Metrics, gauges: Gauges, stop: CancellationToken) {
    let respond = move |request: Request<Incoming>| {
        let response = respond(&request, &metrics, &gauges);
        async move { response }
    };
    side_port::serve(listener, respond, stop).await;
}

fn respond(request: &Request<Incoming>, metrics: &Metrics, gauges: &Gauges) -> Response {
    if request.uri().path() != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    if request.method() != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let body = Body::from(gauges.text() + &metrics.text());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], body).into_response()
}

impl Gauges {
    /// The facts of a process that starts now.
    pub(crate) fn new(permits: &Permits, clock: &Clock) -> Self {
        Self {
            permits: permits.clone(),
            started: clock.now(),
        }
    }

    fn text(&self) -> String {
        let (version, in_flight) = (env!("CARGO_PKG_VERSION"), self.permits.taken());
        let started = self.started.as_second();
        format!(
            "# HELP tidegate_info The version of the process.\n\
             # TYPE tidegate_info gauge\n\
             tidegate_info{{version=\"{version}\"}} 1\n\
             # HELP tidegate_requests_in_flight Requests under way.\n\
             # TYPE tidegate_requests_in_flight gauge\n\
             tidegate_requests_in_flight {in_flight}\n\
             # HELP process_start_time_seconds When the process has started, since 1970.\n\
             # TYPE process_start_time_seconds gauge\n\
             process_start_time_seconds {started}\n"
        )
    }
}
