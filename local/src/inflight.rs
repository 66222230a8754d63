//! A limit for requests under way, the local counterpart of a function's reserved concurrency.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use shared::http::{ApiError, Code, edge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// `routes`, of which at most `most` requests run at once; more are refused at once.
pub(crate) fn limit(routes: Router, most: usize) -> Router {
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    edge::around(routes, from_fn_with_state(places, take_place))
}

async fn take_place(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(place) = places.try_acquire_owned() else {
        return ApiError::new(Code::ConcurrencyLimitExceeded, "too many requests are under way").into_response();
    };
    next.run(request).await.map(|body| Body::new(Placed { body, _place: place }))
}

/// A body whose request has its place until the last byte is out.
struct Placed {
    body: Body,
    _place: OwnedSemaphorePermit,
}

impl http_body::Body for Placed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Known of a whole answer, which so has a length.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
