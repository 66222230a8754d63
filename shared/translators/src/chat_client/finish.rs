//! The finish reason of a completion (O31).

use crate::chat::tool_calls::CallsState;
use crate::context::ResponseContext;
use crate::error::BackendError;
use crate::messages::stop_reason::{StopFacts, stop_reason};
use crate::messages::wire::message::StopReason;
use crate::stream::Finish;

/// The finish reason; a reason that is no end is the backend's error. `refused` if there is a refusal's text.
pub(super) fn finish_reason(finish: &Finish, calls: CallsState, refused: bool) -> Result<&'static str, BackendError> {
    let facts = StopFacts {
        finish_reason: finish.finish_reason.as_deref(),
        matched_stop: None,
        calls,
        refused,
    };
    Ok(match stop_reason(facts, &[])? {
        StopReason::ToolUse => "tool_calls",
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => "length",
        StopReason::Refusal => "content_filter",
        StopReason::EndTurn | StopReason::StopSequence => "stop",
    })
}

/// A fresh id of a completion.
pub(super) fn new_id(random: &mut dyn FnMut() -> String) -> String {
    format!("chatcmpl-{}", random())
}

/// What the client of a completion is told besides its content.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) model: String,
}

impl Head {
    pub(super) fn of(context: &mut ResponseContext, random: &mut dyn FnMut() -> String) -> Self {
        Self {
            id: new_id(random),
            created: context.created,
            model: std::mem::take(&mut context.model),
        }
    }
}
