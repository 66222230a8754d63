//! The sockets' side of a response: it is passed on as it arrives, and settled at its end.
//!
//! The client's response ends only after the settlement: Lambda freezes the process once the response is complete.

mod driver;
pub(crate) mod headers;
mod pump;
mod result;

use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use service::store::Store;
use tokio_util::sync::CancellationToken;

use self::driver::drive;
use self::pump::Pump;
use self::result::RelayResult;
use crate::deadlines::Deadlines;
use crate::downstream::Downstream;
use crate::limits::Limits;
use crate::quota::admission::Reservation;
use crate::quota::settlement::{Settlement, settle};
use crate::quota::usage_writer::UsageWriter;
use crate::response::outcome::FullResponse;
use crate::stored::{Storing, kept};
use crate::upstream::failover::OpenResponse;
use crate::upstream::permit::{PendingWrites, Permit};
use crate::upstream::response::Content;

/// The parts of the gateway that a response needs on its way to the client.
pub(crate) struct Relay<'a> {
    pub(crate) store: &'a Store,
    pub(crate) usage_writer: &'a UsageWriter,
    pub(crate) limits: &'a Limits,
    pub(crate) stop: &'a CancellationToken,
}

impl Relay<'_> {
    /// Passes a backend's response on, and settles it.
    pub(crate) async fn pass_on(
        &self,
        upstream: OpenResponse<'_>,
        mut reservation: Reservation,
        (deadlines, storing): (&Deadlines, Option<Storing>),
        downstream: Downstream,
    ) {
        let OpenResponse {
            mut response,
            mut permit,
            writes,
            calls,
        } = upstream;
        reservation.calls = calls;
        let headers = headers::headers(self.store, &mut response, permit.backend(), &reservation).await;
        let first_byte = reservation.began.elapsed();
        match response.content {
            Content::Full(full) => {
                let FullResponse {
                    body,
                    usage,
                    translation,
                } = *full;
                let result = RelayResult::complete(usage, translation);
                let closed = self.close(permit, writes, reservation, first_byte, result);
                let (body, ()) = tokio::join!(kept(storing, body), closed);
                downstream.respond(headers::json(body.into(), headers));
            }
            Content::Stream(started) => {
                let is_json = started.stream.is_json();
                let (mut driver, body) = drive(Pump::new(*started, *self.limits, response.idle), self.limits);
                let head = if is_json { headers::json } else { headers::stream };
                downstream.stream(Body::new(body), |body| head(body, headers));
                let halt = tokio::select! {
                    biased;
                    halt = driver.halted(self.stop, deadlines.end) => halt,
                    never = permit.held(self.store) => match never {},
                };
                let (ending, last) = driver.finish(halt, &reservation.request.request_id, storing).await;
                let result = RelayResult::of_stream(halt, ending);
                let closed = self.close(permit, writes, reservation, first_byte, result);
                tokio::join!(driver.send_last(last), closed);
                // The client's body ends here.
                drop(driver);
            }
        }
    }

    /// Gives the permit back and settles. Waits for both, since the client's response ends afterwards.
    async fn close(
        &self,
        permit: Permit,
        mut writes: PendingWrites<'_>,
        reservation: Reservation,
        first_byte: Duration,
        result: RelayResult,
    ) {
        let settlement = Settlement {
            backend: Some(permit.backend().clone()),
            status: StatusCode::OK,
            outcome: result.outcome,
            usage: result.usage,
            first_byte: Some(first_byte),
            translation: result.translation,
            code: result.code,
        };
        permit.release(result.call, &mut writes);
        tokio::join!(
            settle(self.store, self.usage_writer, reservation, settlement),
            writes.done()
        );
    }
}

#[cfg(test)]
mod tests;
