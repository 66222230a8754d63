//! From a reservation to the response of a backend: one backend after the other, until one has sent its first byte
//! (promises 52 and 53).

use std::time::{Duration, Instant};

use domain::models::BackendId;
use domain::models::catalog::Backend;
use domain::models::circumstances::BackendCall;
use domain::models::health::CallerMark;
use http::HeaderValue;
use service::http::ApiError;
use service::http::caller::ApiCaller;
use service::store::Store;

use super::attempt::Attempt;
use super::balance::Balancer;
use super::candidate::Candidate;
use super::client::BackendClient;
use super::failure::{Failure, Failures, Fault, none_available};
use super::permit::{PendingWrites, Permit};
use super::pool::CallResult;
use super::response::BackendResponse;
use super::retry_budget::RetryBudget;
use crate::deadlines::Deadlines;
use crate::detached::Exchanges;
use crate::downstream::ClientState;
use crate::quota::admission::Reservation;
use crate::request::{CompletionRequest, ConversationKey};

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
    /// All calls, unless the first one succeeded.
    pub(crate) calls: Vec<BackendCall>,
}

/// No backend has responded.
#[derive(Debug)]
pub(crate) struct UpstreamError {
    /// The error for the client, of all failures together.
    pub(crate) error: ApiError,
    /// The last backend that was tried, if any.
    pub(crate) backend: Option<BackendId>,
    /// True if the client left while that backend was at work.
    pub(crate) client_left: bool,
    pub(crate) calls: Vec<BackendCall>,
}

impl Upstream {
    /// The response of the first backend that has one to be passed on.
    pub(crate) async fn open(
        &self,
        reservation: &Reservation,
        request: &CompletionRequest<'_>,
        deadlines: &Deadlines,
        client_state: &ClientState,
    ) -> Result<OpenResponse<'_>, UpstreamError> {
        let mut search = Search {
            upstream: self,
            reservation,
            request,
            deadlines,
            client_state,
            caller: CallerMark::from(&reservation.request.user),
            conversation: None,
            tried: Vec::new(),
            calls: Vec::new(),
            failures: Failures::default(),
            unclear: None,
            client_left: false,
            writes: PendingWrites::new(&self.store, self.exchanges.tasks()),
        };
        self.retry_budget.count_request();
        while let Some(candidate) = search.next() {
            match search.call(candidate.backend).await {
                Ok((response, permit)) => {
                    search.judge_unclear(Verdict::Served);
                    return Ok(OpenResponse {
                        response,
                        permit,
                        writes: search.writes,
                        calls: search.calls,
                    });
                }
                Err(failure) => search.add(failure, candidate),
            }
        }
        search.judge_unclear(Verdict::Unknown);
        search.writes.done().await;
        Err(UpstreamError {
            backend: search.tried.last().map(|id| BackendId::clone(id)),
            error: search.failures.into_error(),
            client_left: search.client_left,
            calls: search.calls,
        })
    }
}

/// The search for a backend that responds.
struct Search<'a, 's> {
    upstream: &'a Upstream,
    reservation: &'s Reservation,
    request: &'s CompletionRequest<'s>,
    deadlines: &'s Deadlines,
    client_state: &'s ClientState,
    caller: CallerMark,
    /// The conversation's key, once it has been looked at.
    conversation: Option<Option<ConversationKey>>,
    tried: Vec<&'s BackendId>,
    calls: Vec<BackendCall>,
    failures: Failures,
    /// The call of a backend that refused without saying whom it means, and its result if it means the gateway.
    unclear: Option<(Permit, CallResult)>,
    client_left: bool,
    writes: PendingWrites<'a>,
}

/// What became of a request behind an unclear refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Another backend served it: the one that refused means the gateway.
    Served,
    /// Another backend refused it too, so that it is the request's fault.
    Refused,
    Unknown,
}

