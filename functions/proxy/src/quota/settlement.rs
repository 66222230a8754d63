//! Settlement: the usage of an admitted request is recorded once, however the request ended.

use std::time::Duration;

use domain::access::quota::StoredReservation;
use domain::models::BackendId;
use domain::models::circumstances::{BackendCall, Circumstances};
use domain::models::price::Details;
use domain::models::tokens::Tokens;
use domain::models::usage::{Outcome, UsageRecord};
use http::StatusCode;
use service::http::Code;
use service::http::caller::ApiCaller;
use service::http::trace::TraceContext;
use service::store::Store;
use translators::usage::{Breakdown, Usage};

use super::admission::Reservation;
use super::demand::price_tier;
use super::usage_writer::UsageWriter;
use crate::grant::Grant;
use crate::response::outcome::TranslationLog;
use crate::response::usage::UsageReport;

/// Time for a settlement with its retries: what an exchange leaves of its invocation (promise 49).
const TIMEOUT: Duration = Duration::from_secs(20);
/// Pause between two tries. The store retries by itself within each.
const PAUSE: Duration = Duration::from_millis(500);

/// What an exchange came to.
#[derive(Debug)]
pub(crate) struct Settlement {
    /// The backend that responded, or the last one that was called.
    pub(crate) backend: Option<BackendId>,
    pub(crate) status: StatusCode,
    pub(crate) outcome: Outcome,
    pub(crate) usage: UsageReport,
    /// From the request to the first byte of the response.
    pub(crate) first_byte: Option<Duration>,
    pub(crate) translation: TranslationLog,
    /// The code of the error that the client got.
    pub(crate) code: Option<Code>,
}

/// Settles a request that delivered something, and logs it.
pub(crate) async fn settle(store: &Store, writer: &UsageWriter, reservation: Reservation, settlement: Settlement) {
    let ended = Ended::new(reservation, &settlement);
    log(&ended, &settlement.translation);
    ended.write(store, writer).await;
}

/// How a request ended that delivered nothing of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The client got an error with this status, which the edge logs.
    Refused(StatusCode),
    /// The client got an error event in a response that had begun without a backend.
    Begun,
    /// The client left while a backend was at work, so that the prompt is paid for (B7.5).
    ClientLeft,
}

/// Settles a request that delivered nothing (promise 42).
pub(crate) async fn release(
    store: &Store,
    writer: &UsageWriter,
    reservation: Reservation,
    end: Undelivered,
    (backend, code): (Option<BackendId>, Code),
) {
    let (status, outcome, usage) = match end {
        Undelivered::Refused(status) => (status, Outcome::Failed, UsageReport::zero()),
        Undelivered::Begun => (StatusCode::OK, Outcome::Failed, UsageReport::zero()),
        Undelivered::ClientLeft => {
            let prompt = Usage::estimate(reservation.input_estimate, 0);
            (
                client_closed_request(),
                Outcome::ClientGone,
                UsageReport::Estimated(prompt),
            )
        }
    };
    let settlement = Settlement {
        backend,
        status,
        outcome,
        usage,
        first_byte: None,
        translation: TranslationLog::default(),
        code: (end != Undelivered::ClientLeft).then_some(code),
    };
    let ended = Ended::new(reservation, &settlement);
    if !matches!(end, Undelivered::Refused(_)) {
        log(&ended, &settlement.translation);
    }
    ended.write(store, writer).await;
}

/// The status of a request whose client got none, as nginx has it.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// The parts of a reservation once it is over.
struct Ended {
    record: UsageRecord,
    stored: Option<StoredReservation>,
    caller: ApiCaller,
}

impl Ended {
    fn new(reservation: Reservation, settlement: &Settlement) -> Self {
        let tokens = reservation.tokens(settlement.usage);
        let prices = reservation.grant.entry.model.price_at(reservation.request.at);
        let cost = prices.cost(tokens, &reservation.details(settlement.usage));
        let price = prices.name();
        let circumstances = circumstances(&reservation.grant, reservation.calls, settlement.code);
        let record = UsageRecord {
            id: reservation.id,
            request: reservation.request,
            backend: settlement.backend.clone(),
            status: settlement.status.as_u16(),
            outcome: settlement.outcome,
            tokens,
            estimated: settlement.usage.is_estimated(),
            cost,
            price,
            duration_ms: millis(reservation.began.elapsed()),
            first_byte_ms: settlement.first_byte.map(millis),
            circumstances,
        };
        Self {
            record,
            stored: reservation.stored,
            caller: reservation.grant.caller,
        }
    }

