//! A stream from the backend to the client, read only as fast as the client reads (promise 48). Knows neither the
//! client nor the settlement.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use domain::models::RequestId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use translators::stream::{Progress, StreamEnd};

use crate::limits::Limits;
use crate::response::outcome::{StreamChunk, StreamEnding};
use crate::upstream::first_event::StartedStream;

/// Timer periods in the silence after which the client gets a ping.
const PERIODS_PER_PING: u32 = 3;
/// Silence behind a finish reason, after which nothing more is waited for (B1.2).
pub(super) const CLOSING_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for the connection to end after the end mark. A connection that has ended is reused, another one is closed.
const TAIL_TIMEOUT: Duration = Duration::from_millis(50);

/// A stream that has begun. Its owner runs the timer, so that an event costs none.
pub(super) struct Pump {
    upstream: StartedStream,
    /// The client's next frames.
    frames: vec::IntoIter<Bytes>,
    limits: Limits,
    /// Silence after which the backend is given up.
    idle: Duration,
    bytes_read: usize,
    /// The task that waits for the backend, if any.
    waiting: Option<Waker>,
    /// Whole timer periods since the backend's last byte; `None` in the period of that byte.
    silence: Option<Duration>,
    /// When the wait for more began, behind a finish reason.
    closing_since: Option<Instant>,
    /// Tells the owner of the timer that such a wait has begun.
    closing: Arc<Notify>,
    /// Timer periods since the client's last frame: a backend may send bytes without an event for the client.
    quiet_periods: u32,
}

impl Pump {
    pub(super) fn new(mut upstream: StartedStream, limits: Limits, idle: Duration) -> Self {
        let frames = mem::take(&mut upstream.head).into_iter();
        Self {
            upstream,
            frames,
            limits,
            idle,
            bytes_read: 0,
            waiting: None,
            silence: None,
            closing_since: None,
            closing: Arc::default(),
            quiet_periods: 0,
        }
    }

    /// The client's next frame, or the end of the response; what may follow its end is left to [`Pump::read_tail`].
    pub(super) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StreamEnd>> {
        loop {
            if let Some(frame) = self.frames.next() {
                return Poll::Ready(Ok(frame));
            }
            if matches!(self.upstream.progress, Progress::Done | Progress::Failed) {
                return Poll::Ready(Err(StreamEnd::Closed));
            }
            match self.upstream.body.poll_chunk(context) {
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

    /// Accounts for a period that has passed. Ends the stream of a backend that is silent for too long (promise 49),
    /// and sends a ping to a client that got no frame (promise 48).
    pub(super) fn on_timer(&mut self) -> Result<(), StreamEnd> {
        if self.waiting.is_none() {
            return Ok(());
        }
        let silence = self
            .silence
            .map_or(Duration::ZERO, |silence| silence + Self::timer_period(&self.limits));
        self.silence = Some(silence);
        self.quiet_periods += 1;
        if silence >= self.idle {
            return Err(StreamEnd::TimedOut);
        }
        if self.quiet_periods.is_multiple_of(PERIODS_PER_PING) {
            self.frames = self.upstream.stream.ping().into_iter().collect::<Vec<_>>().into_iter();
            self.wake();
        }
        Ok(())
    }

    /// Notified when a wait for more begins behind a finish reason.
    pub(super) fn closing(&self) -> Arc<Notify> {
        Arc::clone(&self.closing)
    }

    /// When the wait behind a finish reason is over; `None` while there is none. What has come by then is taken.
    pub(super) fn closing_deadline(&mut self, now: Instant) -> Option<Instant> {
        let deadline = self.closing_since? + CLOSING_TIMEOUT;
        if deadline <= now
            && let Poll::Ready(read) = self.upstream.body.poll_chunk(&mut Context::from_waker(Waker::noop()))
        {
            // The task that takes frames comes to the same end.
            if let Ok(Some(chunk)) = read
                && self.feed(chunk).is_ok()
            {
                self.wake();
                return None;
            }
        }
        Some(deadline)
    }

    /// Waits for the connection to end after the end mark, so that it can be used again.
    pub(super) async fn read_tail(&mut self) {
        if self.upstream.progress == Progress::Done {
            let _ = timeout(TAIL_TIMEOUT, self.upstream.body.chunk()).await;
        }
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
        (self.silence, self.closing_since) = (None, None);
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
        if self.upstream.progress == Progress::Closing && self.closing_since.is_none() {
            self.closing_since = Some(Instant::now());
            self.closing.notify_one();
        }
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(waker),
            None => self.waiting = Some(waker.clone()),
        }
    }
}
