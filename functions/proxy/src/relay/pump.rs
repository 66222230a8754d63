//! A stream from the backend to the client, read only as fast as the client reads (promise 48). Knows neither the client
//! nor the settlement.

use std::mem;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use domain::models::RequestId;
use service::outbound::{chunk, poll_chunk};
use tokio::time::timeout;
use translators::stream::{Progress, StreamEnd};

use crate::limits::Limits;
use crate::response::outcome::{StreamChunk, StreamEnding};
use crate::upstream::first_event::StartedStream;

/// Timer periods in the silence after which the client gets a ping.
const PERIODS_PER_PING: u32 = 3;
/// Time for the usage that may follow the end of the response (translation.md §5.7).
const USAGE_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for the connection to end after the end mark. A connection that has ended is reused, another one is closed.
const TAIL_TIMEOUT: Duration = Duration::from_millis(50);

/// A stream that has begun. Its owner runs the timer, so that an event costs none.
pub(super) struct Pump {
    upstream: StartedStream,
    /// The client's next frames.
    frames: vec::IntoIter<Bytes>,
    limits: Limits,
    bytes_read: usize,
    /// The task that waits for the backend, if any.
    waiting: Option<Waker>,
    /// Time since the backend's last byte.
    silence: Duration,
    /// Timer periods since the client's last frame: a backend may send bytes without an event for the client.
    quiet_periods: u32,
}

impl Pump {
    pub(super) fn new(mut upstream: StartedStream, limits: Limits) -> Self {
        let frames = mem::take(&mut upstream.head).into_iter();
        Self {
            upstream,
            frames,
            limits,
            bytes_read: 0,
            waiting: None,
            silence: Duration::ZERO,
            quiet_periods: 0,
        }
    }

    /// The client's next frame, or the end of the response; what may follow its end is left to [`Pump::read_rest`].
    pub(super) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StreamEnd>> {
        loop {
            if let Some(frame) = self.frames.next() {
                return Poll::Ready(Ok(frame));
            }
            if self.upstream.progress != Progress::More {
                return Poll::Ready(Err(StreamEnd::Closed));
            }
            match poll_chunk(&mut self.upstream.body, context) {
                Poll::Ready(Ok(Some(chunk))) => self.feed(chunk)?,
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(StreamEnd::Closed)),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(StreamEnd::Broken)),
                Poll::Pending => {
                    self.wait(context.waker());
                    return Poll::Pending;
                }
            }
        }
    }

    /// The period in which [`Pump::on_timer`] is to be called.
    pub(super) fn timer_period(limits: &Limits) -> Duration {
        limits.keep_alive / PERIODS_PER_PING
    }

    /// Accounts for a period that has passed. Ends the stream of a backend that is silent for too long (promise 49), and
    /// sends a ping to a client that got no frame (promise 48).
    pub(super) fn on_timer(&mut self) -> Result<(), StreamEnd> {
        if self.waiting.is_none() {
            return Ok(());
        }
        self.silence += Self::timer_period(&self.limits);
        self.quiet_periods += 1;
        if self.silence >= self.limits.idle {
            return Err(StreamEnd::TimedOut);
        }
        if self.quiet_periods.is_multiple_of(PERIODS_PER_PING) {
            self.frames = vec![self.upstream.stream.ping()].into_iter();
            self.wake();
        }
        Ok(())
    }

    /// Reads what may follow the end of the response: its usage, and the end of the connection. Gives the client's next
    /// frames.
    pub(super) async fn read_rest(&mut self) -> Vec<Bytes> {
        match self.upstream.progress {
            Progress::Closing => timeout(USAGE_TIMEOUT, self.read_usage()).await.unwrap_or_default(),
            Progress::Done => {
                let _ = timeout(TAIL_TIMEOUT, chunk(&mut self.upstream.body)).await;
                Vec::new()
            }
            Progress::More | Progress::Failed => Vec::new(),
        }
    }

    async fn read_usage(&mut self) -> Vec<Bytes> {
        let StartedStream {
            body, decoder, stream, ..
        } = &mut self.upstream;
        let mut frames = Vec::new();
        while let Ok(Some(chunk)) = chunk(body).await {
            let converted = stream.feed(decoder, chunk);
            frames.extend(converted.frames);
            if matches!(converted.progress, Progress::Done | Progress::Failed) {
                break;
            }
        }
        frames
    }

    /// Wakes the task that waits for the backend.
    pub(super) fn wake(&self) {
        if let Some(waiting) = &self.waiting {
            waiting.wake_by_ref();
        }
    }

    /// Ends the stream. The final frames begin with those that the client has not taken yet.
    pub(super) fn finish(self, end: StreamEnd, id: &RequestId) -> StreamEnding {
        let mut ending = self.upstream.stream.finish(self.upstream.decoder, end, id);
        ending.frames.splice(..0, self.frames);
        ending
    }

    fn feed(&mut self, chunk: Bytes) -> Result<(), StreamEnd> {
        self.silence = Duration::ZERO;
        self.bytes_read += chunk.len();
        if self.bytes_read > self.limits.max_stream_bytes {
            return Err(StreamEnd::Broken);
        }
        let StreamChunk { frames, progress } = self.upstream.stream.feed(&mut self.upstream.decoder, chunk);
        if !frames.is_empty() {
            (self.quiet_periods, self.waiting) = (0, None);
        }
        self.frames = frames.into_iter();
        self.upstream.progress = progress;
        Ok(())
    }

    fn wait(&mut self, waker: &Waker) {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(waker),
            None => self.waiting = Some(waker.clone()),
        }
    }
}