    /// Writes the record, together with the end of what the meter holds if it holds anything.
    async fn write(self, store: &Store, writer: &UsageWriter) {
        match &self.stored {
            // Boxed like all calls of the store: a rare path must not enlarge the future of every exchange.
            Some(stored) => Box::pin(end_reservation(store, stored, &self.record)).await,
            None => writer.write(self.record).await,
        }
        writer.write_tallies().await;
    }
}

/// The facts of the request that support asks for.
fn circumstances(grant: &Grant, calls: Vec<BackendCall>, code: Option<Code>) -> Circumstances {
    let ApiCaller { user, key, .. } = &grant.caller;
    Circumstances {
        user_name: Some(user.name.clone()),
        user_email: Some(user.email.clone()),
        key_prefix: Some(key.key_prefix.clone()),
        policy: Some(grant.policy.name.clone()),
        asked_model: grant.asked_model.as_deref().map(str::to_owned),
        code: code.map(|code| code.api_name().to_owned()),
        attempts: calls,
    }
}

/// A reservation that cannot be settled in time is left to the janitor (docs/api.md §9).
async fn end_reservation(store: &Store, stored: &StoredReservation, record: &UsageRecord) {
    let settling = async {
        while let Err(error) = store.settle(stored, record).await {
            tracing::warn!(request.id = %record.request.request_id, %error, "not settled yet");
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(TIMEOUT, settling).await.is_err() {
        let request = &record.request;
        tracing::error!(request.id = %request.request_id, user.id = %request.user, "left to the janitor");
    }
}

impl Reservation {
    fn tokens(&self, report: UsageReport) -> Tokens {
        // Every field is named on both sides, so that no count can be lost in between.
        let Usage {
            input,
            cached_input,
            cache_write,
            cache_write_1h,
            output,
            reasoning,
            breakdown: _,
        } = report.usage(self.input_estimate);
        let tokens = Tokens {
            input,
            cached_input,
            cache_write,
            cache_write_1h,
            output,
            reasoning: reasoning.unwrap_or_default(),
        };
        self.within_reserved(tokens.bounded(), report)
    }

    /// The facts that prices depend on, beside the tokens.
    fn details(&self, report: UsageReport) -> Details {
        let Usage {
            reasoning,
            breakdown:
                Breakdown {
                    cache_write_5m,
                    audio_input,
                    audio_output,
                    tier,
                },
            ..
        } = report.usage(self.input_estimate);
        Details {
            cache_write_5m,
            audio_input,
            audio_output,
            tells_reasoning: reasoning.is_some(),
            asked_tier: self.asked_tier,
            told_tier: tier.map(price_tier),
        }
    }

    /// An estimate never exceeds what was reserved (promise 44); what a backend reports may.
    fn within_reserved(&self, tokens: Tokens, report: UsageReport) -> Tokens {
        match &self.stored {
            Some(stored) if report.is_estimated() && self.limits.counts_tokens() => Tokens {
                input: tokens.input.min(stored.input_tokens),
                output: tokens.output.min(stored.output_tokens),
                ..tokens
            }
            .bounded(),
            Some(_) | None => tokens,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn log(Ended { record, caller, .. }: &Ended, translation: &TranslationLog) {
    let request = &record.request;
    tracing::info!(
        request.id = %request.request_id,
        trace.id = caller.trace.as_ref().map(TraceContext::trace_id),
        key.id = %request.key,
        user.id = %request.user,
        model = %request.model,
        backend = record.backend.as_ref().map(BackendId::as_str),
        tokens.input = record.tokens.input,
        tokens.output = record.tokens.output,
        tokens.cache_write = record.tokens.cache_write,
        tokens.cache_write_1h = record.tokens.cache_write_1h,
        cost_usd = record.cost.usd(),
        status = record.status,
        duration_ms = record.duration_ms,
        first_byte_ms = record.first_byte_ms,
        outcome = ?record.outcome,
        client.address = caller.address.map(tracing::field::display),
        upstream.id = translation.upstream_id,
        nameless_calls = translation.nameless_calls,
        repairs = translation.repairs.told(),
        "exchange"
    );
}
