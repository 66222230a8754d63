//! A running stream between two sides: the client's body pumps it, and the exchange drives it, which watches the time
//! and settles. No event crosses a task or a channel.

use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use domain::models::RequestId;
use http_body::Frame;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;
use translators::stream::StreamEnd;

use super::pump::{CLOSING_TIMEOUT, Pump};
use crate::limits::Limits;
use crate::response::outcome::StreamEnding;
use crate::stored::Storing;

/// Time for a client that does not read to take the final frames.
const FINAL_FRAMES_TIMEOUT: Duration = Duration::from_secs(1);

/// The exchange's side.
pub(super) struct Driver {
    pump: SharedPump,
    timer_period: Duration,
    closing: Arc<Notify>,
    halted: oneshot::Receiver<StreamEnd>,
    final_frames: mpsc::Sender<Bytes>,
}

/// The client's side. It ends when the [`Driver`] is dropped.
pub(super) struct DrivenBody {
    pump: SharedPump,
    /// Tells the driver why the pump has stopped; `None` afterwards.
    halt: Option<oneshot::Sender<StreamEnd>>,
    final_frames: mpsc::Receiver<Bytes>,
}

/// The pump, until the driver takes it to end the stream.
#[derive(Clone)]
struct SharedPump(Arc<Mutex<Option<Pump>>>);

/// Why the pump has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// The stream came to its end, or broke.
    Ended(StreamEnd),
    ClientGone,
    /// The gateway stops, or the deadline has passed.
    Stopped,
}

/// Both sides of a stream.
pub(super) fn drive(pump: Pump, limits: &Limits) -> (Driver, DrivenBody) {
    let closing = pump.closing();
    let pump = SharedPump(Arc::new(Mutex::new(Some(pump))));
    let (halt, halted) = oneshot::channel();
    let (sender, receiver) = mpsc::channel(1);
    let body = DrivenBody {
        pump: pump.clone(),
        halt: Some(halt),
        final_frames: receiver,
    };
    let driver = Driver {
        pump,
        timer_period: Pump::timer_period(limits),
        closing,
        halted,
        final_frames: sender,
    };
    (driver, body)
}

/// The frames that end a response.
#[derive(Debug, Default)]
pub(super) struct LastFrames {
    frames: Vec<Bytes>,
    storing: Option<Storing>,
}

impl Driver {
    /// Waits until the pump has stopped: at `deadline` and on `stop` even if the client does not read.
    pub(super) async fn halted(&mut self, stop: &CancellationToken, deadline: Instant) -> Halt {
        let mut timer = interval_at(Instant::now() + self.timer_period, self.timer_period);
        let (stopped, timed_out) = (stop.cancelled(), sleep_until(deadline));
        tokio::pin!(stopped, timed_out);
        // Behind a finish reason only: an event costs no timer.
        let mut closes_at = None;
        loop {
            tokio::select! {
                biased;
                end = &mut self.halted => return end.map_or(Halt::ClientGone, Halt::Ended),
                () = &mut stopped => return Halt::Stopped,
                () = &mut timed_out => return Halt::Stopped,
                () = self.closing.notified() => closes_at = Some(Instant::now() + CLOSING_TIMEOUT),
                () = sleep_until(closes_at.unwrap_or(deadline)), if closes_at.is_some() => {
                    closes_at = self.pump.closing_deadline();
                    if closes_at.is_some_and(|at| at <= Instant::now()) {
                        return Halt::Ended(StreamEnd::Closed);
                    }
                }
                _ = timer.tick() => if let Err(end) = self.pump.on_timer() { return Halt::Ended(end) },
            }
        }
    }

    /// Ends the stream; `None` if it was ended before. Only what ended well is stored.
    pub(super) async fn finish(
        &mut self,
        halt: Halt,
        id: &RequestId,
        storing: Option<Storing>,
    ) -> (Option<StreamEnding>, LastFrames) {
        let Some(mut pump) = self.pump.take() else {
            return (None, LastFrames::default());
        };
        let end = match halt {
            Halt::Ended(end) => {
                pump.read_tail().await;
                end
            }
            Halt::ClientGone | Halt::Stopped => StreamEnd::TimedOut,
        };
        let mut ending = pump.finish(end, id);
        let last = LastFrames {
            frames: mem::take(&mut ending.frames),
            storing: storing.filter(|_| ending.result.is_ok()),
        };
        (Some(ending), last)
    }

    /// Sends the last frames, once a response that is to be stored is.
    pub(super) async fn send_last(&self, LastFrames { frames, storing }: LastFrames) {
        let frames = match storing {
            Some(storing) => storing.keep_last(frames).await,
            None => frames,
        };
        // As one: the channel has room for one frame of a client that does not read at the moment.
        let frame = frames.concat();
        if !frame.is_empty() {
            let _ = self.final_frames.send_timeout(frame.into(), FINAL_FRAMES_TIMEOUT).await;
        }
    }
}

impl SharedPump {
    fn lock(&self) -> MutexGuard<'_, Option<Pump>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the pump, and wakes the body, which finds it gone.
    fn take(&self) -> Option<Pump> {
        let pump = self.lock().take();
        if let Some(pump) = &pump {
            pump.wake();
        }
        pump
    }

    fn closing_deadline(&self) -> Option<Instant> {
        self.lock()
            .as_mut()
            .and_then(|pump| pump.closing_deadline(Instant::now()))
    }

    fn on_timer(&self) -> Result<(), StreamEnd> {
        self.lock().as_mut().map_or(Ok(()), Pump::on_timer)
    }
}

impl DrivenBody {
    /// The next frame of the pump; `None` once it has stopped.
    fn poll_pump(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.halt.is_none() {
            return Poll::Ready(None);
        }
        let pumped = match self.pump.lock().as_mut() {
            Some(pump) => ready!(pump.poll_frame(context)),
            None => Err(StreamEnd::Closed),
        };
        match pumped {
            Ok(frame) => Poll::Ready(Some(frame)),
            Err(end) => {
                // A driver that has ended the stream itself does not listen.
                let _ = self.halt.take().map(|halt| halt.send(end));
                Poll::Ready(None)
            }
        }
    }
}

impl http_body::Body for DrivenBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match ready!(self.poll_pump(context)) {
            Some(frame) => Some(frame),
            None => ready!(self.final_frames.poll_recv(context)),
        };
        Poll::Ready(frame.map(|frame| Ok(Frame::data(frame))))
    }
}
