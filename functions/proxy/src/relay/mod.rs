//! From the backend's bytes to the client's: passed on as they come, settled at the end.
//!
//! The client's answer ends only when the exchange is settled: Lambda freezes the process as soon as it is complete.

mod driver;
mod headers;
mod pump;

use axum::body::Body;
use domain::models::health::FailureClass;
use domain::models::usage::Outcome;
use http::StatusCode;

use self::driver::{Halt, Passage, passage};
use self::pump::Pump;
use crate::App;
use crate::deadlines::Times;
use crate::detached::Client;
use crate::quota::admission::Reservation;
use crate::quota::settlement::{self, Account};
use crate::response::convert::{Notes, Whole};
use crate::response::stream::Ended;
use crate::response::usage::Metered;
use crate::upstream::Upstream;
use crate::upstream::attempt::Content;
use crate::upstream::permit::Writes;
use crate::upstream::pool::CallResult;

/// What is found about a backend whose answer has broken off.
const INTERRUPTED: CallResult = CallResult::Failed {
    class: FailureClass::Interrupted,
    retry_after: None,
};

/// Passes the backend's answer on, and closes the books behind it.
pub(crate) async fn pass_on(app: &App, upstream: Upstream, reservation: Reservation, times: &Times, client: Client) {
    let Upstream {
        mut answer,
        hold,
        mut writes,
    } = upstream;
    let headers = headers::headers(app, &mut answer, hold.backend(), &reservation).await;
    let first_byte = Some(reservation.began.elapsed());
    let backend = Some(hold.backend().clone());
    let account = |outcome, metered, notes| Account {
        backend,
        status: StatusCode::OK,
        outcome,
        metered,
        first_byte,
        notes,
    };
    match answer.content {
        Content::Whole(Whole { body, metered, notes }) => {
            hold.end(app, Some(CallResult::Answered), &mut writes);
            close(app, writes, reservation, account(Outcome::Complete, metered, notes)).await;
            client.answer(Ok(headers::whole(body, headers)));
        }
        Content::Stream(begun) => {
            let (mut passage, body) = passage(Pump::new(*begun, app.limits), &app.limits);
            client.answer(Ok(headers::stream(Body::new(body), headers)));
            let Passed {
                metered,
                notes,
                outcome,
                verdict,
            } = passed(app, &mut passage, &reservation, times).await;
            hold.end(app, verdict, &mut writes);
            close(app, writes, reservation, account(outcome, metered, notes)).await;
            // The client's body ends here, when `passage` is gone.
            drop(passage);
        }
    }
}

/// Settles, and waits for what is written of the backend, both before the client's answer ends.
async fn close(app: &App, writes: Writes, reservation: Reservation, account: Account) {
    tokio::join!(settlement::settle(app, reservation, account), writes.done());
}

/// What a stream came to.
#[derive(Debug)]
struct Passed {
    metered: Metered,
    notes: Notes,
    outcome: Outcome,
    /// What it says about the backend, if anything.
    verdict: Option<CallResult>,
}

/// Waits until a stream is over, and ends it.
async fn passed(app: &App, passage: &mut Passage, reservation: &Reservation, times: &Times) -> Passed {
    let halt = passage.halted(&app.exchanges.stop, times.end).await;
    Passed::of(halt, passage.finish(halt, &reservation.request_id).await)
}

impl Passed {
    fn of(halt: Halt, ended: Option<Ended>) -> Self {
        let Some(Ended {
            metered,
            delivered,
            ending,
            notes,
            ..
        }) = ended
        else {
            return Self {
                metered: Metered::nothing(),
                notes: Notes::default(),
                outcome: Outcome::Failed,
                verdict: None,
            };
        };
        let (outcome, verdict) = match (halt, ending) {
            (Halt::Ended(_), Ok(())) => (Outcome::Complete, Some(CallResult::Answered)),
            (Halt::Ended(_), Err(_)) => (Outcome::CutShort, Some(INTERRUPTED)),
            (Halt::ClientGone, _) => (Outcome::ClientGone, delivered.then_some(CallResult::Answered)),
            (Halt::Stopped, _) => (Outcome::Stopped, delivered.then_some(CallResult::Answered)),
        };
        Self {
            metered,
            notes,
            outcome: if delivered { outcome } else { Outcome::Failed },
            verdict,
        }
    }
}

#[cfg(test)]
mod tests;
