//! What the relay of a response came to: for the settlement, and for the health of the backend. Pure.

use domain::models::health::FailureClass;
use domain::models::usage::Outcome;
use service::http::Code;

use super::driver::Halt;
use crate::response::outcome::{StreamEnding, TranslationLog};
use crate::response::usage::UsageReport;
use crate::upstream::pool::CallResult;

#[derive(Debug)]
pub(super) struct RelayResult {
    pub(super) usage: UsageReport,
    pub(super) translation: TranslationLog,
    pub(super) outcome: Outcome,
    /// `None` if it says nothing about the backend.
    pub(super) call: Option<CallResult>,
    /// The code of the error that the client got; `None` for a client that has left.
    pub(super) code: Option<Code>,
}

impl RelayResult {
    /// Of a response that is not streamed.
    pub(super) fn complete(usage: UsageReport, translation: TranslationLog) -> Self {
        Self {
            usage,
            translation,
            outcome: Outcome::Complete,
            call: Some(CallResult::Responded),
            code: None,
        }
    }

    pub(super) fn of_stream(halt: Halt, ending: Option<StreamEnding>) -> Self {
        let Some(StreamEnding {
            usage,
            delivered,
            result,
            translation,
            ..
        }) = ending
        else {
            return Self {
                usage: UsageReport::zero(),
                translation: TranslationLog::default(),
                outcome: Outcome::Failed,
                call: None,
                code: None,
            };
        };
        let code = result
            .as_ref()
            .err()
            .filter(|_| halt != Halt::ClientGone)
            .map(Code::from);
        let (outcome, call) = match (halt, result) {
            (Halt::Ended(_), Ok(())) => (Outcome::Complete, Some(CallResult::Responded)),
            (Halt::Ended(_), Err(_)) => (Outcome::CutShort, Some(CallResult::failed(FailureClass::Interrupted))),
            (Halt::ClientGone, _) => (Outcome::ClientGone, delivered.then_some(CallResult::Responded)),
            (Halt::Stopped, _) => (Outcome::Stopped, delivered.then_some(CallResult::Responded)),
        };
        Self {
            usage,
            translation,
            outcome: if delivered { outcome } else { Outcome::Failed },
            call,
            code,
        }
    }
}
