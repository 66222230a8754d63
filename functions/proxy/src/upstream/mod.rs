//! From a grant to a backend's answer that has begun: one backend after the other, before the first byte only
//! (promises 52 and 53).

pub(crate) mod attempt;
pub(crate) mod backend_request;
pub(crate) mod balance;
pub(crate) mod body;
pub(crate) mod endpoint;
pub(crate) mod failure;
pub(crate) mod first_event;
pub(crate) mod permit;
pub(crate) mod pool;
pub(crate) mod retry_budget;
pub(crate) mod token_count;

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::random;
use service::http::ApiError;

use self::attempt::{Answer, attempt};
use self::failure::{Failure, Failures, none_available};
use crate::App;
use crate::deadlines::Times;
use crate::detached::Client;
use crate::exchange::Grant;
use crate::quota::admission::Reservation;
use crate::request::Ask;
use crate::upstream::balance::{Candidate, pick};
use crate::upstream::permit::{Hold, Writes};

/// Backends asked for one request at most.
const MAX_ATTEMPTS: usize = 3;

/// A backend's answer, and what is held there until it is over.
pub(crate) struct Upstream {
    pub(crate) answer: Answer,
    pub(crate) hold: Hold,
    pub(crate) writes: Writes,
}

/// That no backend has answered.
#[derive(Debug)]
pub(crate) struct UpstreamError {
    /// What the failures come to.
    pub(crate) error: ApiError,
    /// The last one that was tried, if any was.
    pub(crate) backend: Option<BackendId>,
}

/// The first backend's answer that can be passed on.
pub(crate) async fn open(
    app: &App,
    reservation: &Reservation,
    ask: &Ask<'_>,
    times: &Times,
    client: &mut Client,
) -> Result<Upstream, UpstreamError> {
    let (failures, writes) = (Failures::default(), Writes::default());
    let mut search = Search {
        app,
        reservation,
        ask,
        times,
        tried: Vec::new(),
        failures,
        writes,
    };
    app.retries.note_request();
    while let Some(candidate) = search.next() {
        match search.ask(candidate.backend, client).await {
            Ok((answer, hold)) => {
                return Ok(Upstream {
                    answer,
                    hold,
                    writes: search.writes,
                });
            }
            Err(failure) => search.failures.add(failure, !candidate.usable),
        }
    }
    search.writes.done().await;
    let backend = search.tried.last().map(|id| BackendId::clone(id));
    Err(UpstreamError {
        error: search.failures.into_error(),
        backend,
    })
}

/// The backend to ask, of those not `tried` yet.
pub(crate) fn choose<'a>(app: &App, grant: &'a Grant, tried: &[&BackendId]) -> Option<Candidate<'a>> {
    let now = app.store.clock().now();
    let left = grant
        .entry
        .backends
        .iter()
        .filter(|backend| backend.enabled && !tried.contains(&&backend.id));
    let candidates: Vec<_> = left
        .map(|backend| {
            let (load, usable) = app.fleet.look(backend, now);
            Candidate { backend, load, usable }
        })
        .collect();
    let region = grant.policy.region.as_deref().or(app.region.as_deref());
    pick(&candidates, region, || u64::from_le_bytes(random::bytes()))
}

/// The search for a backend that answers.
struct Search<'a> {
    app: &'a App,
    reservation: &'a Reservation,
    ask: &'a Ask<'a>,
    times: &'a Times,
    tried: Vec<&'a BackendId>,
    failures: Failures,
    writes: Writes,
}

impl<'a> Search<'a> {
    /// The backend to ask next, if one more may be asked.
    fn next(&mut self) -> Option<Candidate<'a>> {
        if self.failures.are_final() || self.failures.asked() >= MAX_ATTEMPTS || !self.times.may_ask() {
            return None;
        }
        let candidate = choose(self.app, &self.reservation.grant, &self.tried)?;
        if self.failures.asked() > 0 && !self.app.retries.take_retry() {
            return None;
        }
        self.tried.push(&candidate.backend.id);
        Some(candidate)
    }

    /// Asks one backend, if it has a place.
    async fn ask(&mut self, backend: &Backend, client: &mut Client) -> Result<(Answer, Hold), Failure> {
        let place = Hold::take(self.app, backend, self.times)
            .await
            .map_err(Failure::unasked)?;
        let mut hold = place.ok_or_else(|| Failure::unasked(none_available()))?;
        let asked = tokio::select! {
            biased;
            () = client.gone() => Err(Failure::given_up("the client has left")),
            () = self.app.exchanges.stop.cancelled() => Err(Failure::given_up("the gateway is being stopped")),
            asked = attempt(self.app, self.reservation, self.ask, backend, self.times) => asked,
        };
        match asked {
            Ok(answer) => {
                if answer.content.has_begun() {
                    hold.begun(self.app, &mut self.writes);
                }
                Ok((answer, hold))
            }
            Err(failure) => {
                failure.log(&self.reservation.request_id, &backend.id);
                hold.end(self.app, failure.verdict(), &mut self.writes);
                Err(failure)
            }
        }
    }
}