impl<'s> Search<'_, 's> {
    /// The backend to call next, if one more may be called.
    fn next(&mut self) -> Option<Candidate<'s>> {
        let calls = self.failures.calls();
        if self.failures.are_final() || calls >= MAX_ATTEMPTS || !self.deadlines.allow_attempt() {
            return None;
        }
        let grant = &self.reservation.grant;
        let (request, known) = (self.request, &mut self.conversation);
        let conversation = || *known.get_or_insert_with(|| key_of(request, &grant.caller));
        let candidate = self.upstream.balancer.choose(grant, &self.tried, conversation)?;
        if calls > 0 && !self.upstream.retry_budget.take_retry() {
            return None;
        }
        self.tried.push(&candidate.backend.id);
        Some(candidate)
    }

    /// Adds a failure of `candidate`, with the time for which that is out by now.
    fn add(&mut self, failure: Failure, candidate: Candidate<'_>) {
        if failure.fault == Fault::Request {
            self.judge_unclear(Verdict::Refused);
        }
        let Balancer { pool, clock, .. } = &self.upstream.balancer;
        let back_in = pool.ejected_for(candidate.backend, clock.now());
        self.failures.add(failure, !candidate.usable, back_in);
    }

    /// Ends the call of a backend whose refusal was unclear.
    fn judge_unclear(&mut self, verdict: Verdict) {
        if let Some((permit, result)) = self.unclear.take() {
            let result = match verdict {
                Verdict::Served => Some(result),
                Verdict::Refused => Some(CallResult::Responded),
                Verdict::Unknown => None,
            };
            permit.release(result, &mut self.writes);
        }
    }

    /// Calls one backend, if it has a permit left.
    async fn call(&mut self, backend: &Backend) -> Result<(BackendResponse, Permit), Failure> {
        let Upstream {
            store,
            balancer,
            client,
            exchanges,
            ..
        } = self.upstream;
        let permit = Permit::acquire(&balancer.pool, store, backend, self.caller)
            .await
            .map_err(Failure::not_sent)?;
        let mut permit = permit.ok_or_else(|| Failure::not_sent(none_available()))?;
        let attempt = Attempt {
            client,
            reservation: self.reservation,
            request: self.request,
            backend,
            deadlines: self.deadlines,
            client_state: self.client_state,
        };
        let began = Instant::now();
        let called = tokio::select! {
            biased;
            () = self.client_state.left() => Err(Failure::client_left()),
            () = exchanges.stop().cancelled() => Err(Failure::stopped()),
            never = permit.held(store) => match never {},
            called = attempt.run() => called,
        };
        self.note(&backend.id, began.elapsed(), called.as_ref().err());
        match called {
            Ok(response) => {
                permit.first_byte(&mut self.writes);
                Ok((response, permit))
            }
            Err(failure) => {
                self.release(permit, &failure);
                Err(failure)
            }
        }
    }

    /// Notes a call for the record of the request, unless it is the first one and succeeded.
    fn note(&mut self, backend: &BackendId, time: Duration, failure: Option<&Failure>) {
        if failure.is_some() || !self.calls.is_empty() {
            self.calls.push(BackendCall {
                backend: backend.clone(),
                result: failure.map_or("ok", Failure::name).to_owned(),
                ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            });
        }
    }

    /// Ends a call that failed. What an unclear refusal says of the backend turns out later.
    fn release(&mut self, permit: Permit, failure: &Failure) {
        failure.log(&self.reservation.request.request_id, permit.backend());
        self.client_left |= failure.fault == Fault::ClientLeft;
        if failure.fault == Fault::Unclear {
            self.judge_unclear(Verdict::Refused);
            self.unclear = Some((permit, failure.blamed_result()));
        } else {
            permit.release(failure.call_result(), &mut self.writes);
        }
    }
}

/// The key of the conversation that `caller` goes on with.
fn key_of(request: &CompletionRequest<'_>, caller: &ApiCaller) -> Option<ConversationKey> {
    let session_id = caller.conversation.as_ref().map(HeaderValue::as_bytes);
    request.conversation(session_id, caller.user.id.as_str())
}
