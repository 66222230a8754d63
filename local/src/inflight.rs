//! A limit for requests under way, the local counterpart of a function's reserved concurrency.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use shared::http::{ApiError, Code};
use tokio::sync::Semaphore;

/// `routes`, of which at most `most` requests run at once; more are refused at once.
pub(crate) fn limit(routes: Router, most: usize) -> Router {
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    routes.layer(from_fn_with_state(places, take_place))
}

async fn take_place(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(place) = places.try_acquire_owned() else {
        return ApiError::new(Code::ConcurrencyLimitExceeded, "too many requests are under way").into_response();
    };
    // The place is free again when the last byte is out.
    next.run(request).await.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _ = &place;
            frame
        }))
    })
}
