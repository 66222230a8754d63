//! Reasons why a command failed, said so that their reader knows what to do.

use std::path::PathBuf;

use service::outbound::{CallError, ClientError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HelperError {
    #[error("there is no folder for your settings: set HOME")]
    NoFolder,
    #[error("{path} cannot be used: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a file that this program or you could have written: {reason}", path = .path.display())]
    Content { path: PathBuf, reason: String },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{gateway} cannot be reached ({reason})")]
    Unreachable { gateway: String, reason: String },
    #[error("{gateway} answers {status}: {reason}")]
    Refused {
        gateway: String,
        status: u16,
        reason: String,
    },
    #[error("{0} lets nobody sign in: its administrator has to switch sign-ins on")]
    SwitchedOff(String),
    #[error("{gateway} is not what it says it is: {reason}")]
    Mistaken { gateway: String, reason: &'static str },
    #[error("you are not signed in at {gateway}: run `{login}`")]
    NotSignedIn { gateway: String, login: String },
    #[error("you are signed in nowhere: run `tidegate login URL`")]
    SignedInNowhere,
    #[error("the sign-in at {gateway} has ended: run `{login}`")]
    Ended { gateway: String, login: String },
    #[error("the sign-in was denied")]
    Denied,
    #[error("nobody has decided in time: begin again")]
    TooLate,
    #[error("the way back from the browser cannot be listened to: {0}")]
    Listen(std::io::Error),
    #[error("nothing was written: confirm with --yes")]
    NotConfirmed,
    #[error("`{program}` cannot be run: {reason}")]
    Program { program: &'static str, reason: String },
}

impl HelperError {
    /// The gateway could not be called, as coarsely as the client tells.
    pub(crate) fn unreachable(gateway: impl ToString, error: &CallError) -> Self {
        Self::Unreachable {
            gateway: gateway.to_string(),
            reason: error.class().name().to_owned(),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
