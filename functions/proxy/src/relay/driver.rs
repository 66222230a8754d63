//! A stream under way, between two: the client's body, which pumps, and the exchange, which watches the time and closes
//! the books. No event of it crosses a task or a channel.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use domain::models::RequestId;
use http_body::Frame;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;
use translators::messages::stream::StreamEnd;

use super::pump::Pump;
use crate::Limits;
use crate::response::stream::Ended;

/// How long a client that does not read is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The exchange's side.
pub(super) struct Passage {
    pump: Shared,
    tick: Duration,
    halted: oneshot::Receiver<StreamEnd>,
    last_words: mpsc::Sender<Bytes>,
}

/// The client's side. It ends when the [`Passage`] is gone.
pub(super) struct PassageBody {
    pump: Shared,
    /// Tells the exchange why nothing more is pumped; gone afterwards.
    halt: Option<oneshot::Sender<StreamEnd>>,
    last_words: mpsc::Receiver<Bytes>,
}

/// The pump, until the exchange takes it to end the stream.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<Pump>>>);

/// Why nothing more is pumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// The stream said that it is over, or came to its end.
    Ended(StreamEnd),
    /// The client is gone: nobody is left to be told.
    ClientGone,
    /// The gateway stops, or the time is up.
    Stopped,
}

pub(super) fn passage(pump: Pump, limits: &Limits) -> (Passage, PassageBody) {
    let pump = Shared(Arc::new(Mutex::new(Some(pump))));
    let (halt, halted) = oneshot::channel();
    let (sender, receiver) = mpsc::channel(1);
    let body = PassageBody {
        pump: pump.clone(),
        halt: Some(halt),
        last_words: receiver,
    };
    (
        Passage {
            pump,
            tick: Pump::tick_every(limits),
            halted,
            last_words: sender,
        },
        body,
    )
}

impl Passage {
    /// Waits until nothing more is pumped: at `deadline` and at `stop` also where the client reads nothing.
    pub(super) async fn halted(&mut self, stop: &CancellationToken, deadline: Instant) -> Halt {
        let mut ticks = interval_at(Instant::now() + self.tick, self.tick);
        let (stopped, ended) = (stop.cancelled(), sleep_until(deadline));
        tokio::pin!(stopped, ended);
        loop {
            tokio::select! {
                biased;
                end = &mut self.halted => return end.map_or(Halt::ClientGone, Halt::Ended),
                () = &mut stopped => return Halt::Stopped,
                () = &mut ended => return Halt::Stopped,
                _ = ticks.tick() => if let Err(end) = self.pump.tick() { return Halt::Ended(end) },
            }
        }
    }

    /// Ends the stream, with all that there is still to say; `None` for one that has been ended.
    pub(super) async fn finish(&mut self, halt: Halt, id: &RequestId) -> Option<Ended> {
        let mut pump = self.pump.take()?;
        let end = if let Halt::Ended(end) = halt {
            end
        } else {
            StreamEnd::TimedOut
        };
        if let Halt::Ended(_) = halt {
            self.say(pump.rest().await).await;
        }
        let mut ended = pump.finish(end, id);
        self.say(std::mem::take(&mut ended.frames)).await;
        Some(ended)
    }

    /// Says it in one piece: a client that reads nothing at the moment has room for one.
    async fn say(&self, frames: Vec<Bytes>) {
        let words = frames.concat();
        if !words.is_empty() {
            let _ = self.last_words.send_timeout(words.into(), LAST_WORDS).await;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Pump>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the pump, and tells the body that it is gone.
    fn take(&self) -> Option<Pump> {
        let pump = self.lock().take();
        if let Some(pump) = &pump {
            pump.wake();
        }
        pump
    }

    fn tick(&self) -> Result<(), StreamEnd> {
        self.lock().as_mut().map_or(Ok(()), Pump::tick)
    }
}

impl PassageBody {
    /// The next frame while there is something to pump.
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
                // An exchange that has ended the stream itself does not listen.
                let _ = self.halt.take().map(|halt| halt.send(end));
                Poll::Ready(None)
            }
        }
    }
}

impl http_body::Body for PassageBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match ready!(self.poll_pump(context)) {
            Some(frame) => Some(frame),
            None => ready!(self.last_words.poll_recv(context)),
        };
        Poll::Ready(frame.map(|frame| Ok(Frame::data(frame))))
    }
}
