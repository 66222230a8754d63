//! Reasons for which requests of known callers are refused before any backend is called.

/// Reasons that are counted. Their places in [`RefusalReason::ALL`] are stored: no reason takes that of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    RateLimitExceeded,
    InsufficientQuota,
    ConcurrencyLimitExceeded,
    OutsideAvailableHours,
    ModelNotFound,
    ModelNotSupported,
    NoPolicy,
    /// The prompt is longer than the model's window.
    ContextLengthExceeded,
    /// The request has a mistake.
    InvalidRequest,
    Other,
}

impl RefusalReason {
    pub const ALL: [Self; 10] = [
        Self::RateLimitExceeded,
        Self::InsufficientQuota,
        Self::ConcurrencyLimitExceeded,
        Self::OutsideAvailableHours,
        Self::ModelNotFound,
        Self::ModelNotSupported,
        Self::NoPolicy,
        Self::ContextLengthExceeded,
        Self::InvalidRequest,
        Self::Other,
    ];

    /// The reason of an error with this status and code (docs/api.md §8).
    pub fn of(status: u16, code: &str) -> Self {
        let named = Self::ALL.into_iter().find(|reason| reason.name() == code);
        named.unwrap_or(if status == 400 {
            Self::InvalidRequest
        } else {
            Self::Other
        })
    }

    /// The error's code where there is one for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimitExceeded => "rate_limit_exceeded",
            Self::InsufficientQuota => "insufficient_quota",
            Self::ConcurrencyLimitExceeded => "concurrency_limit_exceeded",
            Self::OutsideAvailableHours => "outside_available_hours",
            Self::ModelNotFound => "model_not_found",
            Self::ModelNotSupported => "model_not_supported",
            Self::NoPolicy => "no_policy",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::InvalidRequest => "invalid_request",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g13_reasons_are_named_as_the_errors_are() {
        for (status, code, name) in [
            (429, "insufficient_quota", "insufficient_quota"),
            (404, "model_not_found", "model_not_found"),
            (400, "invalid_json", "invalid_request"),
            (413, "request_too_large", "other"),
        ] {
            assert_eq!(RefusalReason::of(status, code).name(), name);
        }
        for (place, reason) in RefusalReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
        }
    }
}
