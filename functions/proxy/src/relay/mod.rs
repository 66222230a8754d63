//! From the backend's bytes to the client's: passed on as they come, watched in passing, settled at the end.
//!
//! A stream is driven by a task of its own, which owns the backend's connection and the reservation. It does not
//! die with the client's connection (promise 51), and the client's body ends only when the task has settled: Lambda
//! freezes the process as soon as the answer is complete.

pub(crate) mod watch;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use http_body::Frame;
use shared::http::Dialect;
use shared::http::edge::LoggedAtEnd;
use shared::http::{ApiError, Code};
use shared::models::RequestId;
use shared::translators::error::BackendError;
use shared::translators::usage::usage_of_chunk;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::State;
use crate::admit::Reservation;
use crate::forward::{Begun, Content, Upstream};
use crate::settle::{self, Ending, Outcome};

/// How often silence is looked at.
const TICK: Duration = Duration::from_secs(5);
/// Ticks of silence after which a comment keeps the connection alive (promise 48: 15 s).
const KEEP_ALIVE_TICKS: u32 = 3;
/// Ticks of silence after which the backend is given up (promise 49: 60 s).
const IDLE_TICKS: u32 = 12;
/// How long the connection may take to end behind the end mark, to be used again.
const TAIL: Duration = Duration::from_millis(50);

const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");
/// Tells reverse proxies not to collect the stream.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The client's answer, and the promise that the books are closed behind it.
pub(crate) fn respond(state: &State, upstream: Upstream, reservation: Reservation) -> Response {
    let mut response = match upstream.content {
        Content::Whole(body) => whole(body, &upstream.backend, reservation),
        Content::Stream(begun) => stream(state, begun, upstream.backend, reservation),
    };
    response.extensions_mut().insert(LoggedAtEnd);
    response
}

fn whole(body: Bytes, backend: &str, reservation: Reservation) -> Response {
    let usage = usage_of_chunk(&body);
    settle::settle(reservation, backend, Outcome { usage, ending: Ending::Complete });
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn stream(state: &State, begun: Begun, backend: String, reservation: Reservation) -> Response {
    let (client, frames) = mpsc::channel(1);
    let relay = Relay {
        client,
        stop: state.relays.stop.clone(),
        request_id: reservation.id.clone(),
        deadline: Instant::now() + state.limits.total.saturating_sub(reservation.began.elapsed()),
    };
    state.relays.tracker.spawn(async move {
        let outcome = relay.run(begun).await;
        settle::settle(reservation, &backend, outcome);
        // The client's body ends here, when `relay` with its sender is gone.
        drop(relay);
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    (headers, Body::new(Frames(frames))).into_response()
}

/// One stream under way.
struct Relay {
    client: mpsc::Sender<Bytes>,
    stop: CancellationToken,
    request_id: RequestId,
    deadline: Instant,
}

/// Why a stream ended before its end mark.
enum Break {
    /// The client is gone: nobody is left to be told.
    ClientGone,
    Backend(BackendError),
    Stopped,
}

/// What happened next.
enum Next {
    Chunk(Bytes),
    End,
    Silence,
}

impl Relay {
    async fn run(&self, mut begun: Begun) -> Outcome {
        let head = std::mem::take(&mut begun.head);
        let passing = async {
            self.send(head).await?;
            self.pass(&mut begun).await
        };
        let passed = timeout_at(self.deadline, passing).await.unwrap_or(Err(Break::Stopped));
        let ending = match passed {
            Ok(()) => Ending::Complete,
            Err(broken) => self.tell(broken).await,
        };
        Outcome { usage: begun.watch.usage(), ending }
    }

    /// Passes events on until the end mark.
    async fn pass(&self, begun: &mut Begun) -> Result<(), Break> {
        let mut ticks = interval_at(Instant::now() + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = 0;
        while !begun.watch.is_done() {
            let passed = match self.next(begun, &mut ticks).await? {
                Next::Silence => {
                    silent += 1;
                    self.keep_alive(silent).await?;
                    continue;
                }
                Next::Chunk(chunk) => begun.watch.take(&mut begun.decoder, chunk),
                Next::End => return self.end(begun).await,
            };
            silent = 0;
            self.send(passed.frames).await?;
            if let Some(problem) = passed.problem {
                return Err(Break::Backend(problem));
            }
        }
        // A connection that has ended can be used again; one that goes on is closed.
        let _ = timeout(TAIL, begun.response.chunk()).await;
        Ok(())
    }

    /// The backend closed the stream: whether it had ended (promise 50).
    async fn end(&self, begun: &mut Begun) -> Result<(), Break> {
        let decoder = std::mem::replace(&mut begun.decoder, shared::translators::sse::Decoder::new(0));
        let passed = begun.watch.end(decoder);
        self.send(passed.frames).await?;
        match passed.problem {
            Some(problem) => Err(Break::Backend(problem)),
            None if begun.watch.is_done() => Ok(()),
            None => Err(Break::Backend(BackendError::cut_short())),
        }
    }

    async fn next(&self, begun: &mut Begun, ticks: &mut Interval) -> Result<Next, Break> {
        tokio::select! {
            biased;
            () = self.client.closed() => Err(Break::ClientGone),
            () = self.stop.cancelled() => Err(Break::Stopped),
            chunk = begun.response.chunk() => match chunk {
                Ok(Some(chunk)) => Ok(Next::Chunk(chunk)),
                Ok(None) => Ok(Next::End),
                Err(_) => Err(Break::Backend(BackendError::cut_short())),
            },
            _ = ticks.tick() => Ok(Next::Silence),
        }
    }

    async fn keep_alive(&self, silent: u32) -> Result<(), Break> {
        if silent >= IDLE_TICKS {
            return Err(Break::Backend(BackendError::timed_out()));
        }
        if silent.is_multiple_of(KEEP_ALIVE_TICKS) { self.send(vec![KEEP_ALIVE]).await } else { Ok(()) }
    }

    /// Waits for a slow client, whose slowness so reaches the backend (promise 48).
    async fn send(&self, frames: Vec<Bytes>) -> Result<(), Break> {
        for frame in frames {
            tokio::select! {
                biased;
                sent = self.client.send(frame) => sent.map_err(|_| Break::ClientGone)?,
                () = self.stop.cancelled() => return Err(Break::Stopped),
            }
        }
        Ok(())
    }

    /// Tells the client of a break: one error event, and no end mark (promise 50).
    async fn tell(&self, broken: Break) -> Ending {
        let (error, ending) = match broken {
            Break::ClientGone => return Ending::ClientGone,
            Break::Backend(error) => (ApiError::from(error), Ending::CutShort),
            Break::Stopped => (ApiError::new(Code::Overloaded, "the gateway had to end this stream"), Ending::Stopped),
        };
        let event = format!("data: {}\n\n", error.body(Dialect::OpenAi, &self.request_id));
        // A client that does not read is not waited for.
        let _ = self.client.send_timeout(event.into(), Duration::from_secs(1)).await;
        ending
    }
}

/// The client's side of a relay.
struct Frames(mpsc::Receiver<Bytes>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|frame| frame.map(|bytes| Ok(Frame::data(bytes))))
    }
}
