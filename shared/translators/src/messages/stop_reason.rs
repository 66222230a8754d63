//! The stop reason of a message, from chat's finish reason (§4.2): for whole responses and streams.

use crate::chat::finish_reason::FinishReason;
use crate::chat::tool_calls::CallsState;
use crate::error::BackendError;
use crate::messages::wire::message::StopReason;

/// The facts that decide the stop reason.
#[derive(Debug, Clone, Copy)]
pub struct StopFacts<'a> {
    pub finish_reason: Option<&'a str>,
    /// The stop sequence that the backend reports.
    pub matched_stop: Option<&'a str>,
    pub calls: CallsState,
    pub refused: bool,
}

/// The stop reason; the first rule that fits wins. A finish reason that is no stop is the backend's error.
pub fn stop_reason(facts: StopFacts<'_>, stop_sequences: &[String]) -> Result<StopReason, BackendError> {
    let finish_reason = facts.finish_reason.unwrap_or_default();
    let reason = FinishReason::of(finish_reason);
    match (reason, facts.calls) {
        (FinishReason::Failed, _) => return Err(BackendError::interrupted()),
        (FinishReason::Cut, _) => return Ok(StopReason::MaxTokens),
        (FinishReason::WindowExceeded, _) => return Ok(StopReason::ModelContextWindowExceeded),
        // Some servers end tool turns with `stop`, and agents then halt.
        (_, CallsState::Complete) => return Ok(StopReason::ToolUse),
        (FinishReason::Interrupted, _) => return Err(BackendError::interrupted()),
        (FinishReason::Overloaded, _) => return Err(BackendError::overloaded()),
        // Nobody should run half of a call, whatever the server says (B3.2).
        (_, CallsState::Cut) => return Ok(StopReason::MaxTokens),
        _ => {}
    }
    if facts.refused || reason == FinishReason::Filtered {
        return Ok(StopReason::Refusal);
    }
    let matched = facts
        .matched_stop
        .filter(|stop| stop_sequences.iter().any(|known| known == stop));
    if reason == FinishReason::Natural && matched.is_some() {
        return Ok(StopReason::StopSequence);
    }
    Ok(StopReason::EndTurn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(finish_reason: &str, calls: CallsState) -> Option<StopReason> {
        let facts = StopFacts {
            finish_reason: Some(finish_reason),
            matched_stop: None,
            calls,
            refused: false,
        };
        stop_reason(facts, &[]).ok()
    }

    #[test]
    fn s4_2_length_wins_over_calls() {
        assert_eq!(reason("length", CallsState::Complete), Some(StopReason::MaxTokens));
        assert_eq!(
            reason("model_context_window_exceeded", CallsState::Complete),
            Some(StopReason::ModelContextWindowExceeded)
        );
    }

    #[test]
    fn s4_2_calls_win_over_whatever_finish_reason_says() {
        for finish_reason in ["stop", "tool_calls", "content_filter", "eos", "abort"] {
            assert_eq!(reason(finish_reason, CallsState::Complete), Some(StopReason::ToolUse));
        }
    }

    #[test]
    fn s4_2_tool_calls_without_a_call_is_an_end_of_turn() {
        for finish_reason in ["tool_calls", "stop", "", "eos"] {
            assert_eq!(reason(finish_reason, CallsState::None), Some(StopReason::EndTurn));
        }
    }

    #[test]
    fn s4_2_filters_and_refusal_texts_are_refusals() {
        assert_eq!(reason("content_filter", CallsState::None), Some(StopReason::Refusal));
        assert_eq!(reason("sensitive", CallsState::None), Some(StopReason::Refusal));
        let facts = StopFacts {
            finish_reason: Some("stop"),
            matched_stop: None,
            calls: CallsState::None,
            refused: true,
        };
        assert_eq!(stop_reason(facts, &[]), Ok(StopReason::Refusal));
    }

    #[test]
    fn s4_2_a_matched_stop_counts_only_if_the_request_has_it() {
        let facts = |matched_stop| StopFacts {
            finish_reason: Some("stop"),
            matched_stop,
            calls: CallsState::None,
            refused: false,
        };
        let requested = ["END".to_owned()];
        assert_eq!(
            stop_reason(facts(Some("END")), &requested),
            Ok(StopReason::StopSequence)
        );
        assert_eq!(
            stop_reason(facts(Some("<|im_end|>")), &requested),
            Ok(StopReason::EndTurn)
        );
        assert_eq!(stop_reason(facts(None), &requested), Ok(StopReason::EndTurn));
    }

    #[test]
    fn s4_2_interruptions_are_errors() {
        let error = |finish_reason, calls| {
            let facts = StopFacts {
                finish_reason: Some(finish_reason),
                matched_stop: None,
                calls,
                refused: false,
            };
            stop_reason(facts, &[]).unwrap_err().status
        };
        assert_eq!(error("insufficient_system_resource", CallsState::None), 529);
        assert_eq!(error("network_error", CallsState::None), 502);
        assert_eq!(error("abort", CallsState::Cut), 502);
    }

    #[test]
    fn b3_2_a_cut_call_is_max_tokens_whatever_the_server_says() {
        for finish_reason in ["stop", "tool_calls", "content_filter", "eos", ""] {
            assert_eq!(reason(finish_reason, CallsState::Cut), Some(StopReason::MaxTokens));
        }
    }

    #[test]
    fn b4_1_error_is_an_error_also_with_whole_calls() {
        for calls in [CallsState::None, CallsState::Complete, CallsState::Cut] {
            assert_eq!(reason("error", calls), None);
        }
    }

    #[test]
    fn b4_2_every_word_for_the_limit_is_max_tokens() {
        for finish_reason in ["length", "max_tokens", "MAX_TOKENS", "model_length"] {
            assert_eq!(reason(finish_reason, CallsState::None), Some(StopReason::MaxTokens));
        }
    }

    #[test]
    fn b4_3_an_unknown_reason_is_a_natural_end() {
        assert_eq!(
            reason("repetition_detected", CallsState::None),
            Some(StopReason::EndTurn)
        );
    }
}
