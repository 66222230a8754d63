//! What can go wrong between us and `DynamoDB`. The SDK's own error types end here.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};

/// A store operation that was not done. A condition that failed as the business expects is a value, not an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer was faster, again and again.
    #[error("the item was changed by another writer")]
    Conflict,
    /// The session that the change was made with has ended.
    #[error("the session has ended")]
    SessionEnded,
    #[error("the store is throttling")]
    Throttled,
    #[error("the store cannot be used")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a stored {entity} cannot be read")]
    Corrupt {
        entity: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        match code {
            Some(
                "ConditionalCheckFailedException" | "TransactionConflictException" | "TransactionCanceledException",
            ) => Self::Conflict,
            Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
                Self::Throttled
            }
            _ => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
