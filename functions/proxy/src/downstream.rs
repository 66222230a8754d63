//! The downstream side of an exchange: a handler that waits for the response, or the body of a response that has begun.

use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use domain::models::RequestId;
use http_body::Frame;
use service::http::ApiError;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::response::beginning::EarlyResponse;

/// Frames of a begun response that its client has not read yet, the last piece included.
const PIECES: usize = 3;

/// The client, as long as no backend's response is passed on to it.
#[derive(Debug)]
pub(crate) enum Downstream {
    /// A handler waits for the response.
    Waiting(oneshot::Sender<Result<Response, ApiError>>),
    /// The response has begun without a backend (translation.md W3).
    Begun(BegunEarly),
}

/// A response that began before a backend's.
#[derive(Debug)]
pub(crate) struct BegunEarly {
    response: EarlyResponse,
    id: RequestId,
    pieces: mpsc::Sender<Piece>,
}

/// A part of the body of a response that began early.
#[derive(Debug)]
pub(crate) enum Piece {
    Frame(Bytes),
    /// All that follows.
    Rest(Body),
}

/// What calls of backends need to know of the client. Set by the exchange beside them.
#[derive(Debug, Default)]
pub(crate) struct ClientState {
    has_begun: AtomicBool,
    left: Notify,
}

impl Downstream {
    /// Resolves when the client has disconnected.
    pub(crate) async fn disconnected(&mut self) {
        match self {
            Self::Waiting(sender) => sender.closed().await,
            Self::Begun(early) => early.pieces.closed().await,
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        matches!(self, Self::Begun(_))
    }

    /// Begins the `response` to a request of this `id` with `frame`; `make` makes a response of its body.
    pub(crate) fn begin(
        &mut self,
        response: EarlyResponse,
        id: RequestId,
        frame: Bytes,
        make: impl FnOnce(Body) -> Response,
    ) {
        let (pieces, receiver) = mpsc::channel(PIECES);
        let _ = pieces.try_send(Piece::Frame(frame));
        let early = BegunEarly { response, id, pieces };
        let Self::Waiting(sender) = mem::replace(self, Self::Begun(early)) else {
            return;
        };
        let body = EarlyBody {
            pieces: receiver,
            rest: None,
        };
        let _ = sender.send(Ok(make(Body::new(body))));
    }

    /// Shows that a response that has begun is alive, unless its client does not read.
    pub(crate) fn show_life(&mut self) {
        if let Self::Begun(early) = self
            && early.pieces.capacity() > 1
        {
            let _ = early.pieces.try_send(Piece::Frame(early.response.show_life()));
        }
    }

    /// Responds with `body` as the rest of a response that has begun, or else with what `response` makes of it. A
    /// client that has disconnected gets nothing.
    pub(crate) fn stream(self, body: Body, response: impl FnOnce(Body) -> Response) {
        match self {
            Self::Waiting(sender) => drop(sender.send(Ok(response(body)))),
            // There is room for the last piece.
            Self::Begun(early) => drop(early.pieces.try_send(Piece::Rest(body))),
        }
    }

    /// Responds with an error, which is an event of a response that has begun.
    pub(crate) fn fail(self, error: ApiError) {
        match self {
            Self::Waiting(sender) => drop(sender.send(Err(error))),
            Self::Begun(BegunEarly { response, id, pieces }) => {
                drop(pieces.try_send(Piece::Frame(response.fail(&error, &id))));
            }
        }
    }

    /// Responds as a whole; a client that has disconnected gets nothing.
    pub(crate) fn respond(self, response: Response) {
        if let Self::Waiting(sender) = self {
            let _ = sender.send(Ok(response));
        }
    }
}

impl ClientState {
    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// True if the client has got the beginning of the response.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    pub(crate) fn leave(&self) {
        self.left.notify_one();
    }

    /// Resolves once when the client has disconnected.
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }
}

/// The body of a response that began before a backend's.
struct EarlyBody {
    pieces: mpsc::Receiver<Piece>,
    rest: Option<Body>,
}

impl http_body::Body for EarlyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Some(rest) = &mut self.rest {
                return Pin::new(rest).poll_frame(context);
            }
            match ready!(self.pieces.poll_recv(context)) {
                None => return Poll::Ready(None),
                Some(Piece::Frame(frame)) => return Poll::Ready(Some(Ok(Frame::data(frame)))),
                Some(Piece::Rest(body)) => self.rest = Some(body),
            }
        }
    }
}
