//! What is the same in all events of one response, whichever backend it comes from and whoever writes them: its id, its
//! time, the members that repeat the request (RA1), the number of the next event, and who seals for its client (K).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;

use crate::error::RequestError;
use crate::sealed::{ClientSealer, Sealer};

use super::echo;
use super::failure::failure_code;
use super::wire::event::EventWriter;
use super::wire::request::ResponsesBody;
use super::wire::response::{Failure, Head, ResponseObject};

/// Seconds since 1970.
pub type UnixTime = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Comments between two events that show life (RS6): with fifteen seconds of silence for each, a minute.
const COMMENTS_PER_EVENT: u32 = 3;

/// One response. Clones share the number of events that were written before a backend responded.
#[derive(Clone)]
pub struct Lifecycle {
    head: Head,
    now: UnixTime,
    early_events: Arc<AtomicU64>,
    sealer: ClientSealer,
    /// The id of the response that it goes on from.
    previous: Option<Arc<str>>,
}

impl Lifecycle {
    /// The response with the id `resp_<key>`, begun at `now`. `key` is 20 to 40 characters of `[a-z0-9]`.
    pub fn new(key: String, now: UnixTime) -> Self {
        Self {
            head: Head {
                key,
                created_at: now(),
                echo: Arc::default(),
                tier: None,
                is_stored: false,
            },
            now,
            early_events: Arc::default(),
            sealer: ClientSealer::default(),
            previous: None,
        }
    }

    /// The same response to a client for whom `sealer` seals.
    #[must_use]
    pub fn sealed_by(mut self, sealer: impl Into<ClientSealer>) -> Self {
        self.sealer = sealer.into();
        self
    }

    /// The same response with the members that repeat its `request` (RA1). `model` is the client's name of the model.
    pub fn of_request(&self, request: &ResponsesBody<'_>, model: &str) -> Result<Self, RequestError> {
        let mut response = self.clone();
        response.head.echo = Arc::from(echo::of(request, model, self.previous.as_deref())?);
        response.head.tier = echo::tier(request).map(Arc::from);
        Ok(response)
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The same response, which is to be stored, or not.
    #[must_use]
    pub fn stored(mut self, is_stored: bool) -> Self {
        self.head.is_stored = is_stored;
        self
    }

    /// The same response, which goes on from another one.
    #[must_use]
    pub fn following(mut self, previous: Option<&str>) -> Self {
        self.previous = previous.map(Arc::from);
        self
    }

    pub fn is_stored(&self) -> bool {
        self.head.is_stored
    }

    /// The id of the response that it goes on from.
    pub(crate) fn previous(&self) -> Option<&str> {
        self.previous.as_deref()
    }

    pub(crate) fn sealer(&self) -> &dyn Sealer {
        self.sealer.get()
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.now)()
    }

    pub(crate) fn completed_at(&self) -> i64 {
        self.now().max(self.head.created_at)
    }

    /// The client's id of the response.
    pub fn id(&self) -> String {
        format!("resp_{}", self.head.key)
    }

    /// Events that were written before a backend responded.
    pub fn early_events(&self) -> u64 {
        self.early_events.load(Ordering::Relaxed)
    }

    /// Begins the response before a backend has (RS6, B8.3).
    pub fn begin_early(&self, out: &mut BytesMut) {
        self.early(out, |events, head| {
            events.created(head);
            events.in_progress(head);
        });
    }

    /// Shows that a response lives that was begun early: the `count`th sign of life of a silence, beginning with 0.
    pub fn show_life_early(&self, count: u32, out: &mut BytesMut) {
        self.early(out, |events, head| sign_of_life(count, events, head));
    }

    /// Ends a response that was begun early, and that no backend has answered.
    pub fn fail_early(&self, status: u16, is_overflow: bool, message: &str, out: &mut BytesMut) {
        let failure = Failure {
            code: failure_code(status, is_overflow),
            message,
        };
        self.early(out, |events, head| {
            events.terminal("response.failed", &ResponseObject::failed(head, "", &failure));
        });
    }

    fn early(&self, out: &mut BytesMut, write: impl FnOnce(&mut EventWriter<'_>, &Head)) {
        let mut sequence = self.early_events();
        write(
            &mut EventWriter {
                out,
                sequence: &mut sequence,
            },
            &self.head,
        );
        self.early_events.store(sequence, Ordering::Relaxed);
    }
}

/// A comment, or once a minute an event: comments do not reset the clock by which Codex gives up.
pub(crate) fn sign_of_life(count: u32, events: &mut EventWriter<'_>, head: &Head) {
    if count % (COMMENTS_PER_EVENT + 1) == COMMENTS_PER_EVENT {
        events.in_progress(head);
    } else {
        events.out.extend_from_slice(b": keep-alive\n\n");
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle")
            .field("head", &self.head)
            .field("early_events", &self.early_events)
            .finish_non_exhaustive()
    }
}
