//! Errors of a start, for the person at the terminal: each with the path, the address or the option that it is about.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use auth::bootstrap::BootstrapError;
use dynoxide::DynoxideError;
use service::outbound::ClientError;
use service::secrets::SecretsError;
use service::store::StoreError;

use crate::config_error::ConfigError;
use crate::demo_error::DemoError;

/// The reason why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no folder for data on this system; name one with --data (DATA)")]
    NoFolder,
    #[error("another gateway uses the data in {}", .0.display())]
    InUse(PathBuf),
    #[error(
        "{} must be a plain file or folder that only its owner can read: chmod -R go= the folder of the data",
        .0.display()
    )]
    NotPrivate(PathBuf),
    #[error("{} cannot be used as the folder of the data (--data, DATA): {}", .path.display(), Plainly(.why))]
    Folder { path: PathBuf, why: io::Error },
    #[error(
        "{} is {state}, and is left as it is: restore it from a backup, or name another folder with --data",
        .path.display()
    )]
    Database { path: PathBuf, state: DatabaseState },
    #[error("{} cannot be read as secrets, and is left as it is: restore it from a backup", .0.display())]
    SecretsFile(PathBuf),
    #[error("the gateway cannot listen on {address} ({option}): {}", Plainly(.why))]
    Listen {
        address: SocketAddr,
        /// The option and its variable.
        option: &'static str,
        why: io::Error,
    },
    #[error("the database listens on this machine alone, not on {0} (--dynamodb-listen)")]
    DatabaseForOthers(SocketAddr),
    #[error("no AWS region: set AWS_REGION")]
    NoRegion,
    #[error("no AWS credentials: not in the environment, a profile, or of this container or instance")]
    NoCredentials,
    #[error("the system refuses: {}", Plainly(.0))]
    Io(#[from] io::Error),
    #[error("the database cannot be opened")]
    Open(#[from] DynoxideError),
    #[error("the tables cannot be used")]
    Store(#[from] StoreError),
    #[error("the secrets cannot be used")]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the first administrator cannot be made")]
    Bootstrap(#[from] BootstrapError),
    #[error("there is no demo")]
    Demo(#[from] DemoError),
    #[error("there is no administrator yet: start the gateway without --reset-admin")]
    NoAdmin,
}

/// The fault of a file that should be the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// Gone, though the secrets beside it say that there was an installation.
    Missing,
    Empty,
    Damaged,
    /// Written by a later release.
    Newer,
}

impl fmt::Display for DatabaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing beside the secrets of its installation",
            Self::Empty => "empty beside the secrets of its installation",
            Self::Damaged => "damaged, or no database of this gateway",
            Self::Newer => "of a newer version of the gateway",
        })
    }
}

impl StartError {
    /// The error of what was done to the folder `path` or a file in it.
    pub(crate) fn folder(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |why| Self::Folder {
            path: path.to_owned(),
            why,
        }
    }

    pub(crate) fn database(path: &Path, state: DatabaseState) -> Self {
        Self::Database {
            path: path.to_owned(),
            state,
        }
    }
}

/// An error of the system as a person would say it.
struct Plainly<'a>(&'a io::Error);

impl fmt::Display for Plainly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind() {
            io::ErrorKind::AddrInUse => "another program listens there",
            io::ErrorKind::AddrNotAvailable => "this machine does not have the address",
            io::ErrorKind::PermissionDenied => "permission denied",
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is no folder",
            io::ErrorKind::NotFound => "it does not exist",
            io::ErrorKind::StorageFull => "the disk is full",
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
            _ => return self.0.fmt(f),
        })
    }
}
