//! The classes of failures of a backend, as coarse as callers may see them (promise 37).

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Its name has no address.
    Dns,
    /// No connection, or one that broke.
    Connect,
    Tls,
    Timeout,
    /// Its address may not be called (promise 33).
    ForbiddenAddress,
    /// Its key is not available.
    Secret,
    /// It refused the gateway's key.
    Credentials,
    /// The account behind the key is out of credit.
    Billing,
    /// It does not have the model.
    ModelMissing,
    RateLimited,
    /// It responded with another status than one of success.
    Status,
    /// Its response could not be read.
    Malformed,
    /// It broke off, stalled or became unreadable in the middle of a response.
    Interrupted,
    /// Of a version of the gateway that knows more.
    #[serde(other)]
    Other,
}

impl FailureClass {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::ForbiddenAddress => "forbidden_address",
            Self::Secret => "secret",
            Self::Credentials => "credentials",
            Self::Billing => "billing",
            Self::ModelMissing => "model_missing",
            Self::RateLimited => "rate_limited",
            Self::Status => "status",
            Self::Malformed => "malformed",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }

    /// True if only an operator can mend it, so that a few refusals are enough evidence (B6.5).
    pub fn is_operators(self) -> bool {
        matches!(
            self,
            Self::Credentials | Self::Billing | Self::ModelMissing | Self::Secret | Self::ForbiddenAddress
        )
    }

    /// True if a backend can say for how long it wants to be left alone.
    pub(super) fn may_ask_for_rest(self) -> bool {
        matches!(self, Self::RateLimited | Self::Status | Self::Timeout)
    }
}
