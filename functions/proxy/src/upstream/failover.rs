//! From a reservation to the response of a backend: one backend after the other, until one has sent its first byte
//! (promises 52 and 53).

use domain::models::BackendId;
use domain::models::catalog::Backend;
use service::http::ApiError;
use service::store::Store;

use super::attempt::attempt;
use super::balance::{Balancer, Candidate};
use super::client::BackendClient;
use super::failure::{Failure, Failures, none_available};
use super::permit::{PendingWrites, Permit};
use super::response::BackendResponse;
use super::retry_budget::RetryBudget;
use crate::deadlines::Deadlines;
use crate::detached::{Downstream, Exchanges};
use crate::quota::admission::Reservation;
use crate::request::CompletionRequest;

/// Backends called for one request at most.
const MAX_ATTEMPTS: usize = 3;

/// Everything that calls of backends need.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) store: Store,
    pub(crate) balancer: Balancer,
    pub(crate) client: BackendClient,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) exchanges: Exchanges,
}

/// A backend's response that has begun, with the permit that is held until it is over.
pub(crate) struct OpenResponse<'a> {
    pub(crate) response: BackendResponse,
    pub(crate) permit: Permit,
    pub(crate) writes: PendingWrites<'a>,
}

/// No backend has responded.
#[derive(Debug)]
pub(crate) struct UpstreamError {
    /// The error for the client, of all failures together.
    pub(crate) error: ApiError,
    /// The last backend that was tried, if any.
    pub(crate) backend: Option<BackendId>,
}

impl Upstream {
    /// The response of the first backend that has one to be passed on.
    pub(crate) async fn open(
        &self,
        reservation: &Reservation,
        request: &CompletionRequest<'_>,
        deadlines: &Deadlines,
        downstream: &mut Downstream,
    ) -> Result<OpenResponse<'_>, UpstreamError> {
        let mut search = Search {
            upstream: self,
            reservation,
            request,
            deadlines,
            tried: Vec::new(),
            failures: Failures::default(),
            writes: PendingWrites::new(&self.store, self.exchanges.tasks()),
        };
        self.retry_budget.count_request();
        while let Some(candidate) = search.next() {
            match search.call(candidate.backend, downstream).await {
                Ok((response, permit)) => {
                    return Ok(OpenResponse {
                        response,
                        permit,
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
}

/// The search for a backend that responds.
struct Search<'a, 's> {
    upstream: &'a Upstream,
    reservation: &'s Reservation,
    request: &'s CompletionRequest<'s>,
    deadlines: &'s Deadlines,
    tried: Vec<&'s BackendId>,
    failures: Failures,
    writes: PendingWrites<'a>,
}

impl<'s> Search<'_, 's> {
    /// The backend to call next, if one more may be called.
    fn next(&mut self) -> Option<Candidate<'s>> {
        let calls = self.failures.calls();
        if self.failures.are_final() || calls >= MAX_ATTEMPTS || !self.deadlines.allow_attempt() {
            return None;
        }
        let candidate = self.upstream.balancer.choose(&self.reservation.grant, &self.tried)?;
        if calls > 0 && !self.upstream.retry_budget.take_retry() {
            return None;
        }
        self.tried.push(&candidate.backend.id);
        Some(candidate)
    }

    /// Calls one backend, if it has a permit left.
    async fn call(
        &mut self,
        backend: &Backend,
        downstream: &mut Downstream,
    ) -> Result<(BackendResponse, Permit), Failure> {
        let Upstream {
            store,
            balancer,
            client,
            exchanges,
            ..
        } = self.upstream;
        let permit = Permit::acquire(&balancer.pool, store, backend, self.deadlines)
            .await
            .map_err(Failure::not_sent)?;
        let mut permit = permit.ok_or_else(|| Failure::not_sent(none_available()))?;
        let called = tokio::select! {
            biased;
            () = downstream.disconnected() => Err(Failure::cancelled("the client has left")),
            () = exchanges.stop().cancelled() => Err(Failure::cancelled("the gateway is being stopped")),
            called = attempt(client, self.reservation, self.request, backend, self.deadlines) => called,
        };
        match called {
            Ok(response) => {
                if response.content.has_begun() {
                    permit.first_byte(&mut self.writes);
                }
                Ok((response, permit))
            }
            Err(failure) => {
                failure.log(&self.reservation.request.request_id, &backend.id);
                permit.release(failure.call_result(), &mut self.writes);
                Err(failure)
            }
        }
    }
}
