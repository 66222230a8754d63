//! From the backend's bytes to the client's: passed on as they come, settled at the end.
//!
//! The client's answer ends only when the exchange is settled: Lambda freezes the process as soon as it is complete.

pub(crate) mod answer;
pub(crate) mod finding;
mod likeness;
pub(crate) mod naming;
mod response;
pub(crate) mod voice;
pub(crate) mod watch;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use shared::models::RequestId;
use shared::models::health::FailureClass;
use shared::models::usage::Outcome;
use shared::outbound::chunk as next_chunk;
use shared::translators::stream::{Progress, StreamEnd};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::answer::{Notes, Whole};
use self::voice::Ended;
use crate::accounting::admit::Reservation;
use crate::accounting::metered::Metered;
use crate::accounting::settle::{self, Account};
use crate::client::Client;
use crate::fleet::Verdict;
use crate::fleet::hold::Writes;
use crate::forward::Upstream;
use crate::forward::attempt::Content;
use crate::forward::begin::Begun;
use crate::times::Times;
use crate::{Limits, State};

/// How often silence is looked at in the time after which the client is told that the stream is alive.
const TICKS: u32 = 3;
/// How long usage may take behind the end of the answer (translation.md §5.7).
const USAGE_PATIENCE: Duration = Duration::from_secs(2);
/// How long the connection may take to end behind the end mark, to be used again.
const TAIL: Duration = Duration::from_millis(50);
/// What is found about a backend whose answer has broken off.
const INTERRUPTED: Verdict = Verdict::Failed { class: FailureClass::Interrupted, retry_after: None };
/// How long a client that does not read is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Passes the backend's answer on, and closes the books behind it.
pub(crate) async fn pass_on(state: &State, upstream: Upstream, reservation: Reservation, times: &Times, client: Client) {
    let Upstream { mut answer, hold, mut writes } = upstream;
    let headers = response::headers(state, &mut answer, hold.backend(), &reservation).await;
    let first_byte = Some(reservation.began.elapsed());
    let backend = Some(hold.backend().clone());
    let account = |outcome, metered, notes| Account { backend, status: StatusCode::OK, outcome, metered, first_byte, notes };
    match answer.content {
        Content::Whole(Whole { body, metered, notes }) => {
            hold.end(state, Some(Verdict::Answered), &mut writes);
            close(state, writes, reservation, account(Outcome::Complete, metered, notes)).await;
            client.answer(Ok(response::whole(body, headers)));
        }
        Content::Stream(begun) => {
            let (sender, frames) = mpsc::channel(1);
            client.answer(Ok(response::stream(Body::new(Frames(frames)), headers)));
            let relay = Relay::new(state, sender, &reservation, times);
            let Passed { metered, notes, outcome, verdict } = relay.run(*begun).await;
            hold.end(state, verdict, &mut writes);
            close(state, writes, reservation, account(outcome, metered, notes)).await;
            // The client's body ends here, when `relay` with its sender is gone.
            drop(relay);
        }
    }
}

/// Settles, and waits for what is written of the backend, both before the client's answer ends.
async fn close(state: &State, writes: Writes, reservation: Reservation, account: Account) {
    tokio::join!(settle::settle(state, reservation, account), writes.done());
}

/// One stream under way.
struct Relay {
    client: mpsc::Sender<Bytes>,
    stop: CancellationToken,
    limits: Limits,
    request_id: RequestId,
    deadline: Instant,
}

/// What a stream came to.
struct Passed {
    metered: Metered,
    notes: Notes,
    outcome: Outcome,
    /// What it says about the backend, if anything.
    verdict: Option<Verdict>,
}

/// Why nothing more is read.
#[derive(Clone, Copy)]
enum Halt {
    /// The stream said that it is over, or came to its end.
    Ended(StreamEnd),
    /// The client is gone: nobody is left to be told.
    ClientGone,
    /// The gateway stops, or the time is up.
    Stopped,
}

/// What happened next.
enum Next {
    Chunk(Bytes),
    End(StreamEnd),
    Silence,
}

impl Relay {
    fn new(state: &State, client: mpsc::Sender<Bytes>, reservation: &Reservation, times: &Times) -> Self {
        Self {
            client,
            stop: state.exchanges.stop.clone(),
            limits: state.limits,
            request_id: reservation.request_id.clone(),
            deadline: times.end,
        }
    }

