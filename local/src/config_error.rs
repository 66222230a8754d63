//! Errors of the file of `--config`.

use std::path::PathBuf;

use domain::models::Email;
use service::store::StoreError;

/// The reason why a start with the file fails, before anything is made.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be applied: {why}", .path.display())]
pub struct ConfigError {
    pub(crate) path: PathBuf,
    pub(crate) why: Mistake,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Mistake {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("{0}")]
    Yaml(String),
    #[error("{0}: the environment has no such variable")]
    Variable(String),
    #[error("${{ must begin a variable, as in ${{NAME}}; $${{ stands for itself")]
    Form,
    #[error("{0}")]
    Refused(String),
    #[error("{0} is no active administrator; name one with --admin-email")]
    NoAdministrator(Email),
    #[error("the tables cannot be used: {0}")]
    Store(#[from] StoreError),
}
