//! The client's answer around its body: status 200, and what its headers say.

use std::mem;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use domain::models::BackendId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use service::http::edge::LoggedAtEnd;

use crate::App;
use crate::quota::admission::Reservation;
use crate::upstream::attempt::Answer;

/// Tells reverse proxies not to collect the stream.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
const WARNINGS: HeaderName = HeaderName::from_static("x-translation-warnings");
const UPSTREAM_ID: HeaderName = HeaderName::from_static("x-upstream-id");
/// Only where the settings say so (docs/api.md §4).
const BACKEND_ID: HeaderName = HeaderName::from_static("x-backend-id");

/// What the answer tells: of the backend, of the translation, and of what is left of the caller's limits.
pub(super) async fn headers(
    app: &App,
    answer: &mut Answer,
    backend: &BackendId,
    reservation: &Reservation,
) -> HeaderMap {
    let shows_backend = app
        .store
        .settings()
        .await
        .is_ok_and(|settings| settings.show_backend_id);
    let backend = shows_backend
        .then(|| HeaderValue::try_from(backend.as_str()).ok())
        .flatten();
    let upstream_id = answer
        .content
        .upstream_id()
        .and_then(|id| HeaderValue::try_from(id).ok());
    let ours = [
        (BACKEND_ID, backend),
        (UPSTREAM_ID, upstream_id),
        (WARNINGS, warnings(&answer.warnings, reservation)),
    ];
    let mut headers = mem::take(&mut answer.headers);
    headers.extend(ours.into_iter().filter_map(|(name, value)| Some((name, value?))));
    headers.extend(reservation.rate_limits.clone());
    headers
}

/// What the backend did not get, for the client and the log (translation.md P2).
fn warnings(warnings: &[String], reservation: &Reservation) -> Option<HeaderValue> {
    if warnings.is_empty() {
        return None;
    }
    let dropped = warnings.join(",");
    tracing::info!(request.id = %reservation.request_id, dropped, "translation dropped fields");
    HeaderValue::try_from(format!("dropped={dropped}")).ok()
}

pub(super) fn whole(body: Bytes, headers: HeaderMap) -> Response {
    respond(
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        headers,
        body.into(),
    )
}

pub(super) fn stream(body: Body, headers: HeaderMap) -> Response {
    let of_streams = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    respond(of_streams, headers, body)
}

fn respond<const N: usize>(of_kind: [(HeaderName, HeaderValue); N], mut headers: HeaderMap, body: Body) -> Response {
    for (name, value) in of_kind {
        headers.insert(name, value);
    }
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.extensions_mut().insert(LoggedAtEnd);
    response
}
