//! Failures of the parts behind a route, as errors for its caller.

use super::error::{ApiError, Code};
use crate::functions::FunctionError;
use crate::hasher::HasherError;
use crate::secrets::SecretsError;
use crate::secrets::key_ring::KeyRingError;
use crate::store::StoreError;
use domain::access::password::WeakPassword;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => ApiError::new(Code::Conflict, "this was changed by somebody else at the same time"),
            StoreError::SessionEnded => ApiError::unauthorized(),
            StoreError::Throttled | StoreError::Unavailable(_) => ApiError::new(
                Code::DependencyUnavailable,
                "the database cannot be reached at the moment",
            )
            .source(error),
            StoreError::Corrupt { .. } => ApiError::internal(error),
        }
    }
}

impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        ApiError::new(
            Code::DependencyUnavailable,
            "the secrets cannot be reached at the moment",
        )
        .source(error)
    }
}

impl From<FunctionError> for ApiError {
    fn from(error: FunctionError) -> Self {
        match error {
            FunctionError::Store(error) => error.into(),
            FunctionError::Invoke(_) | FunctionError::Json(_) => ApiError::new(
                Code::DependencyUnavailable,
                "a function of the gateway cannot be reached at the moment",
            )
            .source(error),
        }
    }
}

impl From<KeyRingError> for ApiError {
    /// Without a key nobody can be believed (promise 8).
    fn from(error: KeyRingError) -> Self {
        ApiError::new(Code::DependencyUnavailable, "sessions cannot be checked at the moment").source(error)
    }
}

impl From<WeakPassword> for ApiError {
    fn from(error: WeakPassword) -> Self {
        ApiError::new(Code::WeakPassword, error.to_string()).field("password")
    }
}

impl From<HasherError> for ApiError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => ApiError::new(Code::Overloaded, "too many passwords are being checked at the moment"),
            HasherError::Failed(_) | HasherError::Panicked(_) => ApiError::internal(error),
        }
    }
}
