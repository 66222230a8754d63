//! The client's response around its body: status 200 and the headers.

use std::mem;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use domain::models::BackendId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use service::http::edge::LoggedAtEnd;
use service::store::Store;

use crate::quota::admission::Reservation;
use crate::upstream::response::BackendResponse;

/// Tells reverse proxies not to buffer the stream.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
const WARNINGS: HeaderName = HeaderName::from_static("x-translation-warnings");
const UPSTREAM_ID: HeaderName = HeaderName::from_static("x-upstream-id");
/// Present only if the settings say so (docs/api.md §4).
const BACKEND_ID: HeaderName = HeaderName::from_static("x-backend-id");

/// The headers about the backend, about the translation, and about what is left of the caller's limits.
pub(super) async fn headers(
    store: &Store,
    response: &mut BackendResponse,
    backend: &BackendId,
    reservation: &Reservation,
) -> HeaderMap {
    let shows_backend = store.settings().await.is_ok_and(|settings| settings.show_backend_id);
    let backend = shows_backend
        .then(|| HeaderValue::try_from(backend.as_str()).ok())
        .flatten();
    let upstream_id = response
        .content
        .upstream_id()
        .and_then(|id| HeaderValue::try_from(id).ok());
    let own = [
        (BACKEND_ID, backend),
        (UPSTREAM_ID, upstream_id),
        (WARNINGS, warnings(&response.warnings, reservation)),
    ];
    let mut headers = mem::take(&mut response.headers);
    headers.extend(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
    headers.extend(reservation.rate_limits.clone());
    headers
}

/// The fields that the backend did not get, for the client and the log (translation.md P2).
fn warnings(warnings: &[String], reservation: &Reservation) -> Option<HeaderValue> {
    if warnings.is_empty() {
        return None;
    }
    let dropped = warnings.join(",");
    tracing::info!(request.id = %reservation.request.request_id, dropped, "translation dropped fields");
    HeaderValue::try_from(format!("dropped={dropped}")).ok()
}

pub(super) fn full(body: Bytes, headers: HeaderMap) -> Response {
    let own = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    response(own, headers, body.into())
}

pub(crate) fn stream(body: Body, headers: HeaderMap) -> Response {
    let own = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    response(own, headers, body)
}

fn response<const N: usize>(own: [(HeaderName, HeaderValue); N], mut headers: HeaderMap, body: Body) -> Response {
    for (name, value) in own {
        headers.insert(name, value);
    }
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.extensions_mut().insert(LoggedAtEnd);
    response
}
