//! Reasons why a demo cannot be made, for the person at the terminal.

use std::path::PathBuf;

use domain::models::{EmailError, TextError};
use service::hasher::HasherError;
use service::store::StoreError;

/// The reason why a demo cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{} has something in it: name an empty folder with --data, or start without --demo", .0.display())]
    NotEmpty(PathBuf),
    #[error("its data is in memory or in a folder, not in DynamoDB (--store)")]
    NotHere,
    #[error("{0} cannot be made")]
    Refused(&'static str),
    #[error("its configuration is refused: {0}")]
    Configuration(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hasher(#[from] HasherError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Email(#[from] EmailError),
}
