//! A stream on its way from the backend to the client: read only as fast as the client reads (promise 48). Knows neither
//! the client nor the books.

use std::mem;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use domain::models::RequestId;
use service::outbound::{chunk, poll_chunk};
use tokio::time::timeout;
use translators::messages::stream::{Progress, StreamEnd};

use crate::Limits;
use crate::response::stream::{Ended, Spoken};
use crate::upstream::first_event::Begun;

/// How often silence is looked at in the time after which the client is told that the stream is alive.
const TICKS: u32 = 3;
/// How long usage may take behind the end of the answer (translation.md §5.7).
const USAGE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the connection may take to end behind the end mark. One that has ended can be used again; one that goes on is closed.
const TAIL: Duration = Duration::from_millis(50);

/// A stream that has begun. It has no clock of its own: who holds it says when time has passed, so that an event costs no timer.
pub(super) struct Pump {
    begun: Begun,
    /// What the client gets next.
    frames: vec::IntoIter<Bytes>,
    limits: Limits,
    read: usize,
    /// Who waits for the backend, if anybody does.
    waiting: Option<Waker>,
    /// For how long the backend has said nothing.
    silent: Duration,
    /// For how many ticks the client has heard nothing: a backend may talk without an event for the client.
    quiet: u32,
}

impl Pump {
    pub(super) fn new(mut begun: Begun, limits: Limits) -> Self {
        let frames = mem::take(&mut begun.head).into_iter();
        Self {
            begun,
            frames,
            limits,
            read: 0,
            waiting: None,
            silent: Duration::ZERO,
            quiet: 0,
        }
    }

    /// The client's next frame, or how the answer has ended; what may follow its end is left to [`Pump::rest`].
    pub(super) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StreamEnd>> {
        loop {
            if let Some(frame) = self.frames.next() {
                return Poll::Ready(Ok(frame));
            }
            if self.begun.progress != Progress::More {
                return Poll::Ready(Err(StreamEnd::Closed));
            }
            match poll_chunk(&mut self.begun.body, context) {
                Poll::Ready(Ok(Some(chunk))) => self.take(chunk)?,
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(StreamEnd::Closed)),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(StreamEnd::Broken)),
                Poll::Pending => {
                    self.wait(context.waker());
                    return Poll::Pending;
                }
            }
        }
    }

    /// How often [`Pump::tick`] is to be called.
    pub(super) fn tick_every(limits: &Limits) -> Duration {
        limits.keep_alive / TICKS
    }

    /// Takes in that a tick has passed. A backend that is waited for in vain is given up (promise 49); a client that hears
    /// nothing is told that the stream is alive (promise 48).
    pub(super) fn tick(&mut self) -> Result<(), StreamEnd> {
        if self.waiting.is_none() {
            return Ok(());
        }
        self.silent += Self::tick_every(&self.limits);
        self.quiet += 1;
        if self.silent >= self.limits.idle {
            return Err(StreamEnd::TimedOut);
        }
        if self.quiet.is_multiple_of(TICKS) {
            self.frames = vec![self.begun.voice.keep_alive()].into_iter();
            self.wake();
        }
        Ok(())
    }

    /// Reads what may follow the end of the answer: its usage, and the end of the connection. Gives the client's next frames.
    pub(super) async fn rest(&mut self) -> Vec<Bytes> {
        match self.begun.progress {
            Progress::Closing => timeout(USAGE_TIMEOUT, self.usage()).await.unwrap_or_default(),
            Progress::Done => {
                let _ = timeout(TAIL, chunk(&mut self.begun.body)).await;
                Vec::new()
            }
            Progress::More | Progress::Failed => Vec::new(),
        }
    }

    async fn usage(&mut self) -> Vec<Bytes> {
        let mut frames = Vec::new();
        while let Ok(Some(chunk)) = chunk(&mut self.begun.body).await {
            let spoken = self.begun.voice.take(&mut self.begun.decoder, chunk);
            frames.extend(spoken.frames);
            if matches!(spoken.progress, Progress::Done | Progress::Failed) {
                break;
            }
        }
        frames
    }

    /// Wakes who waits.
    pub(super) fn wake(&self) {
        if let Some(waiting) = &self.waiting {
            waiting.wake_by_ref();
        }
    }

    /// What it came to, with the last that there is to say: first what the client has not taken yet.
    pub(super) fn finish(self, end: StreamEnd, id: &RequestId) -> Ended {
        let mut ended = self.begun.voice.finish(self.begun.decoder, end, id);
        ended.frames.splice(..0, self.frames);
        ended
    }

    fn take(&mut self, chunk: Bytes) -> Result<(), StreamEnd> {
        self.silent = Duration::ZERO;
        self.read += chunk.len();
        if self.read > self.limits.max_stream_bytes {
            return Err(StreamEnd::Broken);
        }
        let Spoken { frames, progress } = self.begun.voice.take(&mut self.begun.decoder, chunk);
        if !frames.is_empty() {
            (self.quiet, self.waiting) = (0, None);
        }
        self.frames = frames.into_iter();
        self.begun.progress = progress;
        Ok(())
    }

    fn wait(&mut self, waker: &Waker) {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(waker),
            None => self.waiting = Some(waker.clone()),
        }
    }
}
