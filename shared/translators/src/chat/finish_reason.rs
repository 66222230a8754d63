//! The finish reason of a choice, in the spellings of all servers (B4).

/// The finish reasons of chat, as far as they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    Natural,
    /// By the limit of tokens.
    Cut,
    WindowExceeded,
    Filtered,
    /// An error in place of a reason (B4.1).
    Failed,
    /// The backend gave up.
    Interrupted,
    Overloaded,
    /// A natural end all the same (B4.3).
    Unknown,
}

impl FinishReason {
    pub fn of(finish_reason: &str) -> Self {
        match finish_reason {
            "" | "stop" | "STOP" | "eos" | "end_turn" | "stop_sequence" | "pause_turn" | "compaction"
            | "tool_calls" | "tool_use" | "function_call" => Self::Natural,
            "length" | "max_tokens" | "MAX_TOKENS" | "model_length" => Self::Cut,
            "model_context_window_exceeded" => Self::WindowExceeded,
            "content_filter" | "sensitive" | "refusal" => Self::Filtered,
            "error" => Self::Failed,
            "network_error" | "abort" => Self::Interrupted,
            "insufficient_system_resource" => Self::Overloaded,
            _ => Self::Unknown,
        }
    }
}

/// True for a finish reason that nobody knows; the operator is told of it.
pub fn is_unknown(finish_reason: &str) -> bool {
    FinishReason::of(finish_reason) == FinishReason::Unknown
}

/// True for a finish reason that says that the backend failed (B4.1).
pub fn is_failure(finish_reason: &str) -> bool {
    FinishReason::of(finish_reason) == FinishReason::Failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b4_3_an_unknown_reason_is_known_as_one() {
        assert!(is_unknown("repetition_detected"));
        assert!(["stop", "", "length", "error"].iter().all(|known| !is_unknown(known)));
    }
}