    async fn run(&self, mut begun: Begun) -> Passed {
        // One set of clocks and bells for the whole stream, none for each chunk.
        let halt = tokio::select! {
            biased;
            halt = self.pass(&mut begun) => halt,
            () = self.client.closed() => Halt::ClientGone,
            () = self.stop.cancelled() => Halt::Stopped,
            () = sleep_until(self.deadline) => Halt::Stopped,
        };
        let end = if let Halt::Ended(end) = halt { end } else { StreamEnd::TimedOut };
        let Ended { frames, metered, delivered, ending, notes } = begun.voice.finish(begun.decoder, end, &self.request_id);
        let (outcome, verdict) = match (halt, ending) {
            (Halt::Ended(_), Ok(())) => (Outcome::Complete, Some(Verdict::Answered)),
            (Halt::Ended(_), Err(_)) => (Outcome::CutShort, Some(INTERRUPTED)),
            (Halt::ClientGone, _) => (Outcome::ClientGone, delivered.then_some(Verdict::Answered)),
            (Halt::Stopped, _) => (Outcome::Stopped, delivered.then_some(Verdict::Answered)),
        };
        for frame in frames.into_iter().filter(|frame| !frame.is_empty()) {
            let _ = self.client.send_timeout(frame, LAST_WORDS).await;
        }
        Passed { metered, notes, outcome: if delivered { outcome } else { Outcome::Failed }, verdict }
    }

    /// Passes events on until there are no more.
    async fn pass(&self, begun: &mut Begun) -> Halt {
        match self.pass_all(begun).await {
            Ok(end) => Halt::Ended(end),
            Err(ClientGone) => Halt::ClientGone,
        }
    }

    async fn pass_all(&self, begun: &mut Begun) -> Result<StreamEnd, ClientGone> {
        self.send(std::mem::take(&mut begun.head)).await?;
        let mut progress = begun.progress;
        let tick = self.limits.keep_alive / TICKS;
        let mut ticks = interval_at(Instant::now() + tick, tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Time without a word of the backend, ticks without one for the client: a backend may talk without an event for the client.
        let (mut silent, mut quiet) = (Duration::ZERO, 0);
        let mut read = 0;
        loop {
            match progress {
                Progress::More => {}
                Progress::Closing => return self.close(begun).await,
                Progress::Done => return Ok(rest(begun).await),
                Progress::Failed => return Ok(StreamEnd::Closed),
            }
            match next(begun, &mut ticks).await {
                Next::End(end) => return Ok(end),
                Next::Silence => {
                    (silent, quiet) = (silent + tick, quiet + 1);
                    if silent >= self.limits.idle {
                        return Ok(StreamEnd::TimedOut);
                    }
                    self.keep_alive(begun, quiet).await?;
                }
                Next::Chunk(chunk) => {
                    silent = Duration::ZERO;
                    read += chunk.len();
                    if read > self.limits.max_stream_bytes {
                        return Ok(StreamEnd::Broken);
                    }
                    let spoken = begun.voice.take(&mut begun.decoder, chunk);
                    quiet = if spoken.frames.is_empty() { quiet } else { 0 };
                    progress = spoken.progress;
                    self.send(spoken.frames).await?;
                }
            }
        }
    }

    /// The answer is over, and only its usage may be missing.
    async fn close(&self, begun: &mut Begun) -> Result<StreamEnd, ClientGone> {
        let closing = async {
            while let Ok(Some(chunk)) = next_chunk(&mut begun.body).await {
                let spoken = begun.voice.take(&mut begun.decoder, chunk);
                self.send(spoken.frames).await?;
                if matches!(spoken.progress, Progress::Done | Progress::Failed) {
                    break;
                }
            }
            Ok(())
        };
        timeout(USAGE_PATIENCE, closing).await.unwrap_or(Ok(()))?;
        Ok(StreamEnd::Closed)
    }

    async fn keep_alive(&self, begun: &mut Begun, quiet: u32) -> Result<(), ClientGone> {
        if quiet.is_multiple_of(TICKS) { self.send(vec![begun.voice.keep_alive()]).await } else { Ok(()) }
    }

    /// Waits for a slow client, whose slowness so reaches the backend (promise 48).
    async fn send(&self, frames: Vec<Bytes>) -> Result<(), ClientGone> {
        for frame in frames {
            self.client.send(frame).await.map_err(|_| ClientGone)?;
        }
        Ok(())
    }
}

/// Nobody is left to be told anything.
struct ClientGone;

async fn next(begun: &mut Begun, ticks: &mut Interval) -> Next {
    tokio::select! {
        biased;
        chunk = next_chunk(&mut begun.body) => match chunk {
            Ok(Some(chunk)) => Next::Chunk(chunk),
            Ok(None) => Next::End(StreamEnd::Closed),
            Err(_) => Next::End(StreamEnd::Broken),
        },
        _ = ticks.tick() => Next::Silence,
    }
}

/// The end mark has come. A connection that has ended can be used again; one that goes on is closed.
async fn rest(begun: &mut Begun) -> StreamEnd {
    let _ = timeout(TAIL, next_chunk(&mut begun.body)).await;
    StreamEnd::Closed
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

#[cfg(test)]
mod tests;
